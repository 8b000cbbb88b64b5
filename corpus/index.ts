/** The corpus that the small model is pretrained on: a grammar of asks and programs with seeds, rates and a held-out split. */

export {
  type DocumentOptions,
  defaultRates,
  drawDocument,
  drawExample,
  drawTask,
  families,
  splitOf,
} from "./draw.ts";
export { collectTokens } from "./tokens.ts";
export type * from "./types.ts";
export { drawBatch, drawTexts, type WindowOptions } from "./windows.ts";
