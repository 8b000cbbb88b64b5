/**
 * A graph that draws whole programs where the model runs: one pass reads the prompts, and then each round of a loop draws a
 * token for every row and runs it. What rows have seen never leaves the device, and the host hears of the tokens at the end. A
 * trained head's change of the logits is part of it, and so is what its update must know of each token (`policy/token/trace.ts`).
 *
 * Inputs: `tokens`, `positions`, `valid` and `prefix.N.*` as of the decoder's graph (`graph.ts`), prompts padded at their
 * left; `rounds`, how many tokens at most; `uniforms` [rounds, batch]; `temperature`; `ends` [vocabulary], 1 for tokens that end
 * a row: the loop is over when all rows have; the head: `subset` [S], `others` [vocabulary] (0 for the subset, else 1), `mean` and
 * `spread` [width] (x = (hidden - mean) * spread), `A` [rank, width], `B` [S, rank], `bias` [S]. Outputs, a line a token:
 * `ids`, `logProb`, `outside` (log-probability of the token without the head), `logRest`, `restEntropy` [rounds, batch];
 * `base` [rounds, batch, S]; `hidden` [rounds, batch, width].
 *
 * With `adaptedBlocks` the adapters of the last blocks are inputs as of the decoder's graph, and `entering` [batch, length + rounds - 1,
 * width] is an output: what entered the first of these blocks, of every position that was run.
 */

import { declareAdapters } from "./adapter.ts";
import type { FindWeight } from "./architectures/types.ts";
import { addFusedPass, canFuse } from "./fused-pass.ts";
import { addPass, type PassNames } from "./graph.ts";
import { createGraph, type GraphBuilder, type GraphParts, type InnerBuilder } from "./onnx.ts";
import type { ModelConfig } from "./types.ts";

/**
 * The graph that draws. Reads no weight yet; its weights are those of the decoder's graph, in the same order. With `fused` the
 * pass is made of few operations where the model's family has such a pass (`fused-pass.ts`).
 */
export function drawGraph(
  config: ModelConfig,
  weight: FindWeight,
  { fused, adaptedBlocks }: { fused: boolean; adaptedBlocks: number },
): GraphBuilder {
  const g = createGraph("draw", 23);
  const { layers, kvHeads, headWidth, width, vocabulary } = config;
  const kinds = Array.from({ length: layers }, (_, i) => [`${i}.key`, `${i}.value`]).flat();
  for (const name of ["tokens", "positions"]) g.input(name, "int64", ["batch", "length"]);
  g.input("valid", "int64", ["batch", "total"]);
  for (const name of kinds) g.input(`prefix.${name}`, "float32", [kvHeads, "prefix", headWidth]);
  g.input("rounds", "int64", []);
  g.input("uniforms", "float32", ["rounds", "batch"]);
  g.input("temperature", "float32", []);
  g.input("ends", "float32", [vocabulary]);
  g.input("subset", "int64", ["subset"]);
  g.input("others", "float32", [vocabulary]);
  for (const name of ["mean", "spread"]) g.input(name, "float32", [width]);
  g.input("A", "float32", ["rank", width]);
  g.input("B", "float32", ["subset", "rank"]);
  g.input("bias", "float32", ["subset"]);
  const isAdapted = adaptedBlocks > 0;
  if (isAdapted) declareAdapters(g, config, adaptedBlocks);

  const isFused = fused && canFuse(config);
  const body = g.inner("round");
  const lines = addRound(body, config, weight, { kinds, isFused, adaptedBlocks });
  const batch = g.op("Shape", ["tokens"], { start: { int: 0 }, end: { int: 1 } });
  const withBatch = (shape: string) => g.op("Concat", [batch, shape], { axis: { int: 0 } });
  const going = g.op("Expand", [g.float(1), batch]);
  const always = g.op("Equal", [g.float(0), g.float(0)]);
  // A row has seen nothing yet but the prefix, of which it has a copy where the pass is fused.
  const shape = withBatch(isFused ? g.op("Shape", [`prefix.${kinds[0]}`]) : g.int64(kvHeads, 0, headWidth));
  const empty = g.op("Expand", [g.float(0), shape]);
  const seen = kinds.map((name) => (isFused ? g.op("Expand", [`prefix.${name}`, shape]) : empty));
  const entered = isAdapted ? [g.op("Expand", [g.float(0), withBatch(g.int64(0, width))])] : [];
  const carried = ["tokens", "positions", "valid", going, ...seen];
  g.node("Loop", ["rounds", always, ...carried, ...entered], { body: body.attribute() }, [
    ...carried.map(() => g.name()),
    ...entered.map(() => "entering"),
    ...lines.map(({ name }) => name),
  ]);
  if (isAdapted) g.output("entering", "float32", ["batch", "run", width]);
  for (const { name, type, last } of lines) g.output(name, type, ["drawn", "batch", ...last]);
  return g;
}

/** What the loop gives a line of for each token. */
interface Line {
  name: string;
  type: "float32" | "int64";
  /** Its shape after [rounds, batch]. */
  last: (number | string)[];
}

/** The loop's body: a pass, a draw, and what the next round begins with. */
function addRound(
  g: InnerBuilder,
  config: ModelConfig,
  weight: FindWeight,
  { kinds, isFused, adaptedBlocks }: { kinds: readonly string[]; isFused: boolean; adaptedBlocks: number },
): Line[] {
  const { width } = config;
  g.input("round", "int64", []);
  g.input("on", "bool", []);
  const whole = { tokens: "now.tokens", positions: "now.positions", valid: "now.valid" };
  for (const name of Object.values(whole)) g.input(name, "int64", null);
  g.input("now.going", "float32", null);
  for (const name of kinds) g.input(`now.${name}`, "float32", null);
  const isAdapted = adaptedBlocks > 0;
  if (isAdapted) g.input("now.entering", "float32", null);

  const names = { hidden: "own.hidden", logits: "own.logits", ...(isAdapted && { entering: "own.entering" }) };
  const seen = isFused
    ? addFusedPass(g, config, weight, {
        ...{ inputs: { ...whole, past: (layer, what) => `now.${layer}.${what}` }, names, adaptedBlocks },
      }).present
    : addPlainPass(g, config, weight, { whole, names, adaptedBlocks });
  const drawn = addDraw(g, config, names);

  const column = g.op("Unsqueeze", [drawn.ids, g.int64(1)]);
  const lastPosition = g.op("Gather", [whole.positions, g.int64(-1)], { axis: { int: 1 } });
  const one = g.op("Expand", [g.int64(1), g.op("Shape", [column])]);
  const ended = g.op("Gather", ["ends", drawn.ids]);
  const going = g.op("Mul", ["now.going", g.op("Sub", [g.float(1), ended])]);
  const alive = g.op("Greater", [g.op("ReduceSum", [going], { keepdims: { int: 0 } }), g.float(0.5)]);
  const next: [string, "bool" | "int64" | "float32"][] = [
    [alive, "bool"],
    [column, "int64"],
    [g.op("Add", [lastPosition, one]), "int64"],
    [g.op("Concat", [whole.valid, one], { axis: { int: 1 } }), "int64"],
    [going, "float32"],
    ...seen.map((value): [string, "float32"] => [value, "float32"]),
  ];
  const lines: (Line & { value: string })[] = [
    { name: "ids", type: "int64", last: [], value: drawn.ids },
    ...(["logProb", "outside", "logRest", "restEntropy"] as const).map((name): Line & { value: string } => ({
      name,
      type: "float32",
      last: [],
      value: drawn[name],
    })),
    { name: "base", type: "float32", last: ["subset"], value: drawn.base },
    { name: "hidden", type: "float32", last: [width], value: "own.hidden" },
  ];
  if (isAdapted) {
    const places = g.op("Concat", [g.op("Shape", [whole.tokens]), g.int64(width)], { axis: { int: 0 } });
    const own = g.op("Reshape", ["own.entering", places]);
    next.push([g.op("Concat", ["now.entering", own], { axis: { int: 1 } }), "float32"]);
  }
  for (const [value, type] of next) g.output(value, type, null);
  // A body's output needs a name of its own.
  for (const { value, type } of lines) g.output(g.op("Identity", [value]), type, null);
  return lines;
}

/** The decoder's own pass, which holds a prefix once for all rows. Gives what rows have seen after it, layer by layer. */
function addPlainPass(
  g: InnerBuilder,
  config: ModelConfig,
  weight: FindWeight,
  {
    whole,
    names,
    adaptedBlocks,
  }: {
    whole: { tokens: string; positions: string; valid: string };
    names: PassNames;
    adaptedBlocks: number;
  },
): string[] {
  const seen: string[] = [];
  const inputs = {
    ...{ ...whole, wanted: g.int64(-1) },
    earlier: (layer: number, what: string) => ({ prefix: `prefix.${layer}.${what}` }),
    join(layer: number, what: string, own: string): string {
      const joined = g.op("Concat", [`now.${layer}.${what}`, own], { axis: { int: 2 } });
      seen.push(joined);
      return joined;
    },
  };
  addPass(g, config, weight, { inputs, names, adaptedBlocks });
  return seen;
}

/** Numbers of a block: what a token is looked for in, after its block has been. */
const blockSize = 256;

/**
 * Draws a token of each row from logits [batch, vocabulary], changed by the head, as `sample.ts` does: the first one at which
 * the running sum of exp(logit) passes a share of their sum. The sum runs over blocks first, and then within one.
 */
function addDraw(g: GraphParts, { vocabulary }: ModelConfig, { hidden, logits }: { hidden: string; logits: string }) {
  const last = g.int64(-1);
  const keep = { keepdims: { int: 1 } };
  const sum = (x: string) => g.op("ReduceSum", [x, last], keep);
  const most = (x: string) => g.op("ReduceMax", [x, last], keep);
  const flat = (x: string) => g.op("Squeeze", [x, last]);
  const own = g.op("Gather", [logits, "subset"], { axis: { int: 1 } });
  const x = g.op("Mul", [g.op("Sub", [hidden, "mean"]), "spread"]);
  const low = g.op("MatMul", [x, g.op("Transpose", ["A"], { perm: { ints: [1, 0] } })]);
  const change = g.op("Add", [g.op("MatMul", [low, g.op("Transpose", ["B"], { perm: { ints: [1, 0] } })]), "bias"]);
  const places = g.op("Expand", [g.op("Unsqueeze", ["subset", g.int64(0)]), g.op("Shape", [own])]);
  const changed = g.op("ScatterElements", [logits, places, g.op("Add", [own, change])], { axis: { int: 1 } });

  // The draw.
  const scaled = g.op("Div", [changed, "temperature"]);
  const highest = most(scaled);
  const weights = g.op("Exp", [g.op("Sub", [scaled, highest])]);
  const blocks = Math.ceil(vocabulary / blockSize);
  const room = blocks * blockSize - vocabulary;
  const padded = room === 0 ? weights : g.op("Pad", [weights, g.int64(0, 0, 0, room), g.float(0)]);
  const inBlocks = g.op("Reshape", [padded, g.int64(-1, blocks, blockSize)]);
  const ofBlocks = g.op("ReduceSum", [inBlocks, last], { keepdims: { int: 0 } });
  const running = g.op("MatMul", [ofBlocks, g.constant(triangle(blocks), [blocks, blocks])]);
  const total = g.op("Gather", [running, g.int64(blocks - 1)], { axis: { int: 1 } });
  const uniform = g.op("Unsqueeze", [g.op("Gather", ["uniforms", "round"]), g.int64(1)]);
  const target = g.op("Mul", [uniform, total]);
  const block = countPassed(g, running, target, blocks);
  const isBlock = g.op("Cast", [g.op("Equal", [block, g.constant(range(blocks), [1, blocks])])], { to: { int: 1 } });
  const before = g.op("Sub", [sum(g.op("Mul", [isBlock, running])), sum(g.op("Mul", [isBlock, ofBlocks]))]);
  const chosen = g.op("Squeeze", [g.op("MatMul", [g.op("Unsqueeze", [isBlock, g.int64(1)]), inBlocks]), g.int64(1)]);
  const inside = g.op("MatMul", [chosen, g.constant(triangle(blockSize), [blockSize, blockSize])]);
  const place = countPassed(g, inside, g.op("Sub", [target, before]), blockSize);
  const id = g.op("Add", [g.op("Mul", [block, g.int64(blockSize)]), place]);
  const of = (values: string) => g.op("GatherElements", [values, id], { axis: { int: 1 } });
  const logProb = g.op("Sub", [g.op("Sub", [of(scaled), highest]), g.op("Log", [total])]);

  // The frozen model's own distribution, at that temperature.
  const frozen = g.op("Div", [logits, "temperature"]);
  const top = most(frozen);
  const apart = g.op("Sub", [frozen, top]);
  const rest = g.op("Mul", [g.op("Exp", [apart]), "others"]);
  const ownApart = g.op("Sub", [g.op("Div", [own, "temperature"]), top]);
  const restSum = sum(rest);
  const Z = g.op("Add", [restSum, sum(g.op("Exp", [ownApart]))]);
  const logZ = g.op("Log", [Z]);
  const restX = sum(g.op("Mul", [rest, apart]));
  // A quotient first: the difference of two logarithms would lose what is small.
  const restShare = g.op("Max", [g.op("Div", [restSum, Z]), g.float(1e-37)]);
  return {
    ids: flat(id),
    logProb: flat(logProb),
    outside: flat(g.op("Sub", [of(apart), logZ])),
    logRest: flat(g.op("Log", [restShare])),
    restEntropy: flat(g.op("Div", [g.op("Sub", [restX, g.op("Mul", [restSum, logZ])]), Z])),
    base: g.op("Sub", [ownApart, logZ]),
  };
}

/** How many of the running sums [batch, count] a target [batch, 1] has passed, which is the place of the first that it has not. */
function countPassed(g: GraphParts, running: string, target: string, count: number): string {
  const end = g.op("Gather", [running, g.int64(count - 1)], { axis: { int: 1 } });
  // Rounding must not lead past the last number that is not zero.
  const below = g.op("Min", [target, g.op("Mul", [end, g.float(1 - 1e-6)])]);
  const passed = g.op("Cast", [g.op("LessOrEqual", [running, below])], { to: { int: 1 } });
  const sums = g.op("ReduceSum", [passed, g.int64(-1)], { keepdims: { int: 1 } });
  return g.op("Cast", [g.op("Min", [sums, g.float(count - 1)])], { to: { int: 7 } });
}

/** Ones on and above the diagonal: a row times it is its running sum. */
function triangle(size: number): Float32Array {
  return Float32Array.from({ length: size * size }, (_, i) => (Math.floor(i / size) <= i % size ? 1 : 0));
}

function range(size: number): BigInt64Array {
  return BigInt64Array.from({ length: size }, (_, i) => BigInt(i));
}
