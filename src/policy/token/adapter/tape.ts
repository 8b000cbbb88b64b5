/**
 * Operations of an ONNX graph that remember how gradients come back through them: reverse-mode differentiation while the graph is
 * written. Only what depends on a value that learns is remembered. Not here: the vocabulary, which has a gradient of its own
 * (`vocabulary-graph.ts`).
 */

import type { GraphParts } from "../../../model/index.ts";

/** The gradient in each input, written when it is asked for; absent for one that never has any. */
type Back = (() => string)[];

interface Step {
  inputs: readonly string[];
  outputs: readonly string[];
  back(slopes: string[]): Back;
}

/** A matrix that is multiplied by and does not learn: [from, to], or turned, [to, from]. */
export interface GraphMatrix {
  weight: string;
  turned: boolean;
  bias: string | null;
}

/** A graph that is being written, with what is remembered of it. */
export interface Tape {
  readonly g: GraphParts;
  readonly learns: Set<string>;
  readonly steps: Step[];
}

/** Begins one. `learned` are the values that gradients are asked for. */
export function createTape(g: GraphParts, learned: readonly string[]): Tape {
  return { g, learns: new Set(learned), steps: [] };
}

/** Remembers an operation with several results; a result that nothing came back to has a gradient of zeros. */
function remember(tape: Tape, inputs: readonly string[], outputs: readonly string[], back: Step["back"]): void {
  if (!inputs.some((name) => tape.learns.has(name))) return;
  for (const name of outputs) tape.learns.add(name);
  tape.steps.push({ inputs, outputs, back });
}

function one(tape: Tape, inputs: readonly string[], output: string, back: (slope: string) => Back): string {
  remember(tape, inputs, [output], ([slope]) => back(slope!));
  return output;
}

/** Writes the way back from a value whose gradient is given; gives the gradients of `wanted`. */
export function goBack(tape: Tape, from: string, slope: string, wanted: readonly string[]): string[] {
  const { g, learns, steps } = tape;
  const slopes = new Map([[from, slope]]);
  for (const { inputs, outputs, back } of steps.toReversed()) {
    if (!outputs.some((name) => slopes.has(name))) continue;
    const given = outputs.map((name) => slopes.get(name) ?? g.op("Mul", [name, g.float(0)]));
    const ways = back(given);
    for (const [i, name] of inputs.entries()) {
      if (!learns.has(name)) continue;
      const found = ways[i]!();
      const before = slopes.get(name);
      slopes.set(name, before === undefined ? found : g.op("Add", [before, found]));
    }
  }
  return wanted.map((name) => slopes.get(name)!);
}

/** a + b, of one shape. */
export function add(tape: Tape, a: string, b: string): string {
  return one(tape, [a, b], tape.g.op("Add", [a, b]), (slope) => [() => slope, () => slope]);
}

/** a b, entry by entry, of one shape. */
export function multiply(tape: Tape, a: string, b: string): string {
  const { g } = tape;
  return one(tape, [a, b], g.op("Mul", [a, b]), (slope) => [
    () => g.op("Mul", [slope, b]),
    () => g.op("Mul", [slope, a]),
  ]);
}

/** x times a number. */
export function scaled(tape: Tape, x: string, by: number): string {
  const { g } = tape;
  const times = (value: string) => g.op("Mul", [value, g.float(by)]);
  return one(tape, [x], times(x), (slope) => [() => times(slope)]);
}

const transA = { transA: { int: 1 } };
const transB = { transB: { int: 1 } };

/** x W + bias of a matrix that does not learn. */
export function frozenProduct(tape: Tape, x: string, { weight, turned, bias }: GraphMatrix): string {
  const { g } = tape;
  const product = g.op("Gemm", [x, weight, ...(bias === null ? [] : [bias])], turned ? transB : {});
  return one(tape, [x], product, (slope) => [() => g.op("Gemm", [slope, weight], turned ? {} : transB)]);
}

/** onto + scale (x A) B. */
export function lowRank(
  tape: Tape,
  onto: string,
  x: string,
  { A, B, scale }: { A: string; B: string; scale: number },
): string {
  const { g } = tape;
  const alpha = { alpha: { float: scale } };
  const low = one(tape, [x, A], g.op("Gemm", [x, A]), (slope) => [
    () => g.op("Gemm", [slope, A], transB),
    () => g.op("Gemm", [x, slope], transA),
  ]);
  return one(tape, [onto, low, B], g.op("Gemm", [low, B, onto], alpha), (slope) => [
    () => slope,
    () => g.op("Gemm", [slope, B], { ...transB, ...alpha }),
    () => g.op("Gemm", [low, slope], { ...transA, ...alpha }),
  ]);
}

/** The last two axes in each other's place. */
function turn(g: GraphParts, x: string, rank: number): string {
  const perm = Array.from({ length: rank }, (_, i) => (i < rank - 2 ? i : 2 * rank - 3 - i));
  return g.op("Transpose", [x], { perm: { ints: perm } });
}

/** a b of matrices of that many axes, or a b'. */
export function product(tape: Tape, a: string, b: string, { rank, turned }: { rank: number; turned: boolean }): string {
  const { g } = tape;
  const times = (left: string, right: string) => g.op("MatMul", [left, right]);
  return one(tape, [a, b], times(a, turned ? turn(g, b, rank) : b), (slope) => [
    () => times(slope, turned ? b : turn(g, b, rank)),
    () => (turned ? times(turn(g, slope, rank), a) : times(turn(g, a, rank), slope)),
  ]);
}

/** Shares of the last axis. */
export function softmax(tape: Tape, x: string): string {
  const { g } = tape;
  const shares = g.op("Softmax", [x], { axis: { int: -1 } });
  return one(tape, [x], shares, (slope) => [
    () => {
      const weighted = g.op("Mul", [shares, slope]);
      const sum = g.op("ReduceSum", [weighted, g.int64(-1)], { keepdims: { int: 1 } });
      return g.op("Sub", [weighted, g.op("Mul", [shares, sum])]);
    },
  ]);
}

/** Adds a value that does not learn, such as a mask. */
export function shifted(tape: Tape, x: string, by: string): string {
  return one(tape, [x], tape.g.op("Add", [x, by]), (slope) => [() => slope]);
}

/** The same numbers in another shape; `shape` is a tensor of whole numbers. */
export function reshape(tape: Tape, x: string, shape: string): string {
  const { g } = tape;
  return one(tape, [x], g.op("Reshape", [x, shape]), (slope) => [() => g.op("Reshape", [slope, g.op("Shape", [x])])]);
}

/** The axes in another order. */
export function transposed(tape: Tape, x: string, ...perm: number[]): string {
  const { g } = tape;
  const to = (value: string, order: number[]) => g.op("Transpose", [value], { perm: { ints: order } });
  const back = perm.map((_, i) => perm.indexOf(i));
  return one(tape, [x], to(x, perm), (slope) => [() => to(slope, back)]);
}

/** Parts of an axis; `sizes` is a tensor of as many whole numbers. */
export function split(
  tape: Tape,
  x: string,
  { axis, sizes, count }: { axis: number; sizes: string; count: number },
): string[] {
  const { g } = tape;
  const names = Array.from({ length: count }, () => g.name());
  g.node("Split", [x, sizes], { axis: { int: axis } }, names);
  remember(tape, [x], names, (slopes) => [() => g.op("Concat", slopes, { axis: { int: axis } })]);
  return names;
}

/** Two parts one after the other; `sizes` as of `split`. */
export function joined(tape: Tape, a: string, b: string, { axis, sizes }: { axis: number; sizes: string }): string {
  const { g } = tape;
  return one(tape, [a, b], g.op("Concat", [a, b], { axis: { int: axis } }), (slope) => {
    const names = [g.name(), g.name()];
    g.node("Split", [slope, sizes], { axis: { int: axis } }, names);
    return [() => names[0]!, () => names[1]!];
  });
}

/** Some rows of a matrix, none of them twice. */
export function rowsOf(tape: Tape, x: string, places: string): string {
  const { g } = tape;
  return one(tape, [x], g.op("Gather", [x, places]), (slope) => [
    () => {
      const nothing = g.op("Expand", [g.float(0), g.op("Shape", [x])]);
      return g.op("ScatterND", [nothing, g.op("Unsqueeze", [places, g.int64(1)]), slope]);
    },
  ]);
}

/** Heads turned by their positions: [rows, length, heads * headWidth]. */
export function rotated(
  tape: Tape,
  x: string,
  { cosines, sines, positions, heads }: { cosines: string; sines: string; positions: string; heads: number },
): string {
  const { g } = tape;
  const by = (value: string, angle: string) =>
    g.op("RotaryEmbedding", [value, cosines, angle, positions], { num_heads: { int: heads } });
  return one(tape, [x], by(x, sines), (slope) => [() => by(slope, g.op("Neg", [sines]))]);
}

/** Rows divided by the root of their mean square, after their mean is taken off where there is a bias (GPT-2). */
export function normed(
  tape: Tape,
  x: string,
  { factors, bias, epsilon }: { factors: string; bias: string | null; epsilon: number },
): string {
  const { g } = tape;
  const mean = (value: string) => g.op("ReduceMean", [value, g.int64(-1)], { keepdims: { int: 1 } });
  const centred = bias === null ? x : g.op("Sub", [x, mean(x)]);
  const square = mean(g.op("Mul", [centred, centred]));
  const per = g.op("Reciprocal", [g.op("Sqrt", [g.op("Add", [square, g.float(epsilon)])])]);
  const even = g.op("Mul", [centred, per]);
  const factored = g.op("Mul", [even, factors]);
  return one(tape, [x], bias === null ? factored : g.op("Add", [factored, bias]), (slope) => [
    () => {
      const own = g.op("Mul", [slope, factors]);
      const along = g.op("Sub", [own, g.op("Mul", [even, mean(g.op("Mul", [own, even]))])]);
      return g.op("Mul", [bias === null ? along : g.op("Sub", [along, mean(own)]), per]);
    },
  ]);
}

/** A function of each number of x, whose value is written already. */
export function differentiated(tape: Tape, x: string, value: string, derivative: () => string): string {
  return one(tape, [x], value, (slope) => [() => tape.g.op("Mul", [slope, derivative()])]);
}
