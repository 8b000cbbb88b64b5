/** Notebooks without a front end: run one, write it back, make a page of it. */

export {
  type Cell,
  formatNotebook,
  type Notebook,
  NotebookFailure,
  readNotebook,
  sourceOf,
} from "./format.ts";
export { type RunOptions, type RunProgress, type RunResult, runNotebook } from "./run.ts";
