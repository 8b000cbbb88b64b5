/**
 * The model: each committed cell is a module of its own, `__cellN.mts` in the notebook's folder, which exports what it
 * declares and imports only those earlier names that occur in it. So a name redeclared points at the newest cell, its type
 * follows, and a cell costs the same at any age of the session. What was a `let` is injected as a `let`, so that later
 * cells may assign it.
 * Not here: asking a compiler (`service-ask.ts`), running cells (`rewrite.ts`).
 */

import { committedCell, currentCell } from "./cell-paths.ts";
import { meaningOf } from "./meaning.ts";
import { isTooDeep, parse } from "./parse.ts";
import { namesOf, nestedVars } from "./pattern.ts";

/** How a name was declared. */
export type NameKind = "let" | "const" | "function" | "class" | "enum" | "namespace" | "type" | "import";

/** The cells so far, as modules. */
export interface Cells {
  /** Path of the cell that is being looked at. */
  readonly current: string;
  /** Names that earlier cells declare. */
  readonly names: ReadonlyMap<string, { cell: number; kind: NameKind }>;
  /**
   * Text of the current module: one line of injected names, then the cell. With `isRead`, a let is imported like the rest,
   * so that its documentation comes along; it cannot be assigned then.
   */
  module(
    source: string,
    options?: { extraNames?: Iterable<string>; isRead?: boolean },
  ): { text: string; headerLength: number };
  /** Keeps a cell: its module's path and text, and whether it must always be part of the program. */
  commit(source: string): { path: string; text: string; isRoot: boolean } | null;
}

type HeaderOptions = NonNullable<Parameters<Cells["module"]>[1]>;

interface Node {
  type: string;
  [key: string]: unknown;
}

/** The session's cells, as modules of a folder. */
export function createCells(directory: string): Cells {
  const names = new Map<string, { cell: number; kind: NameKind }>();
  let count = 0;

  const header = (source: string, own: Iterable<string>, { extraNames = [], isRead = false }: HeaderOptions = {}) => {
    const excluded = new Set(own);
    const wanted = new Set([...(source.match(/[\p{ID_Start}$_][\p{ID_Continue}$]*/gu) ?? []), ...extraNames]);
    const imports = new Map<number, string[]>();
    let lets = "";
    for (const name of wanted) {
      const from = names.get(name);
      if (from === undefined || excluded.has(name)) continue;
      if (from.kind === "let" && !isRead)
        lets += `declare let ${name}: typeof import("./__cell${from.cell}.mts").${name};`;
      else imports.set(from.cell, [...(imports.get(from.cell) ?? []), name]);
    }
    const lines = [...imports].map(([cell, list]) => `import{${list.join(",")}}from"./__cell${cell}.mts";`);
    return `${lines.join("")}${lets}\n`;
  };

  return {
    current: currentCell(directory),
    names,
    module(source, options) {
      const first = header(source, declarations(source)?.names.keys() ?? guessNames(source), options);
      const { text, before } = isTooDeep(source) ? { text: source, before: 0 } : meaningOf(source);
      return { text: first + text, headerLength: first.length + before };
    },
    commit(source) {
      const found = declarations(source);
      if (found === null) return null;
      const cell = ++count;
      const exported = [...found.names.keys()].filter((name) => !found.exported.has(name));
      const text = `${header(source, found.names.keys())}${meaningOf(source).text}\n;export{${exported.join(",")}};\n`;
      for (const [name, kind] of found.names) names.set(name, { cell, kind });
      return { path: committedCell(directory, cell), text, isRoot: found.augments };
    },
  };
}

interface Declarations {
  names: Map<string, NameKind>;
  exported: Set<string>;
  /** It declares globals or modules, for every later cell. */
  augments: boolean;
}

/** What a cell declares at its top level; null when it does not parse. */
function declarations(source: string): Declarations | null {
  if (isTooDeep(source)) return null;
  const { program, errors } = parse(meaningOf(source).text);
  if (errors.length > 0) return null;
  const found: Declarations = { names: new Map(), exported: new Set(), augments: false };
  const body = program.body as unknown as Node[];
  for (const node of body) declare(node, found, false);
  if (/\bvar\b/.test(source))
    for (const name of nestedVars(body)) if (!found.names.has(name)) found.names.set(name, "let");
  return found;
}

function declare(node: Node, found: Declarations, isExported: boolean): void {
  const add = (name: string, kind: NameKind): void => {
    // A type may share its name with a value: the value decides how it is injected, an import carries both.
    const before = found.names.get(name);
    found.names.set(name, before === undefined || before === kind ? kind : before === "let" ? "import" : before);
    if (isExported) found.exported.add(name);
  };
  const name = (): string => (node.id as Node).name as string;
  switch (node.type) {
    case "ExportNamedDeclaration":
      if (node.declaration) declare(node.declaration as Node, found, true);
      for (const { exported } of (node.specifiers ?? []) as { exported: Node }[])
        found.exported.add((exported.name ?? exported.value) as string);
      return;
    case "ExportDefaultDeclaration": {
      const inner = node.declaration as Node;
      if (/Declaration$/.test(inner.type) && inner.id) declare(inner, found, false);
      return;
    }
    case "VariableDeclaration": {
      const kind = node.kind === "let" || node.kind === "var" ? "let" : "const";
      for (const { id } of node.declarations as { id: Node }[]) for (const one of namesOf(id)) add(one, kind);
      return;
    }
    case "FunctionDeclaration":
    case "TSDeclareFunction":
      return add(name(), "function");
    case "ClassDeclaration":
      return add(name(), "class");
    case "TSEnumDeclaration":
      return add(name(), "enum");
    case "TSTypeAliasDeclaration":
    case "TSInterfaceDeclaration":
      return add(name(), "type");
    case "TSImportEqualsDeclaration":
      return add(name(), "import");
    case "TSModuleDeclaration":
    case "TSGlobalDeclaration": {
      let id = node.id as Node;
      while (id.type === "TSQualifiedName") id = id.left as Node;
      if (node.kind === "global" || node.type === "TSGlobalDeclaration" || id.type === "Literal") found.augments = true;
      else add(id.name as string, "namespace");
      return;
    }
    case "ImportDeclaration":
      for (const { local } of node.specifiers as { local: Node }[]) add(local.name as string, "import");
      return;
  }
}

/** Names that a cell being typed seems to declare: it does not parse yet. */
function guessNames(source: string): string[] {
  const plain = source.matchAll(
    /^[ \t]*(?:export\s+)?(?:declare\s+)?(?:abstract\s+)?(?:const\s+enum|async\s+function|const|let|var|using|function\*?|class|enum|namespace|type|interface)\s+([\p{ID_Start}$_][\p{ID_Continue}$]*)/gmu,
  );
  const patterns = source.matchAll(/^[ \t]*(?:const|let|var|import)\s*([^=;'"]*[{[][^=;'"]*)/gm);
  return [
    ...[...plain].map((match) => match[1]!),
    ...[...patterns].flatMap((match) => match[1]!.match(/[\p{ID_Start}$_][\p{ID_Continue}$]*/gu) ?? []),
  ];
}
