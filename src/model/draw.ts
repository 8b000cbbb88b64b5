/**
 * Runs the graph that draws whole programs on the device (`draw-graph.ts`), in the model's own thread. Not here: where texts
 * end (`policy/token/draw-rows.ts`).
 */

import type { InferenceSession, Tensor } from "onnxruntime-node";
import type { Runtime } from "./runtime.ts";
import type { AdapterWeights, Drawn, DrawRequest } from "./types.ts";

/** What the graph takes: as a decoder does, with an adapter's weights themselves. */
export type RunnerDraw = Omit<DrawRequest, "adapter"> & { adapter?: AdapterWeights };

type Feeds = { [name: string]: Tensor };

/** What comes back of every draw. */
const told = ["rows", "ids", "logProb", "outside", "logRest", "restEntropy", "base", "hidden"];

/**
 * Runs a request. `adapters` are the graph's inputs of that kind; `prefix` are the shared prefix's keys and values by the names of the graph's inputs: of `masked` positions that
 * nobody looks at, then of `seen`.
 */
export async function runDraw(
  { Tensor }: Runtime,
  session: InferenceSession,
  { tokens, valid, rows, rounds, uniforms, temperature, ends, across, head, entering }: RunnerDraw,
  {
    vocabulary,
    prefix,
    adapters,
    seen,
    masked,
  }: { vocabulary: number; prefix: Feeds; adapters: Feeds; seen: number; masked: number },
): Promise<Drawn> {
  const length = tokens.length / rows;
  const positions = new BigInt64Array(tokens.length);
  const ahead = masked + seen;
  const visible = new BigInt64Array(rows * (ahead + length));
  for (let row = 0; row < rows; row++) {
    visible.fill(1n, row * (ahead + length) + masked, row * (ahead + length) + ahead);
    let position = seen;
    for (let at = 0; at < length; at++) {
      if (valid[row * length + at] !== 1) continue;
      positions[row * length + at] = BigInt(position++);
      visible[row * (ahead + length) + ahead + at] = 1n;
    }
  }
  const { tokenSubset, mean, deviation, rank, A, B, bias } = head;
  const width = mean.length;
  const others = new Float32Array(vocabulary).fill(1);
  for (const id of tokenSubset) others[id] = 0;
  const floats = (data: Float32Array, ...shape: number[]) => new Tensor("float32", data, shape);
  const marked = (ids: readonly number[] = []): Tensor => {
    const marks = new Float32Array(vocabulary);
    for (const id of ids) marks[id] = 1;
    return floats(marks, vocabulary);
  };
  const whole = (data: BigInt64Array, ...shape: number[]) => new Tensor("int64", data, shape);
  const feeds = {
    tokens: whole(BigInt64Array.from(tokens, BigInt), rows, length),
    positions: whole(positions, rows, length),
    valid: whole(visible, rows, ahead + length),
    ...prefix,
    ...adapters,
    uniforms: floats(uniforms, rounds, rows),
    temperature: floats(Float32Array.of(temperature)),
    ...{ ends: marked(ends), opens: marked(across?.opens), closes: marked(across?.closes) },
    subset: whole(BigInt64Array.from(tokenSubset, BigInt), tokenSubset.length),
    others: floats(others, vocabulary),
    mean: floats(mean, width),
    spread: floats(
      deviation.map((value) => 1 / (value * Math.sqrt(width))),
      width,
    ),
    A: floats(A, rank, width),
    B: floats(B, tokenSubset.length, rank),
    bias: floats(bias, tokenSubset.length),
  };
  const out = await session.run(feeds, [...told, ...(entering ? ["entered", "entering"] : [])]);
  const numbers = (name: string) => out[name]!.data as Float32Array;
  const integers = (name: string) => Int32Array.from(out[name]!.data as BigInt64Array, Number);
  return {
    rows: integers("rows"),
    ids: integers("ids"),
    logProb: numbers("logProb"),
    outside: numbers("outside"),
    logRest: numbers("logRest"),
    restEntropy: numbers("restEntropy"),
    base: numbers("base"),
    hidden: numbers("hidden"),
    ...(entering && { entered: integers("entered"), entering: numbers("entering") }),
  };
}
