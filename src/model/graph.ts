/**
 * A decoder as an ONNX graph that reads keys and values of earlier positions and gives
 * those of the new ones. Nothing that a step does not change is copied by it: what rows have seen stays where it lies,
 * and a prefix that all rows share is held once and is one matrix product for all of them.
 *
 * With `adaptedBlocks`, the last blocks' adapters are inputs (`adapter.ts`) and what enters the first of these blocks is an output,
 * `entering` [batch * length, width], of every new position.
 *
 * Inputs: `tokens` and `positions` [batch, length]; `valid` [batch, prefix + past + length] (1 where a position may be looked
 * at); for each layer N `past.N.key` and `past.N.value` [batch, kvHeads, past, headWidth], `prefix.N.key` and `prefix.N.value`
 * [kvHeads, prefix, headWidth]; `wanted` [count], the new positions whose output is given. Outputs: `hidden` [batch * count, width] and
 * `logits` [batch * count, vocabulary] of those;
 * `present` [layers * 2 * batch, kvHeads, length, headWidth], the new keys and values of each layer in turn.
 */

import { adapting, declareAdapters } from "./adapter.ts";
import { architectureOf } from "./architectures/index.ts";
import type { Adapt, FindWeight } from "./architectures/types.ts";
import { attend, createFrame } from "./attention.ts";
import type { Dtype } from "./matmul.ts";
import { createGraph, type GraphBuilder, type GraphParts } from "./onnx.ts";
import type { ModelConfig } from "./types.ts";

/** How a graph computes. */
export interface GraphOptions {
  /** @default "fp32" */
  dtype?: Dtype;
  /** Turn the width, see `rotation.ts`; of Llama's family only. @default with fewer bits than 32 */
  rotated?: boolean;
  /** How many of the last blocks have adapters as inputs. @default 0 */
  adaptedBlocks?: number;
}

/** The graph of a decoder. Reads no weight yet. */
export function decoderGraph(config: ModelConfig, weight: FindWeight, options: GraphOptions = {}): GraphBuilder {
  const g = createGraph("decoder", 23);
  const { kvHeads, headWidth, width, vocabulary } = config;
  const earlier = (layer: number, what: "key" | "value") => ({
    past: g.input(`past.${layer}.${what}`, "float32", ["batch", kvHeads, "past", headWidth]),
    prefix: g.input(`prefix.${layer}.${what}`, "float32", [kvHeads, "prefix", headWidth]),
  });
  const inputs = {
    tokens: g.input("tokens", "int64", ["batch", "length"]),
    positions: g.input("positions", "int64", ["batch", "length"]),
    valid: g.input("valid", "int64", ["batch", "total"]),
    wanted: g.input("wanted", "int64", ["count"]),
    earlier,
  };
  if (options.adaptedBlocks) declareAdapters(g, config, options.adaptedBlocks);
  const names = { hidden: "hidden", logits: "logits", entering: "entering" };
  const { present } = addPass(g, config, weight, { ...options, inputs, names });
  g.op("Concat", present, { axis: { int: 0 } }, "present");
  g.output("hidden", "float32", ["given", width]);
  g.output("logits", "float32", ["given", vocabulary]);
  if (options.adaptedBlocks) g.output("entering", "float32", ["rows", width]);
  g.output("present", "float32", ["stack", kvHeads, "length", headWidth]);
  return g;
}

/** What a pass through the layers reads, by the names of values. */
export interface PassInputs {
  tokens: string;
  positions: string;
  valid: string;
  wanted: string;
  /** A layer's keys or values of earlier positions. Called once for each, in order. */
  earlier(layer: number, what: "key" | "value"): { past?: string; prefix: string };
  /** Joins the earlier ones to a layer's new ones, where `earlier` gives no past. */
  join?(layer: number, what: "key" | "value", own: string): string;
}

/** What a pass gives, by the names that it is to have; `entering`: what enters the first adapted block, [batch * length, width]. */
export interface PassNames {
  hidden: string;
  logits: string;
  entering?: string;
}

/** Adds a pass through all layers; its results get the given names. Gives the new keys and values of each layer in turn. */
export function addPass(
  g: GraphParts,
  config: ModelConfig,
  weight: FindWeight,
  {
    inputs: { tokens, positions, valid, wanted, earlier, join = (_, __, own) => own },
    names,
    dtype = "fp32",
    rotated = dtype !== "fp32",
    adaptedBlocks = 0,
  }: GraphOptions & { inputs: PassInputs; names: PassNames },
): { present: string[] } {
  const { layers, width } = config;
  const first = { keys: earlier(0, "key"), values: earlier(0, "value") };
  const frame = createFrame(g, config, { tokens, positions, valid, ...first.keys });
  const adapt: Adapt = adaptedBlocks > 0 ? adapting(g, config, adaptedBlocks) : (_, product) => product;
  const { shapes } = frame;
  const parts = architectureOf(config).parts(g, { config, weight, dtype, rotated, adapt, positions, shapes });
  let x = parts.embed(tokens);
  const present: string[] = [];
  for (let layer = 0; layer < layers; layer++) {
    if (names.entering !== undefined && layer === layers - adaptedBlocks) g.op("Identity", [x], {}, names.entering);
    const seen = layer === 0 ? first : { keys: earlier(layer, "key"), values: earlier(layer, "value") };
    const { q, k, v } = parts.project(x, layer);
    present.push(k, v);
    const keys = { ...seen.keys, own: join(layer, "key", k) };
    const values = { ...seen.values, own: join(layer, "value", v) };
    x = g.op("Add", [x, parts.attentionOutput(attend(g, config, frame, { layer, q, keys, values }), layer)]);
    x = g.op("Add", [x, parts.mlp(x, layer)]);
  }
  const rows = g.op("Reshape", [x, frame.shapes.places]);
  const given = g.op("Gather", [rows, wanted], { axis: { int: 1 } });
  parts.lmHead(g.op("Reshape", [given, g.int64(-1, width)]), names);
  return { present };
}
