/** The language of cells: TypeScript, prepared for V8's REPL mode. */

export { type Completeness, isComplete } from "./complete.ts";
export { createLanguageService, type LanguageService, type LanguageServiceOptions } from "./service.ts";
export { formatDiagnostics, type TypeCheckMode, type TypeCheckModeOptions, typeCheckMode } from "./service-report.ts";
export type {
  Completion,
  CompletionItem,
  Diagnostic,
  Implementation,
  Inspection,
  ServiceStatus,
} from "./service-types.ts";
