/** What TypeScript 7.1 says, in the service's own form: faults, and completions with their signatures. */

import {
  type Checker,
  type CompletionEntry,
  CompletionItemKind,
  type Diagnostic,
  SymbolFlags,
} from "typescript-api/async";
import type { RawCompletion, RawDiagnostic } from "./service-types.ts";

/** How many completions are given with their signature: each costs a question. */
const signatureLimit = 30;

/** A fault that the compiler found. */
export function toRaw({ pos, end, code, category, text, messageChain }: Diagnostic): RawDiagnostic {
  const message = [text, ...chain(messageChain, 1)].join("\n");
  return { start: pos, end, code, message, severity: category === 1 ? "error" : "warning" };
}

function chain(links: readonly Diagnostic[] | undefined, depth: number): string[] {
  return (links ?? []).flatMap(({ text, messageChain }) => [
    "  ".repeat(depth) + text,
    ...chain(messageChain, depth + 1),
  ]);
}

const kinds: { [kind: number]: string } = {
  [CompletionItemKind.Method]: "method",
  [CompletionItemKind.Function]: "function",
  [CompletionItemKind.Constructor]: "function",
  [CompletionItemKind.Field]: "property",
  [CompletionItemKind.Property]: "property",
  [CompletionItemKind.Variable]: "variable",
  [CompletionItemKind.Constant]: "variable",
  [CompletionItemKind.Class]: "class",
  [CompletionItemKind.Interface]: "interface",
  [CompletionItemKind.Module]: "module",
  [CompletionItemKind.Enum]: "enum",
  [CompletionItemKind.EnumMember]: "property",
  [CompletionItemKind.Keyword]: "keyword",
  [CompletionItemKind.File]: "path",
  [CompletionItemKind.Folder]: "path",
  [CompletionItemKind.TypeParameter]: "type",
};

/** Names that can stand at a place, the first with their signatures. */
export async function withSignatures(entries: readonly CompletionEntry[], checker: Checker): Promise<RawCompletion[]> {
  const list = entries.map(({ name, kind }): RawCompletion => {
    // A field that may be left out comes as `rate?`.
    return { text: name.replace(/\?$/, ""), type: kinds[kind ?? 0] ?? "text" };
  });
  const typed = [...entries.entries()].filter(([, { symbol }]) => symbol !== undefined).slice(0, signatureLimit);
  await Promise.all(
    typed.map(async ([at, { symbol }]) => {
      const isAlias = (symbol!.flags & SymbolFlags.Alias) !== 0;
      const target = isAlias ? await checker.getAliasedSymbol(symbol!) : symbol!;
      if ((target.flags & SymbolFlags.Value) === 0) return;
      list[at]!.signature = await checker.typeToString(await checker.getTypeOfSymbol(target));
      if (target.flags & SymbolFlags.Function) list[at]!.type = "function";
      if (target.flags & SymbolFlags.Class) list[at]!.type = "class";
    }),
  );
  return list;
}
