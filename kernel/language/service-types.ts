/** What the language service answers, and what an implementation of the compiler must offer it. Not here: any of them. */

/** A fault that the compiler found in a cell. Lines and columns count from 1, columns in UTF-16 units; `end` is excluded. */
export interface Diagnostic {
  line: number;
  column: number;
  endLine: number;
  endColumn: number;
  /** The compiler's number: 2322 for TS2322. */
  code: number;
  message: string;
  severity: "error" | "warning";
}

/** One suggestion, as in Jupyter's `_jupyter_types_experimental`. `start` and `end` are what it replaces, in code points. */
export interface CompletionItem {
  text: string;
  type: string;
  start: number;
  end: number;
  signature?: string;
}

/** The answer to a `complete_request`; cursors count Unicode code points, as Jupyter 5.2 and later do. */
export interface Completion {
  matches: string[];
  cursorStart: number;
  cursorEnd: number;
  types: CompletionItem[];
}

/** The answer to an `inspect_request`. */
export interface Inspection {
  found: boolean;
  data: { "text/plain"?: string; "text/markdown"?: string };
}

/** Whether cells are being checked, by what, and why not. */
export interface ServiceStatus {
  available: boolean;
  implementation: Implementation;
  /** One sentence, when it is not available. */
  reason?: string;
}

/** Which compiler answers. */
export type Implementation = "typescript7" | "typescript6";

/** Text of virtual files, by absolute path. */
export type Files = { [path: string]: string };

/** What a compiler says about a span of a file: offsets in UTF-16 units. */
export interface RawDiagnostic {
  start: number;
  end: number;
  code: number;
  message: string;
  severity: "error" | "warning";
}

/** A name that the compiler would put at a position. */
export interface RawCompletion {
  text: string;
  type: string;
  signature?: string;
}

/** What stands at a position: its declaration as TypeScript, its documentation as Markdown. */
export interface RawInspection {
  declaration: string;
  documentation: string;
}

/** What an engine is started with. */
export interface EngineSetup {
  directory: string;
  /** Files that are always part of the program. */
  roots: string[];
  /** Options under those of a tsconfig.json in the directory. Enums are numbers. */
  defaults: CompilerOptions;
  /** Options above everything. */
  forced: CompilerOptions;
  /** Called when its process is about to be started. */
  onBegun?(): void;
  /** Called when the first work is about to be written to it. */
  onAsked?(): void;
  /** Called once when the compiler ended by itself. */
  onEnd(why: string): void;
}

/** Compiler options in the form that both compilers take: enums as numbers, libraries as file names. */
export type CompilerOptions = { [option: string]: string | number | boolean | string[] | Paths };

/** Where modules are found: patterns of names, each with absolute paths to try. */
export type Paths = { [pattern: string]: string[] };

/** A change of the virtual files, given with the question that follows it. */
export interface Change {
  files: Files;
  /** All root files. */
  roots: string[];
}

/** A compiler. Questions come one at a time. */
export interface Engine {
  /** Process that answers, when it is another one. */
  readonly pid: number | undefined;
  diagnostics(change: Change, path: string): Promise<RawDiagnostic[]>;
  /** Names at an offset; those whose text begins with `prefix`, signatures for the first few. */
  completions(change: Change, path: string, offset: number, prefix: string): Promise<RawCompletion[]>;
  inspect(change: Change, path: string, offset: number): Promise<RawInspection | null>;
  /**
   * Files' declarations with every type written out, by path; those that cannot be written are not among them. Left out
   * where a change of the program costs more than this saves.
   */
  declarations?(change: Change, paths: readonly string[]): Promise<ReadonlyMap<string, string>>;
  dispose(): Promise<void>;
}
