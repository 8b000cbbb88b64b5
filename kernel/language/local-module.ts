/**
 * A reader's own .ts file, made ready for Node: a module if it is written as one, whatever `type` a package.json has; names of
 * types taken out of its imports and exports, as TypeScript does; what `require` has and a module has not, put back. Node strips
 * the rest of the types, and every line and column stays where it is. Only where stripping is not enough (enums, namespaces,
 * parameter properties, decorators, `accessor`, `import a = require()`, `export =`) is the file compiled, with a source map.
 * Not here: which files are the reader's own (`kernel/session/user/local-files.ts`).
 */

import { transformSync } from "oxc-transform";
import { type FindFile, isLocalType, isTypeExport, nameOf } from "./exports.ts";
import { lower, needsLowering } from "./lower.ts";
import { parse } from "./parse.ts";

/** A file as Node may load it. */
export interface LocalModule {
  code: string;
  isModule: boolean;
  /** Whether types are still in it. */
  isTyped: boolean;
}

/** What may need more than stripping, by its looks. */
const suspicious =
  /@|\b(?:accessor|enum|namespace|module)\b|\b(?:public|private|protected|readonly|override)\s|\bimport\s+[\w$]+\s*=|\bexport\s*=/;

interface Node {
  type: string;
  start: number;
  end: number;
  [key: string]: unknown;
}

/** Whether a text is written as a module: imports, exports, `import.meta`, an await at its top. */
export function isModuleText(source: string, file: string): boolean {
  const { module, errors, program } = parse(source, { file });
  return errors.length === 0 && isWrittenAsModule(module, program.body as unknown as Node[]);
}

/** `export = x` is CommonJS, whatever else looks like a module. */
function isWrittenAsModule({ hasModuleSyntax }: { hasModuleSyntax: boolean }, body: readonly Node[]): boolean {
  return !body.some(({ type }) => type === "TSExportAssignment") && (hasModuleSyntax || awaitsAtTop(body));
}

/**
 * Makes a TypeScript file ready; null for one that does not parse, which Node says best. Throws an Error when decorators are
 * there and no compiler.
 */
export function compileLocalModule(
  source: string,
  { file, directory, find }: { file: string; directory: string; find: FindFile },
): LocalModule | null {
  const { program, errors, module } = parse(source, { file });
  if (errors.length > 0) return null;
  const body = program.body as unknown as Node[];
  const isModule = isWrittenAsModule(module, body);
  if (suspicious.test(source) && needsLowering(source, program)) {
    const { code, map } = lower(source, [], { directory });
    return { code: withMap(code, map, file, source), isModule, isTyped: false };
  }
  const text = isModule ? withCommonJsNames(withoutTypeNames(source, { file, body, find }), body) : source;
  if (!(suspicious.test(source) && leavesCode(program)) && !file.endsWith(".tsx"))
    return { code: text, isModule, isTyped: true };
  const done = transform(file, text);
  return done.errors.length > 0
    ? null
    : { code: withMap(done.code, done.map!, file, source), isModule, isTyped: false };
}

function transform(file: string, source: string) {
  const lang = file.endsWith(".tsx") ? "tsx" : "ts";
  return transformSync(file, source, { lang, sourceType: "module", sourcemap: true, target: "esnext" });
}

/** Blanks the names of types in imports and exports: those that are used as types only, and those that are passed on. */
function withoutTypeNames(
  source: string,
  { file, body, find }: { file: string; body: readonly Node[]; find: FindFile },
): string {
  const among = (specifier: unknown, name: string): boolean => {
    const found = find(nameOf(specifier), file);
    return found !== null && isTypeExport(name, found.file, found.source, find);
  };
  const used = namesOfImports(transform(file, source).code);
  let text = source;
  for (const node of body) {
    if (node.type === "ImportDeclaration" && node.importKind !== "type") {
      const specifiers = node.specifiers as Node[];
      const types = specifiers.filter(
        ({ local }) =>
          !used.has(nameOf(local)) || (isExported(nameOf(local), body) && isLocalType(nameOf(local), body, among)),
      );
      if (specifiers.length > 0 && types.length === specifiers.length) text = blank(text, node.start, node.end);
      else for (const one of types) if (one.importKind !== "type") text = blankItem(text, one);
    } else if (node.type === "ExportNamedDeclaration" && node.declaration == null && node.exportKind !== "type") {
      for (const one of node.specifiers as Node[]) {
        const name = nameOf(one.local);
        const isType = node.source == null ? isLocalType(name, body, among) : among(node.source, name);
        if (isType && one.exportKind !== "type") text = blankItem(text, one);
      }
    }
  }
  return text;
}

/** Names that the code still imports once TypeScript's rule is followed: what is not used as a value is left out. */
function namesOfImports(code: string): Set<string> {
  const body = parse(code, { file: "code.js" }).program.body as unknown as Node[];
  const imports = body.filter(({ type }) => type === "ImportDeclaration");
  return new Set(imports.flatMap(({ specifiers }) => (specifiers as Node[]).map(({ local }) => nameOf(local))));
}

function isExported(name: string, body: readonly Node[]): boolean {
  return body.some(
    ({ type, source, specifiers }) =>
      type === "ExportNamedDeclaration" &&
      source == null &&
      ((specifiers ?? []) as Node[]).some(({ local }) => nameOf(local) === name),
  );
}

function blank(text: string, start: number, end: number): string {
  return text.slice(0, start) + text.slice(start, end).replace(/[^\n\r]/g, " ") + text.slice(end);
}

/** Blanks one of a list, with the comma after it. */
function blankItem(text: string, { start, end }: Node): string {
  const comma = /^(?:\s|\/\*[^]*?\*\/|\/\/[^\n]*\n)*,/.exec(text.slice(end))?.[0].length ?? 0;
  return blank(text, start, end + comma);
}

/** `require`, `__dirname` and their like, for a file that was written for a compiler to CommonJS and uses them. */
function withCommonJsNames(text: string, body: readonly Node[]): string {
  const given: [name: string, value: string][] = [
    ["__dirname", "import.meta.dirname"],
    ["__filename", "import.meta.filename"],
    ["require", 'process.getBuiltinModule("node:module").createRequire(import.meta.url)'],
  ];
  const wanted = given.filter(([name]) => new RegExp(`(?<![.\\w$])${name}\\b`).test(text) && !declares(body, name));
  if (wanted.length === 0) return text;
  // On the first line, so that every other stays where it is.
  const shebang = /^#![^\n]*\n/.exec(text)?.[0] ?? "";
  const line = `const ${wanted.map(([name, value]) => `${name} = ${value}`).join(", ")};`;
  return `${shebang}${line}${text.slice(shebang.length)}`;
}

function declares(body: readonly Node[], name: string): boolean {
  return body.some((node) => {
    const inner = (node.type.startsWith("Export") && (node.declaration as Node | null)) || node;
    const locals = ((inner.specifiers ?? []) as Node[]).map(({ local }) => local);
    const variables = ((inner.declarations ?? []) as Node[]).map(({ id }) => id);
    return [inner.id, ...locals, ...variables].some((one) => one != null && nameOf(one) === name);
  });
}

function awaitsAtTop(node: unknown): boolean {
  if (Array.isArray(node)) return node.some(awaitsAtTop);
  if (typeof node !== "object" || node === null) return false;
  const { type, await: isAwait } = node as Node;
  if (type === "AwaitExpression" || (type === "ForOfStatement" && isAwait === true)) return true;
  if (/Function|^MethodDefinition|^ClassBody/.test(type ?? "")) return false;
  return Object.values(node).some(awaitsAtTop);
}

/** Whether the syntax leaves code behind that is not in the text. */
function leavesCode(node: unknown): boolean {
  if (Array.isArray(node)) return node.some(leavesCode);
  if (typeof node !== "object" || node === null) return false;
  const { type, declare, importKind } = node as { type?: string; declare?: boolean; importKind?: string };
  if (declare === true) return false;
  if (type === "TSEnumDeclaration" || type === "TSModuleDeclaration" || type === "TSParameterProperty") return true;
  if (type === "TSExportAssignment" || (type === "TSImportEqualsDeclaration" && importKind !== "type")) return true;
  return Object.values(node).some(leavesCode);
}

function withMap(code: string, map: object, file: string, source: string): string {
  const text = JSON.stringify({ ...map, sources: [file], sourcesContent: [source] });
  return `${code}\n//# sourceMappingURL=data:application/json;base64,${Buffer.from(text).toString("base64")}\n`;
}
