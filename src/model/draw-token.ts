/**
 * The part of a drawing graph that draws a token of each row: from logits, which a trained head changes, by a uniform number; and what
 * an update must know of the token (`policy/token/trace.ts`). Not here: the passes and the loops (`draw-graph.ts`).
 */

import type { GraphParts } from "./onnx.ts";
import type { ModelConfig } from "./types.ts";

/** A token of each row, as names of values of [batch]; `base` is [batch, S]. What they are: `draw-graph.ts`. */
export interface TokenDraw {
  ids: string;
  logProb: string;
  outside: string;
  logRest: string;
  restEntropy: string;
  base: string;
}

/** Numbers of a block: what a token is looked for in, after its block has been. */
const blockSize = 256;

/**
 * Draws a token of each row from logits [batch, vocabulary], changed by the head, as `sample.ts` does: the first one at which
 * the running sum of exp(logit) passes a share of their sum, which `uniforms` [batch] are. The sum runs over blocks first, and then within one.
 */
export function addTokenDraw(
  g: GraphParts,
  { vocabulary }: ModelConfig,
  { hidden, logits, uniforms }: { hidden: string; logits: string; uniforms: string },
): TokenDraw {
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
  const target = g.op("Mul", [g.op("Unsqueeze", [uniforms, g.int64(1)]), total]);
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
