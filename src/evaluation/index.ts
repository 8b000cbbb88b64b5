/** Evaluation: policies side by side on the same seeds and tasks, with intervals, and the control of every claim. */

export { type Contestants, type EvaluateOptions, evaluate } from "./evaluate.ts";
export type { LifeFacts, StepFacts } from "./facts.ts";
export type { Measures } from "./measure.ts";
export { type Sharpened, type SharpenOptions, type SharpenTrial, sharpen } from "./sharpen.ts";
export type { Evaluation, Result } from "./show.ts";
