/** What the options of opening a model and of drawing from it may be, shared by all that take them. Their meaning: the interfaces. */

import { callable, integerFrom, like, numberFrom, oneOf, optional, positiveInteger, text } from "../data/check.ts";
import { providers } from "./device.ts";
import { dtypes } from "./matmul.ts";

/** Of `SamplingOptions`. */
export const samplingEntries = {
  temperature: optional(numberFrom(0, Number.MAX_VALUE, "0 or a positive number")),
  topK: optional(integerFrom(0, Number.MAX_SAFE_INTEGER, "0 (all) or a positive integer")),
  topP: optional(numberFrom(Number.MIN_VALUE, 1, "above 0 and at most 1")),
};

/** Of `OpenModelOptions`. */
export const openEntries = {
  provider: optional(oneOf(...providers, "auto" as const)),
  threads: optional(positiveInteger),
  draws: optional(oneOf("host", "device")),
  peft: optional(text),
  adaptedBlocks: optional(integerFrom(0, Number.MAX_SAFE_INTEGER, "0 or a positive integer")),
  cacheFolder: optional(text),
  bundled: optional(text),
  dtype: optional(oneOf(...(Object.keys(dtypes) as (keyof typeof dtypes)[]))),
  onProgress: optional(callable("a function of the progress")),
};

/** A prompt's design by its name, or itself. */
export const promptEntry = optional(
  like<never>(
    (value) => typeof value === "string" || (typeof value === "object" && value !== null && "examples" in value),
    "the name of a prompt's design, or a design",
  ),
);
