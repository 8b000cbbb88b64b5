/** Decoder models that are run, not trained: from disk to tokens. */

export {
  type DrawnToken,
  type Generated,
  type GenerateOptions,
  generate,
  type Prefix,
  runPrefix,
  type SamplingOptions,
  type StepLogits,
} from "./generate.ts";
export type * from "./types.ts";
