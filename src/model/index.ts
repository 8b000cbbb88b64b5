/** Decoder models that are run, not trained: from disk to tokens. */

export { cacheFolder } from "../data/cache.ts";
export { adaptedLayers, adaptedMatrices, adapterHash, blockPrefix } from "./adapter.ts";
export { encodeTexts } from "./aside.ts";
export { createBatch, endsRow } from "./batch.ts";
export type {
  Batch,
  BatchOptions,
  BatchRow,
  DrawnToken,
  EnteringStates,
  Generated,
  Prefix,
  StepLogits,
} from "./batch-types.ts";
export { type ChatText, chatText } from "./chat.ts";
export { type GraphInput, type OpenGraph, openGraph } from "./compute.ts";
export type { ConvertProgress } from "./convert.ts";
export type { RunOptions } from "./decoder.ts";
export { type Provider, providers } from "./device.ts";
export { createEngine, type Engine, EngineFull, type EngineOptions, type Job } from "./engine.ts";
export { describeModelError, type ModelError, ModelFailure } from "./error.ts";
export { type Forced, type ForceOptions, force } from "./forced.ts";
export { type GenerateOptions, generate, runPrefix } from "./generate.ts";
export { type Dtype, dtypes } from "./matmul.ts";
export { createGraph, type GraphBuilder, type GraphParts, type InnerBuilder, type LoadFloats } from "./onnx.ts";
export { type OpenModelOptions, openModel, splitHash } from "./open.ts";
export { writePeft } from "./peft.ts";
export {
  checkPrompt,
  loadPrompt,
  type PromptDesign,
  promptOwn,
  promptPrefix,
  promptTexts,
  usualPrompt,
} from "./prompt.ts";
export { randomModel } from "./random.ts";
export { rotaryFrequencies, rotaryScale, rotaryTables } from "./rope.ts";
export { type NamedTensor, packSafetensors, readSafetensorsHeader, readTensor } from "./safetensors.ts";
export type { SamplingOptions } from "./sample.ts";
export { cutShared } from "./shared.ts";
export { createTextStream, modelLogProbs, type TextStream } from "./stream.ts";
export type { ChatTemplate, ChatTurn } from "./template.ts";
export { openTokenTable, type TokenTable } from "./tokens.ts";
export type * from "./types.ts";
