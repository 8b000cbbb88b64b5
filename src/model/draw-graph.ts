/**
 * A graph that draws whole programs where the model runs: one pass reads the prompts, and then each round of a loop draws a
 * token for every row and runs it. What rows have seen never leaves the device, and the host hears of the tokens at the end. A
 * trained head's change of the logits is part of it, and so is what its update must know of each token (`policy/token/trace.ts`).
 *
 * A round costs by its rows, and programs differ in length: when half of the rows have ended, the stage is over, and what the
 * others have seen goes on by itself (a loop of stages around the loop of rounds). Rows that ended since draw on till then.
 *
 * Inputs: `tokens`, `positions`, `valid` and `prefix.N.*` as of the decoder's graph (`graph.ts`), prompts padded at their
 * left; `uniforms` [rounds, batch], for as many tokens at most; `temperature`; of [vocabulary], 1 for some tokens and else 0:
 * `ends`, which end a row, `opens` and `closes`, of which the second ends it right behind the first; the head: `subset` [S], `others`
 * [vocabulary] (0 for the subset, else 1), `mean` and `spread` [width] (x = (hidden - mean) * spread), `A` [rank, width],
 * `B` [S, rank], `bias` [S]. All is over when all rows have ended. Outputs, a line a token, of a
 * row in their order: `rows`, whose it is; `ids`, `logProb`, `outside` (log-probability of the token without the head), `logRest`,
 * `restEntropy` [lines]; `base` [lines, S]; `hidden` [lines, width].
 *
 * With `adaptedBlocks` the adapters of the last blocks are inputs as of the decoder's graph, and `entering` [places, width] is an
 * output: what entered the first of these blocks, of every position that a row ran till it left; `entered` [places] says whose.
 * A row's places are side by side: its pads, its prompt, its tokens but the last.
 */

import { declareAdapters } from "./adapter.ts";
import type { FindWeight } from "./architectures/types.ts";
import { addTokenDraw } from "./draw-token.ts";
import { addFusedPass, canFuse } from "./fused-pass.ts";
import { addPass, type PassNames } from "./graph.ts";
import { createGraph, type GraphBuilder, type GraphParts, type InnerBuilder } from "./onnx.ts";
import type { ModelConfig } from "./types.ts";

/** What the loops are made with. */
interface Build {
  config: ModelConfig;
  weight: FindWeight;
  /** Of each layer what has been seen, "0.key", "0.value" and so on. */
  kinds: readonly string[];
  isFused: boolean;
  adaptedBlocks: number;
}

/** What a run gives lines of. */
interface Line {
  name: string;
  type: "float32" | "int64";
  /** Its shape after [lines]; the head's subset by name. */
  last: readonly (number | "subset")[];
}

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
  const { layers, kvHeads, headWidth } = config;
  const kinds = Array.from({ length: layers }, (_, i) => [`${i}.key`, `${i}.value`]).flat();
  const build: Build = { config, weight, kinds, isFused: fused && canFuse(config), adaptedBlocks };
  declareInputs(g, build);
  const stage = g.inner("stage");
  addStage(stage, build);
  const batch = g.op("Shape", ["tokens"], { start: { int: 0 }, end: { int: 1 } });
  const withBatch = (shape: string) => g.op("Concat", [batch, shape], { axis: { int: 0 } });
  const always = g.op("Equal", [g.float(0), g.float(0)]);
  // A row has seen nothing yet but the prefix, of which it has a copy where the pass is fused.
  const shape = withBatch(build.isFused ? g.op("Shape", [`prefix.${kinds[0]}`]) : g.int64(kvHeads, 0, headWidth));
  const empty = g.op("Expand", [g.float(0), shape]);
  const seen = kinds.map((name) => (build.isFused ? g.op("Expand", [`prefix.${name}`, shape]) : empty));
  const own = adaptedBlocks > 0 ? [g.op("Expand", [g.float(0), withBatch(g.int64(0, config.width))])] : [];
  const rows = g.op("Range", [g.int64Scalar(0), g.op("Squeeze", [batch, g.int64(0)]), g.int64Scalar(1)]);
  const opened = g.op("Expand", [g.float(0), batch]);
  const carried = ["tokens", "positions", "valid", opened, "uniforms", rows, ...seen, ...own];
  const lines = linesOf(build);
  const none = lines.map(({ type, last }) => {
    const shape = g.op("Concat", [g.int64(0), ...last.map((size) => sizeOf(g, size))], { axis: { int: 0 } });
    return g.op("Expand", [type === "int64" ? g.int64Scalar(0) : g.float(0), shape]);
  });
  g.node("Loop", ["", always, ...carried, ...none], { body: stage.attribute() }, [
    ...carried.map(() => g.name()),
    ...lines.map(({ name }) => name),
  ]);
  for (const { name, type, last } of lines)
    g.output(name, type, [name === "entering" || name === "entered" ? "places" : "lines", ...last]);
  return g;
}

function declareInputs(g: GraphParts, { config, kinds, adaptedBlocks }: Build): void {
  const { kvHeads, headWidth, width, vocabulary } = config;
  for (const name of ["tokens", "positions"]) g.input(name, "int64", ["batch", "length"]);
  g.input("valid", "int64", ["batch", "total"]);
  for (const name of kinds) g.input(`prefix.${name}`, "float32", [kvHeads, "prefix", headWidth]);
  g.input("uniforms", "float32", ["rounds", "batch"]);
  g.input("temperature", "float32", []);
  for (const name of ["ends", "opens", "closes"]) g.input(name, "float32", [vocabulary]);
  g.input("subset", "int64", ["subset"]);
  g.input("others", "float32", [vocabulary]);
  for (const name of ["mean", "spread"]) g.input(name, "float32", [width]);
  g.input("A", "float32", ["rank", width]);
  g.input("B", "float32", ["subset", "rank"]);
  g.input("bias", "float32", ["subset"]);
  if (adaptedBlocks > 0) declareAdapters(g, config, adaptedBlocks);
}

function linesOf({ config: { width }, adaptedBlocks }: Build): Line[] {
  const floats = (name: string, ...last: Line["last"]): Line => ({ name, type: "float32", last });
  const whole = (name: string): Line => ({ name, type: "int64", last: [] });
  return [
    ...[whole("rows"), whole("ids"), ...drawnNumbers.map((name) => floats(name))],
    ...[floats("base", "subset"), floats("hidden", width)],
    ...(adaptedBlocks > 0 ? [whole("entered"), floats("entering", width)] : []),
  ];
}

const drawnNumbers = ["logProb", "outside", "logRest", "restEntropy"] as const;

/** A size as a shape of one number. */
function sizeOf(g: GraphParts, size: number | "subset"): string {
  return size === "subset" ? g.op("Shape", ["subset"]) : g.int64(size);
}

/** The outer loop's body: rounds until half of the rows have ended, then what is left of the others. */
function addStage(g: InnerBuilder, build: Build): void {
  const { kinds, adaptedBlocks } = build;
  g.input("stage", "int64", []);
  g.input("more", "bool", []);
  const whole = ["tokens", "positions", "valid"].map((name) => g.input(`at.${name}`, "int64", null));
  const opened = g.input("at.opened", "float32", null);
  const uniforms = g.input("at.uniforms", "float32", null);
  const rows = g.input("at.rows", "int64", null);
  const states = [...kinds, ...(adaptedBlocks > 0 ? ["entering"] : [])];
  const had = states.map((name) => g.input(`at.${name}`, "float32", null));
  for (const { name, type } of linesOf(build)) g.input(`told.${name}`, type, null);

  const round = g.inner("round");
  addRound(round, build, uniforms);
  const names = (count: number) => Array.from({ length: count }, () => g.name());
  const [after, opens, going, seen] = [names(whole.length), g.name(), g.name(), names(states.length)];
  const drawn = Object.fromEntries(roundLines.map((name) => [name, g.name()]));
  const most = g.op("Squeeze", [g.op("Shape", [uniforms], { start: { int: 0 }, end: { int: 1 } }), g.int64(0)]);
  const always = g.op("Equal", [g.float(0), g.float(0)]);
  const all = g.op("Expand", [g.float(1), g.op("Shape", [rows])]);
  g.node("Loop", [most, always, ...whole, opened, all, ...had], { body: round.attribute() }, [
    ...[...after, opens, going, ...seen],
    ...Object.values(drawn),
  ]);

  addLeaving(g, build, { after, opens, going, seen, uniforms, rows, drawn });
}

/** What rounds left, as names of values: of the rows that were drawn in them, and a line for each of their tokens. */
interface Ran {
  /** Tokens, positions and which are valid. */
  after: readonly string[];
  opens: string;
  /** 1 for a row that has not ended. */
  going: string;
  seen: readonly string[];
  uniforms: string;
  rows: string;
  drawn: { readonly [line: string]: string };
}

/** The end of a stage: rows that have ended leave with what they tell, and what the others have goes on. */
function addLeaving(g: InnerBuilder, build: Build, ran: Ran): void {
  const { after, opens, going, seen, uniforms, rows, drawn } = ran;
  const count = g.op("Shape", [drawn.ids!], { start: { int: 0 }, end: { int: 1 } });
  const left = g.op("Slice", [uniforms, count, g.int64(maxInt), g.int64(0)]);
  const isLeft = g.op("Greater", [g.op("Shape", [left], { start: { int: 0 }, end: { int: 1 } }), g.int64(0)]);
  const goesOn = g.op("Mul", [going, g.op("Cast", [isLeft], { to: { int: 1 } })]);
  const on = placesOf(g, goesOn);
  const keep = (value: string, axis = 0) => g.op("Gather", [value, on], { axis: { int: axis } });
  g.output(g.op("Greater", [g.op("ReduceSum", [goesOn], { keepdims: { int: 0 } }), g.float(0.5)]), "bool", null);
  for (const value of after) g.output(keep(value), "int64", null);
  g.output(keep(opens), "float32", null);
  g.output(keep(left, 1), "float32", null);
  g.output(keep(rows), "int64", null);
  for (const value of seen) g.output(keep(value), "float32", null);

  const told: Ran["drawn"] = {
    rows: g.op("Expand", [rows, g.op("Shape", [drawn.ids!])]),
    ...drawn,
    ...enteredOf(g, build, ran, goesOn),
  };
  for (const { name, type, last } of linesOf(build)) {
    const shape = g.op("Concat", [g.int64(-1), ...last.map((size) => sizeOf(g, size))], { axis: { int: 0 } });
    const flat = g.op("Reshape", [told[name]!, shape]);
    g.output(g.op("Concat", [`told.${name}`, flat], { axis: { int: 0 } }), type, null);
  }
}

/** What entered the first adapted block of the rows that leave, and whose it is. */
function enteredOf(g: InnerBuilder, { adaptedBlocks }: Build, { seen, rows }: Ran, goesOn: string): Ran["drawn"] {
  if (adaptedBlocks === 0) return {};
  const gone = placesOf(g, g.op("Sub", [g.float(1), goesOn]));
  const entering = g.op("Gather", [seen.at(-1)!, gone], { axis: { int: 0 } });
  const whose = g.op("Unsqueeze", [g.op("Gather", [rows, gone]), g.int64(1)]);
  const places = g.op("Shape", [entering], { start: { int: 0 }, end: { int: 2 } });
  return { entered: g.op("Expand", [whose, places]), entering };
}

/** Where a mask is not 0. */
function placesOf(g: GraphParts, mask: string): string {
  return g.op("Squeeze", [g.op("NonZero", [mask]), g.int64(0)]);
}

/** What a slice to the end ends at. */
const maxInt = Number.MAX_SAFE_INTEGER;

/** What a round gives a line of for each row, in this order. */
const roundLines = ["ids", ...drawnNumbers, "base", "hidden"] as const;

/** The inner loop's body: a pass, a draw, and what the next round begins with. It is over when half of the rows have ended. */
function addRound(g: InnerBuilder, build: Build, uniforms: string): void {
  const { config, weight, kinds, isFused, adaptedBlocks } = build;
  g.input("round", "int64", []);
  g.input("on", "bool", []);
  const whole = { tokens: "now.tokens", positions: "now.positions", valid: "now.valid" };
  for (const name of Object.values(whole)) g.input(name, "int64", null);
  for (const name of ["now.opened", "now.going"]) g.input(name, "float32", null);
  for (const name of kinds) g.input(`now.${name}`, "float32", null);
  const isAdapted = adaptedBlocks > 0;
  if (isAdapted) g.input("now.entering", "float32", null);

  const names = { hidden: "own.hidden", logits: "own.logits", ...(isAdapted && { entering: "own.entering" }) };
  const seen = isFused
    ? addFusedPass(g, config, weight, {
        ...{ inputs: { ...whole, past: (layer, what) => `now.${layer}.${what}` }, names, adaptedBlocks },
      }).present
    : addPlainPass(g, config, weight, { whole, names, adaptedBlocks });
  const drawn = addTokenDraw(g, config, { ...names, uniforms: g.op("Gather", [uniforms, "round"]) });

  const column = g.op("Unsqueeze", [drawn.ids, g.int64(1)]);
  const lastPosition = g.op("Gather", [whole.positions, g.int64(-1)], { axis: { int: 1 } });
  const one = g.op("Expand", [g.int64(1), g.op("Shape", [column])]);
  const isOf = (kind: string) => g.op("Gather", [kind, drawn.ids]);
  const ended = g.op("Max", [isOf("ends"), g.op("Mul", ["now.opened", isOf("closes")])]);
  const going = g.op("Mul", ["now.going", g.op("Sub", [g.float(1), ended])]);
  const next: [string, "bool" | "int64" | "float32"][] = [
    [isMoreThanHalf(g, going), "bool"],
    [column, "int64"],
    [g.op("Add", [lastPosition, one]), "int64"],
    [g.op("Concat", [whole.valid, one], { axis: { int: 1 } }), "int64"],
    [isOf("opens"), "float32"],
    [going, "float32"],
    ...seen.map((value): [string, "float32"] => [value, "float32"]),
  ];
  if (isAdapted) {
    const places = g.op("Concat", [g.op("Shape", [whole.tokens]), g.int64(config.width)], { axis: { int: 0 } });
    const own = g.op("Reshape", ["own.entering", places]);
    next.push([g.op("Concat", ["now.entering", own], { axis: { int: 1 } }), "float32"]);
  }
  for (const [value, type] of next) g.output(value, type, null);
  const values: { [name in (typeof roundLines)[number]]: string } = { ...drawn, hidden: names.hidden };
  // A body's output needs a name of its own.
  for (const name of roundLines) g.output(g.op("Identity", [values[name]]), name === "ids" ? "int64" : "float32", null);
}

/** Whether more than half of the rows go on, as a single value. */
function isMoreThanHalf(g: GraphParts, going: string): string {
  const count = g.op("Cast", [g.op("Squeeze", [g.op("Shape", [going]), g.int64(0)])], { to: { int: 1 } });
  const onTwice = g.op("Mul", [g.op("ReduceSum", [going], { keepdims: { int: 0 } }), g.float(2)]);
  return g.op("Greater", [onTwice, count]);
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
