/** The code tasks: problems that are asked in five ways, and answers that are run and judged. Contract: types.ts. */

export type { KeptAnswer, KeptScore } from "./answers-file.ts";
export type { WorstAnswer, WorstAnswers } from "./answers-shown.ts";
export type { CodeContestant, CodeContestants } from "./contestants.ts";
export type { CodeElsewhere, PartAnswers } from "./elsewhere.ts";
export { type EvaluateCodeOptions, evaluateCode } from "./evaluate-code.ts";
export { type CodeExercise, type CodeTask, codeTasks } from "./exercises.ts";
export { type CodeCost, type CodeShare, type ContestantFigures, passAtK, type TaskFigures } from "./figures.ts";
export type { Graded } from "./grade.ts";
export { type HumanEvalOptions, humanEvalPack } from "./humaneval.ts";
export { codeProblems, type ProblemOptions } from "./problems.ts";
export { type CodePrompts, codePrompts } from "./prompts.ts";
export { qualityOf } from "./quality.ts";
export type { CodeQualities } from "./quality-shown.ts";
export { scoreAnswers, scorerVersion } from "./score.ts";
export { noteSealedReading, type SealedReading } from "./sealed.ts";
export type { CodeEvaluation } from "./show.ts";
export type { CodeClaim } from "./told.ts";
export type * from "./types.ts";
