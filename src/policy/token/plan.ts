/**
 * A token policy as data for workers elsewhere: which model, what calibration found, how programs are written, and the head's
 * weights. The model itself stays where it is: a worker opens its own, and compares the hash.
 */

import type { Decoder, DecoderPlan } from "../../model/index.ts";
import type { PolicyPlan } from "../plan.ts";
import type { TrainablePolicy } from "../types.ts";
import type { AdapterOptions } from "./adapter/weights.ts";
import type { Calibration } from "./calibrate.ts";
import type { ProgramGenerator, ProgramGeneratorOptions } from "./generator.ts";
import type { Head } from "./head.ts";

/** Which of the policies that stand on one head; a temperature where it is drawn at another than the head's own. */
export interface TokenRole {
  as: "head" | "frozen" | "pretrained";
  temperature?: number;
}

/** What a token policy is made of, as far as a plan says it. */
export interface PlannedParts {
  decoder: Decoder;
  options: ProgramGeneratorOptions & { seed?: number };
  generator: ProgramGenerator;
  head: Head;
  tokenSubset: Int32Array;
  calibration: Pick<Calibration, "mean" | "deviation">;
}

/** What a plan's `about` holds, and `tokenPolicy` is made of again. */
export interface TokenAbout {
  model: DecoderPlan;
  role: TokenRole;
  options: ProgramGeneratorOptions & { rank?: number; scale?: number; seed: number; adapter?: AdapterOptions };
}

/** The plan. Throws a TypeError for what no data can say: a function of the observation, a model that came from no disk. */
export function tokenPlan(
  { decoder, options, generator, head, tokenSubset, calibration }: PlannedParts,
  role: TokenRole,
  weights: readonly Float32Array[],
): PolicyPlan {
  const { prompt, batch, temperature, maxTokens } = generator;
  const { topK = 0, topP = 1, seed = 0 } = options;
  const { rank, scale } = head;
  const about: TokenAbout = {
    model: modelOf(decoder, options),
    role,
    options: { prompt, batch, temperature, maxTokens, topK, topP, rank, scale, seed },
  };
  const { mean, deviation } = calibration;
  return { kind: "token", about: { ...about }, tensors: { tokenSubset, mean, deviation }, weights };
}

/** The plan of a policy whose last blocks learn. */
export function adapterPlan(
  {
    decoder,
    options,
    generator,
    adapter,
  }: Pick<PlannedParts, "decoder" | "options" | "generator"> & { adapter: Required<AdapterOptions> },
  role: TokenRole,
  weights: readonly Float32Array[],
): PolicyPlan {
  const { prompt, batch, temperature, maxTokens } = generator;
  const { blocks, rank, scale } = adapter;
  const about: TokenAbout = {
    model: modelOf(decoder, options),
    role,
    options: { prompt, batch, temperature, maxTokens, seed: 0, adapter: { blocks, rank, scale } },
  };
  return { kind: "token", about: { ...about }, tensors: {}, weights };
}

/** The numbers of variables now. */
export async function numbersOf(variables: TrainablePolicy["variables"]): Promise<Float32Array[]> {
  return (await Promise.all(variables.map((one) => one.data()))).map((values) => Float32Array.from(values));
}

/** A control that only sharpens, as a plan says it. */
export interface TemperatureAbout {
  model: DecoderPlan;
  options: Pick<ProgramGeneratorOptions, "prompt" | "maxTokens" | "batch">;
  /** Whether it is a copy that does not learn. */
  frozen: boolean;
}

/** The plan of such a control; `logS`: the logarithm of what multiplies the logits. */
export function temperaturePlan(
  { decoder, options, generator }: Pick<PlannedParts, "decoder" | "options" | "generator">,
  { frozen, logS }: { frozen: boolean; logS: number },
): PolicyPlan {
  const { prompt, batch, maxTokens } = generator;
  const about: TemperatureAbout = { model: modelOf(decoder, options), options: { prompt, maxTokens, batch }, frozen };
  return { kind: "temperature", about: { ...about }, tensors: {}, weights: [Float32Array.of(logS)] };
}

function modelOf({ plan }: Decoder, { ask }: ProgramGeneratorOptions): DecoderPlan {
  if (ask !== undefined)
    throw new TypeError("A token policy with an `ask` of its own cannot be sent to workers: functions do not travel");
  if (plan === undefined)
    throw new TypeError("The policy's model was opened from no name or path, so that no worker could open it");
  return plan;
}
