/** Notebooks without a front end: run one, write it back, make a page of it. */

export {
  type Cell,
  formatNotebook,
  type Notebook,
  NotebookFailure,
  readNotebook,
  sourceOf,
  writeWhole,
} from "./format.ts";
export { writePage } from "./page.ts";
export { type RunOptions, type RunProgress, type RunResult, runNotebook } from "./run.ts";
