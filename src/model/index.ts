/** Decoder models that are run, not trained: from disk to tokens. */

export { type ConvertProgress, cacheFolder } from "./convert.ts";
export type { RunOptions } from "./decoder.ts";
export { describeModelError, type ModelError, ModelFailure } from "./error.ts";
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
export { type OpenModelOptions, openModel } from "./open.ts";
export { randomModel } from "./random.ts";
export { type NamedTensor, packSafetensors, readSafetensorsHeader, readTensor } from "./safetensors.ts";
export { openTokenTable, type TokenTable } from "./tokens.ts";
export type * from "./types.ts";
