/** The worker thread of TypeScript 6.0's LanguageService: virtual cells over the disk, questions in, answers out. */

import { statSync } from "node:fs";
import { dirname, join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import ts from "typescript6";
import { type FolderOptions, mergeOptions } from "./service-options.ts";
import type { Change, EngineSetup, Files, RawCompletion, RawDiagnostic, RawInspection } from "./service-types.ts";
import type { Answer, Question } from "./typescript6.ts";
import { behindName } from "./typescript6-fields.ts";

/** How many completions are given with their signature. */
const signatureLimit = 15;

const setup = workerData as Omit<EngineSetup, "onBegun" | "onAsked" | "onEnd">;
const files: Files = {};
const versions = new Map<string, number>();
let roots = setup.roots;
const options = mergeOptions(setup, folderOptions()) as ts.CompilerOptions;

const service = ts.createLanguageService(
  {
    getCompilationSettings: () => options,
    getScriptFileNames: () => roots,
    getScriptVersion: (path) => (path in files ? `cell ${versions.get(path)}` : versionOnDisk(path)),
    getScriptSnapshot(path) {
      const text = files[path] ?? ts.sys.readFile(path);
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
    },
    getCurrentDirectory: () => setup.directory,
    getDefaultLibFileName: (own) => ts.getDefaultLibFilePath(own),
    fileExists: (path) => path in files || ts.sys.fileExists(path),
    readFile: (path, encoding) => files[path] ?? ts.sys.readFile(path, encoding),
    directoryExists: (path) => path === setup.directory || ts.sys.directoryExists(path),
    getDirectories: ts.sys.getDirectories,
    readDirectory: ts.sys.readDirectory,
    ...(ts.sys.realpath && { realpath: ts.sys.realpath }),
  },
  ts.createDocumentRegistry(),
);

const preferences: ts.GetCompletionsAtPositionOptions = {
  includeCompletionsForModuleExports: false,
  includeCompletionsWithInsertText: false,
};

const methods = {
  diagnostics(change: Change, path: string): RawDiagnostic[] {
    apply(change);
    const syntactic = service.getSyntacticDiagnostics(path);
    return (syntactic.length > 0 ? syntactic : service.getSemanticDiagnostics(path)).map(toRaw);
  },
  completions(change: Change, path: string, offset: number, prefix: string): RawCompletion[] {
    apply(change);
    const found = service.getCompletionsAtPosition(path, offset, preferences)?.entries ?? [];
    const entries = found.filter(({ name }) => name.startsWith(prefix));
    entries.sort((a, b) => (a.sortText < b.sortText ? -1 : a.sortText > b.sortText ? 1 : 0));
    return entries.map(({ name, kind }, i): RawCompletion => {
      const item = { text: name, type: kinds[kind] ?? (kind.includes("keyword") ? "keyword" : kind) };
      if (i >= signatureLimit || item.type === "keyword") return item;
      const details = service.getCompletionEntryDetails(
        path,
        offset,
        name,
        undefined,
        undefined,
        preferences,
        undefined,
      );
      if (details === undefined) return item;
      const signature = plain(details.displayParts).replace(/\s+/g, " ");
      const [, aliased] = kind === "alias" ? (/^(function|class|enum|interface)\b/.exec(signature) ?? []) : [];
      return { ...item, ...(aliased !== undefined && { type: aliased }), signature };
    });
  },
  inspect(change: Change, path: string, offset: number): RawInspection | null {
    apply(change);
    const info = service.getQuickInfoAtPosition(path, offset);
    if (info === undefined) return null;
    const declaration = plain(info.displayParts);
    if (declaration === "any") return null; // a name that is nowhere
    const tags = (info.tags ?? []).map((tag) => `*@${tag.name}* ${ts.displayPartsToString(tag.text)}`.trimEnd());
    const own = [ts.displayPartsToString(info.documentation), ...tags].filter((part) => part !== "").join("\n\n");
    const behind = behindName(service.getProgram()!, path, offset);
    const parts = [own || behind.documentation, behind.fields].filter((part) => part !== "");
    return { declaration, documentation: parts.join("\n\n") };
  },
};

/** A declaration without the import or export through which the cell sees it. */
function plain(parts: ts.SymbolDisplayPart[] | undefined): string {
  return ts
    .displayPartsToString(parts)
    .replace(/^\(alias\) /, "")
    .replace(/\n(import|export) [^\n]*$/, "");
}

function apply(change: Change): void {
  for (const [path, text] of Object.entries(change.files)) {
    files[path] = text;
    versions.set(path, (versions.get(path) ?? 0) + 1);
  }
  roots = change.roots;
}

/** Packages are taken as they were when first read; the user's own files are looked at again each time. */
function versionOnDisk(path: string): string {
  const time = path.includes("node_modules") ? "any" : statSync(path, { throwIfNoEntry: false })?.mtimeMs;
  return `disk ${time}`;
}

function folderOptions(): FolderOptions {
  const path = join(setup.directory, "tsconfig.json");
  if (!ts.sys.fileExists(path)) return {};
  const { config } = ts.readConfigFile(path, ts.sys.readFile) as { config?: object };
  return ts.parseJsonConfigFileContent(config ?? {}, ts.sys, dirname(path), {}, path).options as FolderOptions;
}

function toRaw({ start, length, code, category, messageText }: ts.Diagnostic): RawDiagnostic {
  const message = ts.flattenDiagnosticMessageText(messageText, "\n");
  const severity = category === ts.DiagnosticCategory.Error ? "error" : "warning";
  return { start: start!, end: start! + length!, code, message, severity }; // of a file's text, all of them
}

const kinds: { [kind: string]: string } = {
  const: "variable",
  let: "variable",
  var: "variable",
  "local var": "variable",
  parameter: "variable",
  alias: "variable",
  "local function": "function",
  "local class": "class",
  constructor: "function",
  construct: "function",
  getter: "property",
  setter: "property",
  "enum member": "property",
  "primitive type": "keyword",
  "type parameter": "type",
};

const port = parentPort!;
port.on("message", ({ id, method, parameters }: Question) => {
  try {
    const result = (methods[method] as (...given: unknown[]) => unknown)(...parameters);
    port.postMessage({ id, result } satisfies Answer);
  } catch (error) {
    port.postMessage({ id, error: (error as Error).message } satisfies Answer);
  }
});
port.postMessage({ id: 0 } satisfies Answer);
