/** What the options of a token policy may be, shared by all that make one. Their meaning: the interfaces. */

import {
  anything,
  callable,
  either,
  integer,
  like,
  listOf,
  oneOf,
  only,
  optional,
  positiveInteger,
  positiveNumber,
  text,
} from "../../data/check.ts";
import { promptEntry, samplingEntries } from "../../model/options.ts";
import type { AdapterOptions } from "./adapter/weights.ts";

/** Of `ProgramGeneratorOptions`. */
export const writerEntries = {
  ...samplingEntries,
  prompt: promptEntry,
  temperature: optional(positiveNumber),
  maxTokens: optional(positiveInteger),
  batch: optional(positiveInteger),
  ask: optional(callable<(observation: unknown) => string>("a function of the observation")),
};

/** Of `AdapterOptions`. */
const adapterSchema = only<AdapterOptions>(
  {
    blocks: optional(positiveInteger),
    rank: optional(positiveInteger),
    scale: optional(like<number>(Number.isFinite, "a finite number")),
  },
  "head, or an adapter's { blocks, rank, scale }",
);

/** Of `TokenPolicyOptions` with an adapter: it has no token subset, and is learned over all of the model's. */
export const adapterPolicyEntries = {
  prompt: writerEntries.prompt,
  temperature: writerEntries.temperature,
  maxTokens: writerEntries.maxTokens,
  batch: writerEntries.batch,
  ask: writerEntries.ask,
  seed: optional(integer),
  adapter: adapterSchema,
};

/** Of `TokenPolicyOptions`. */
export const tokenEntries = {
  ...writerEntries,
  adapter: optional(either(oneOf("head"), adapterSchema)),
  rank: optional(positiveInteger),
  scale: optional(like<number>(Number.isFinite, "a finite number")),
  seed: optional(integer),
  asks: optional(listOf(text, "a list of texts")),
  tokenSubset: optional(either(oneOf("sampled", "all"), listOf(integer, "sampled, all, or a list of token ids"))),
  samples: optional(positiveInteger),
  calibration: anything<never>(),
};
