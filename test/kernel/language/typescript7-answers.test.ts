/** What TypeScript 7.1 says, in the service's own form: faults with what explains them, completions with kinds and signatures. */

import assert from "node:assert/strict";
import { CompletionItemKind as Kind, SymbolFlags } from "typescript-api/async";
import { toRaw, withSignatures } from "../../../kernel/language/typescript7-answers.ts";

describe("what TypeScript 7.1 says", () => {
  it("is a fault with the lines that explain it, further in at each depth", () => {
    const leaf = (text: string, messageChain?: object[]) => ({ text, messageChain });
    const explained = [leaf("b", [leaf("c"), leaf("d", [leaf("e")])]), leaf("f")];
    const found = { pos: 3, end: 7, code: 2322, category: 1, text: "a", messageChain: explained };
    assert.deepEqual(toRaw(found as never), {
      ...{ start: 3, end: 7, code: 2322, severity: "error" },
      message: "a\n  b\n    c\n    d\n      e\n  f",
    });
    for (const [category, severity] of [
      [0, "warning"],
      [1, "error"],
      [2, "warning"],
      [3, "warning"],
    ] as const) {
      const raw = toRaw({ pos: 0, end: 1, code: 1, category, text: "m" } as never);
      assert.deepEqual([raw.severity, raw.message], [severity, "m"]);
    }
  });

  it("is a name of a kind that Jupyter knows, without the mark of a field that may be left out", async () => {
    const kinds: [kind: number | undefined, type: string][] = [
      [Kind.Method, "method"],
      [Kind.Function, "function"],
      [Kind.Constructor, "function"],
      [Kind.Field, "property"],
      [Kind.Property, "property"],
      [Kind.Variable, "variable"],
      [Kind.Constant, "variable"],
      [Kind.Class, "class"],
      [Kind.Interface, "interface"],
      [Kind.Module, "module"],
      [Kind.Enum, "enum"],
      [Kind.EnumMember, "property"],
      [Kind.Keyword, "keyword"],
      [Kind.File, "path"],
      [Kind.Folder, "path"],
      [Kind.TypeParameter, "type"],
      [Kind.Text, "text"],
      [undefined, "text"],
    ];
    const entries = kinds.map(([kind], i) => ({ name: `n${i}?`, kind }));
    assert.deepEqual(
      await withSignatures(entries as never, {} as never),
      kinds.map(([, type], i) => ({ text: `n${i}`, type })),
    );
  });

  it("has a signature for the first thirty that have one, of what a name stands for; functions and classes are called so", async () => {
    const asked: string[] = [];
    const checker = {
      getAliasedSymbol: async (symbol: { target: object }) => symbol.target,
      getTypeOfSymbol: async (symbol: { type: string }) => symbol.type,
      typeToString: async (type: string) => {
        asked.push(type);
        return `(${type})`;
      },
    };
    const symbol = (flags: number, type: string) => ({ flags, type });
    const named = (name: string, given?: object) => ({ name, kind: Kind.Variable, symbol: given });
    const alias = (target: object) => ({ flags: SymbolFlags.Alias, target });
    const entries = [
      named("plain"),
      named("value", symbol(SymbolFlags.BlockScopedVariable, "v")),
      named("f", symbol(SymbolFlags.Function, "f")),
      named("C", symbol(SymbolFlags.Class, "C")),
      named("type", symbol(SymbolFlags.Interface, "T")),
      named("imported", alias(symbol(SymbolFlags.Function, "g"))),
      named("importedType", alias(symbol(SymbolFlags.TypeAlias, "T"))),
    ];
    assert.deepEqual(await withSignatures(entries as never, checker as never), [
      { text: "plain", type: "variable" },
      { text: "value", type: "variable", signature: "(v)" },
      { text: "f", type: "function", signature: "(f)" },
      { text: "C", type: "class", signature: "(C)" },
      { text: "type", type: "variable" },
      { text: "imported", type: "function", signature: "(g)" },
      { text: "importedType", type: "variable" },
    ]);
    asked.length = 0;
    const many = Array.from({ length: 40 }, (_, i) => named(`n${i}`, symbol(SymbolFlags.Property, `${i}`)));
    const list = await withSignatures([named("first"), ...many] as never, checker as never);
    assert.equal(asked.length, 30);
    assert.deepEqual(
      list.map(({ signature }) => signature !== undefined),
      [false, ...many.map((_, i) => i < 30)],
    );
  });
});
