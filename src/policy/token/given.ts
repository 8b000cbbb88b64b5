/** What the options of a token policy may be, shared by all that make one. Their meaning: the interfaces. */

import {
  anything,
  callable,
  either,
  integer,
  like,
  listOf,
  oneOf,
  optional,
  positiveInteger,
  positiveNumber,
  text,
} from "../../data/check.ts";
import { promptEntry, samplingEntries } from "../../model/options.ts";

/** Of `ProgramGeneratorOptions`. */
export const writerEntries = {
  ...samplingEntries,
  prompt: promptEntry,
  temperature: optional(positiveNumber),
  maxTokens: optional(positiveInteger),
  batch: optional(positiveInteger),
  ask: optional(callable<(observation: unknown) => string>("a function of the observation")),
};

/** Of `TokenPolicyOptions`. */
export const tokenEntries = {
  ...writerEntries,
  rank: optional(positiveInteger),
  scale: optional(like<number>(Number.isFinite, "a finite number")),
  seed: optional(integer),
  asks: optional(listOf(text, "a list of texts")),
  words: optional(either(oneOf("sampled", "all"), listOf(integer, "sampled, all, or a list of token ids"))),
  samples: optional(positiveInteger),
  calibration: anything<never>(),
};
