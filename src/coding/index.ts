/** The code tasks: problems that are asked in five ways, and answers that are run and judged. Contract: types.ts. */

export { scoreAnswers, scorerVersion } from "./score.ts";
export type * from "./types.ts";
