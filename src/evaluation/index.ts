/** Evaluation: policies side by side on the same seeds and tasks, with intervals, and the control of every claim. */

export type { Beyond } from "./claimed.ts";
export { type EvaluateOptions, evaluate } from "./evaluate.ts";
export type { Measures, Spread } from "./measure.ts";
export type { Outcome, Outcomes } from "./outcomes.ts";
export type { Contestants } from "./runs.ts";
export { type Sharpened, type SharpenOptions, type SharpenTrial, sharpen } from "./sharpen.ts";
export type { Evaluation, Result } from "./show.ts";
