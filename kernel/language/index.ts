/** The language of cells: TypeScript, prepared for V8's REPL mode. */

export { type Completeness, isComplete } from "./complete.ts";
export { CellSyntaxError, cellName, type PreparedCell, prepareCell } from "./rewrite.ts";
