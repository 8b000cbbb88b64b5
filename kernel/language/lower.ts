/**
 * Decorators and `accessor` fields, which V8 does not know yet, and namespaces in parts, written out by TypeScript 7.1 itself (standard decorators,
 * TC39 2023-11; the older kind where the folder's tsconfig.json says `experimentalDecorators`). The compiler is a process
 * that is started for this and ended after it: 20 to 40 ms, only for a text that has them.
 * Source: https://github.com/tc39/proposal-decorators. Not here: types off otherwise (`rewrite.ts`).
 */

import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { API } from "typescript-api/sync";

/** JavaScript with its source map. */
export interface Lowered {
  code: string;
  map: object;
  /** Top-level `using` declarations, which the code has as `const`: by name, the words to put back. */
  using: ReadonlyMap<string, string>;
}

interface Node {
  type: string;
  start: number;
  end: number;
  [key: string]: unknown;
}

/** The newest target that has decorators written out. */
const es2025 = 12;
const esNextModules = 99;

/**
 * Whether a parsed program has decorators or `accessor` fields, or a namespace in several parts, of which a later one may
 * use what an earlier one exports by its bare name: that takes the whole to write out. `source` is its text.
 */
export function needsLowering(source: string, program: unknown): boolean {
  if (/@|\baccessor\b/.test(source) && hasDecorator(program)) return true;
  return /\b(?:namespace|module)\b/.test(source) && hasMergedNamespace(program);
}

/** Whether a list of statements, at any depth, has a namespace and another declaration of the same name that it adds to. */
function hasMergedNamespace(node: unknown): boolean {
  if (Array.isArray(node)) {
    const names = node.flatMap(mergingName);
    const isMerged = node.some((one) => isNamespace(one) && mergingName(one).some((name) => isTwice(names, name)));
    return isMerged || node.some(hasMergedNamespace);
  }
  if (typeof node !== "object" || node === null) return false;
  return Object.values(node).some(hasMergedNamespace);
}

function isTwice(names: string[], name: string): boolean {
  return names.indexOf(name) !== names.lastIndexOf(name);
}

function isNamespace(node: unknown): boolean {
  return declarationIn(node).type === "TSModuleDeclaration";
}

/** The name of a namespace or an enum, of which several declarations make one. */
function mergingName(node: unknown): string[] {
  const { type, id, declare } = declarationIn(node);
  if ((type !== "TSModuleDeclaration" && type !== "TSEnumDeclaration") || declare === true) return [];
  let first = id as { type: string; name?: string; left?: unknown };
  while (first.type === "TSQualifiedName") first = first.left as typeof first;
  return first.name === undefined ? [] : [first.name];
}

function declarationIn(node: unknown): Partial<Node> {
  const { type, declaration } = (node ?? {}) as { type?: string; declaration?: Partial<Node> | null };
  return type === "ExportNamedDeclaration" && declaration ? declaration : ((node ?? {}) as Partial<Node>);
}

function hasDecorator(node: unknown): boolean {
  if (Array.isArray(node)) return node.some(hasDecorator);
  if (typeof node !== "object" || node === null) return false;
  const { type, decorators } = node as { type?: string; decorators?: unknown[] };
  if (type === "AccessorProperty" || (Array.isArray(decorators) && decorators.length > 0)) return true;
  return Object.values(node).some(hasDecorator);
}

/**
 * Writes out the decorators of a module, and takes its types off. `body` is the parsed top level. Throws an Error when the
 * compiler cannot be started.
 */
export function lower(source: string, body: unknown[], { directory }: { directory: string }): Lowered {
  // By require: a module's load hook has no time to wait for an import.
  const { API } = createRequire(import.meta.url)("typescript-api/sync") as typeof import("typescript-api/sync");
  const { text, using } = withoutUsing(source, body as Node[]);
  const api = new API({ cwd: directory });
  try {
    const { outputText, sourceMapText } = api.transpileModule(text, {
      fileName: "cell.mts",
      compilerOptions: {
        ...olderDecorators(api, directory),
        target: es2025,
        module: esNextModules,
        verbatimModuleSyntax: true,
        sourceMap: true,
      },
    });
    const code = outputText.replace(/\n\/\/# sourceMappingURL=.*$/, "\n");
    return { code, map: JSON.parse(sourceMapText ?? "{}") as object, using };
  } finally {
    api.close();
  }
}

/** With decorators the compiler writes out `using` too, and would put the rest of the text into a try. V8 knows it. */
function withoutUsing(source: string, body: Node[]): { text: string; using: Map<string, string> } {
  const using = new Map<string, string>();
  let text = source;
  for (const { type, kind, start, declarations } of body) {
    if (type !== "VariableDeclaration" || !/using$/.test(String(kind))) continue;
    const from = (declarations as Node[])[0]!.start;
    text = `${text.slice(0, start)}${"const".padEnd(from - start)}${text.slice(from)}`;
    for (const { id } of declarations as { id: { name: string } }[]) using.set(id.name, String(kind));
  }
  return { text, using };
}

function olderDecorators(api: API, directory: string): object {
  const file = join(directory, "tsconfig.json");
  if (!existsSync(file)) return {};
  const { experimentalDecorators, emitDecoratorMetadata } = api.parseConfigFile(file).options;
  return { ...(experimentalDecorators === true && { experimentalDecorators, emitDecoratorMetadata }) };
}
