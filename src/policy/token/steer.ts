/**
 * What changes a frozen model's logits before each draw: a trained head, another temperature, or both; and the model so changed
 * as one that writes any text. Not here: what is kept for learning (`trace.ts`).
 */

import type { Decoder } from "../../model/index.ts";
import type { FreeText } from "../types.ts";
import type { Calibration } from "./calibrate.ts";
import { emptyHead } from "./draw-rows.ts";
import { changeLogits, type HeadWeights, weightsHash } from "./head.ts";
import type { LogitsProcessor } from "./processor.ts";
import type { TraceSettings } from "./trace.ts";

/** A model that a head may steer. */
interface Steerable {
  decoder: Decoder;
  options: { topK?: number; topP?: number };
  tokenSubset: Int32Array;
  settings: TraceSettings;
  calibration: Pick<Calibration, "mean" | "deviation">;
}

/** The model for any text, at a temperature; without weights of a head it is the frozen model alone. */
export function freeTextOf(
  { decoder, options, tokenSubset, settings, calibration }: Steerable,
  temperature: number,
  weights: HeadWeights | null,
): FreeText {
  const { topK = 0, topP = 1 } = options;
  const common = { decoder, temperature, topK, topP };
  if (weights === null) return { ...common, fingerprint: decoder.hash };
  return {
    ...common,
    onLogits: withHead(weights, settings, calibration)(0).onLogits!,
    steered: [...tokenSubset],
    fingerprint: `${decoder.hash} ${weightsHash(weights, tokenSubset, calibration)}`,
  };
}

/** Multiplies the logits, which the generator's temperature divides. */
export function sharpened(width: number, factor: number): LogitsProcessor {
  const device = { head: emptyHead(width), factor };
  if (factor === 1) return { device };
  return {
    device,
    onLogits: ({ logits }) => {
      for (let i = 0; i < logits.length; i++) logits[i]! *= factor;
    },
  };
}

/** Changes the logits by the head, and multiplies them, which the generator's temperature divides; nothing is kept. */
export function withHead(
  weights: HeadWeights,
  { width, tokenSubset, standardise }: TraceSettings,
  { mean, deviation }: Pick<Calibration, "mean" | "deviation">,
  factor = 1,
) {
  const { rank, scale, A, B, bias } = weights;
  const device = { head: { tokenSubset, mean, deviation, rank, A: A.map((value) => value * scale), B, bias }, factor };
  return (_: number): LogitsProcessor => {
    const x = new Float32Array(width);
    return {
      device,
      onLogits: ({ rows, hidden, logits }) => {
        const vocabulary = logits.length / rows.length;
        for (let at = 0; at < rows.length; at++) {
          standardise(hidden.subarray(at * width, (at + 1) * width), x);
          changeLogits(weights, x, tokenSubset, logits.subarray(at * vocabulary, (at + 1) * vocabulary));
        }
        if (factor !== 1) for (let i = 0; i < logits.length; i++) logits[i]! *= factor;
      },
    };
  };
}
