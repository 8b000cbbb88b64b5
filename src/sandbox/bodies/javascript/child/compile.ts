/**
 * From a step's program to the text that the isolate evaluates: parsed alone, then rewritten so that what its top level
 * declares lands in the agent's state. Runs in the child beside `main.ts`, which passes it acorn; no imports but types,
 * for the same reason.
 */

import type * as Acorn from "acorn";

interface Edit {
  start: number;
  end: number;
  text: string;
}

(globalThis as unknown as { makeCompile: unknown }).makeCompile = (acorn: typeof Acorn): ((code: string) => string) => {
  /** `awaits`: at its top level, so that it must run as an async function. */
  const parse = (code: string): { tree: Acorn.Program; awaits: boolean } => {
    const options = { ecmaVersion: "latest", allowReturnOutsideFunction: true, allowHashBang: false } as const;
    const maybe = /\bawait\b/.test(code);
    const read = (sourceType: "script" | "module", allowAwaitOutsideFunction: boolean) => {
      const tree = acorn.parse(code, { ...options, sourceType, allowAwaitOutsideFunction });
      return { tree, awaits: allowAwaitOutsideFunction && hasTopAwait(tree) };
    };
    try {
      return read("script", maybe);
    } catch (error) {
      if (/\b(import|export)\b/.test(code))
        try {
          return read("module", maybe);
        } catch {}
      throw error;
    }
  };

  const hasTopAwait = (value: unknown): boolean => {
    if (typeof value !== "object" || value === null) return false;
    const node = value as { type?: string; await?: boolean };
    if (node.type === "AwaitExpression" || (node.type === "ForOfStatement" && node.await === true)) return true;
    if (node.type?.endsWith("FunctionExpression") || node.type === "FunctionDeclaration") return false;
    return Object.values(value).some(hasTopAwait);
  };

  /**
   * Parses a program alone, so that none can break out of the text around it; then rewrites its top level so that what
   * it declares lands in the state. The first character says whether it awaits (`~`) or not (`=`).
   */
  const compile = (code: string): string => {
    const { tree, awaits } = parse(code);
    const edits: Edit[] = [];
    if (code.includes("import"))
      for (const at of dynamicImports(tree)) edits.push({ start: at, end: at + "import".length, text: "__import" });
    const imports = [...edits];
    const names = new Set<string>();
    const hoisted: string[] = [];
    for (const node of tree.body) rewriteTop(node, code, { edits, imports, names, hoisted });
    const declared = [...names]
      .map((name) => JSON.stringify(name))
      .map((name) => `if(!(${name} in this.state))this.state[${name}]=undefined;`);
    // The program's lines are one less than the script's. Its functions are arguments of the call, so they are made
    // before it runs, as hoisting would; nothing here has a name that a program could meet.
    const arrow = awaits ? "async()=>" : "()=>";
    const body = applyEdits(code, edits, 0);
    return `${awaits ? "~" : "="}(function(self){${declared.join("")}with(this.state){return (${arrow}{\n${body}\n})(${hoisted.join(",")})}})\n//# sourceURL=program.js`;
  };

  /** Replaces parts of a text that begins at `offset` of the one the edits were made for. Of two at one place the later one comes first. */
  const applyEdits = (text: string, edits: readonly Edit[], offset: number): string => {
    const pieces: string[] = [];
    let at = 0;
    for (const { start, end, text: put } of [...edits].reverse().sort((x, y) => x.start - y.start)) {
      pieces.push(text.slice(at, start - offset), put);
      at = Math.max(at, end - offset);
    }
    return pieces.join("") + text.slice(at);
  };

  const rewriteTop = (
    node: Acorn.Statement | Acorn.ModuleDeclaration,
    code: string,
    { edits, imports, names, hoisted }: { edits: Edit[]; imports: Edit[]; names: Set<string>; hoisted: string[] },
  ): void => {
    switch (node.type) {
      case "VariableDeclaration": {
        const targets = node.declarations.flatMap((d) => namesOf(d.id));
        for (const name of targets) names.add(name);
        const [first] = node.declarations;
        edits.push({ start: node.start, end: first!.start, text: "" });
        for (const d of node.declarations) {
          if (d.init === null || d.init === undefined) {
            // `let x;` resets x; `var x;` keeps what it holds.
            const name = code.slice(d.id.start, d.id.end);
            edits.push({ start: d.end, end: d.end, text: node.kind === "var" ? "" : `=(${name}=undefined)` });
          } else if (d.id.type !== "Identifier") {
            edits.push({ start: d.start, end: d.start, text: "(" }, { start: d.end, end: d.end, text: ")" });
          } else if (isAnonymousFunction(d.init)) {
            // Keeps the name that a declaration would have given to a function expression.
            edits.push({ start: d.init.start, end: d.init.start, text: `({${d.id.name}:` });
            edits.push({ start: d.init.end, end: d.init.end, text: `}).${d.id.name}` });
          }
        }
        edits.push({ start: node.start, end: node.start, text: ";" });
        break;
      }
      case "FunctionDeclaration": {
        const { start, end } = node;
        const source = code.slice(start, end);
        const inside = imports.filter((edit) => edit.start >= start && edit.end <= end);
        names.add(node.id.name);
        hoisted.push(`this.state.${node.id.name}=${applyEdits(source, inside, start)}`);
        for (const edit of inside) edits.splice(edits.indexOf(edit), 1);
        edits.push({ start, end, text: source.replace(/[^\n]/g, " ") });
        break;
      }
      case "ClassDeclaration":
        names.add(node.id.name);
        edits.push({ start: node.start, end: node.start, text: `;${node.id.name}=` });
        edits.push({ start: node.end, end: node.end, text: ";" });
        break;
      case "ImportDeclaration":
        rewriteImport(node, edits, names);
        break;
      case "ExportNamedDeclaration":
      case "ExportDefaultDeclaration":
        throw new SyntaxError("export is not allowed in a step's program");
    }
  };

  const rewriteImport = (node: Acorn.ImportDeclaration, edits: Edit[], names: Set<string>): void => {
    const from = `require(${JSON.stringify(node.source.value)})`;
    let text = `;${from};`;
    for (const specifier of node.specifiers) {
      const local = specifier.local.name;
      names.add(local);
      if (specifier.type === "ImportSpecifier") {
        const imported = specifier.imported.type === "Identifier" ? specifier.imported.name : specifier.imported.value;
        text += `${local}=${from}[${JSON.stringify(imported)}];`;
      } else text += `${local}=${from};`;
    }
    edits.push({ start: node.start, end: node.end, text });
  };

  const isAnonymousFunction = (node: Acorn.Expression): boolean =>
    node.type === "ArrowFunctionExpression" ||
    ((node.type === "FunctionExpression" || node.type === "ClassExpression") && !node.id);

  const namesOf = (pattern: Acorn.Pattern): string[] => {
    switch (pattern.type) {
      case "Identifier":
        return [pattern.name];
      case "ObjectPattern":
        return pattern.properties.flatMap((p) => namesOf(p.type === "RestElement" ? p.argument : p.value));
      case "ArrayPattern":
        return pattern.elements.flatMap((e) => (e === null ? [] : namesOf(e)));
      case "RestElement":
        return namesOf(pattern.argument);
      case "AssignmentPattern":
        return namesOf(pattern.left);
      default:
        return [];
    }
  };

  const dynamicImports = (tree: Acorn.Node): number[] => {
    const found: number[] = [];
    const visit = (value: unknown): void => {
      if (typeof value !== "object" || value === null) return;
      const node = value as { type?: string; start: number };
      if (node.type === "ImportExpression") found.push(node.start);
      for (const key of Object.keys(value)) visit((value as { [key: string]: unknown })[key]);
    };
    visit(tree);
    return found;
  };

  return compile;
};
