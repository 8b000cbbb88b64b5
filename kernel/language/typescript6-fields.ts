/** What TypeScript 6.0's quick info leaves out: a function's own documentation behind a name, and the fields of its options. */

import ts from "typescript6";
import { fieldList, isOptions, type OptionField } from "./option-fields.ts";

/** Documentation of what a name at an offset stands for, where its own is empty; and the fields of what it takes. */
export function behindName(
  program: ts.Program,
  path: string,
  offset: number,
): { documentation: string; fields: string } {
  const checker = program.getTypeChecker();
  const file = program.getSourceFile(path);
  const node = file && nodeAt(file, offset);
  let symbol = node && checker.getSymbolAtLocation(node);
  if (node === undefined || symbol === undefined) return { documentation: "", fields: "" };
  if (symbol.flags & ts.SymbolFlags.Alias) symbol = checker.getAliasedSymbol(symbol);
  if (!(symbol.flags & ts.SymbolFlags.Value)) return { documentation: "", fields: "" };
  const type = checker.getTypeOfSymbolAtLocation(symbol, node);
  const code = ts.SymbolFlags.Function | ts.SymbolFlags.Class | ts.SymbolFlags.Method;
  const own = type.symbol !== undefined && type.symbol.flags & code ? documentationOf(checker, type.symbol) : "";
  const signatures = [...type.getCallSignatures(), ...type.getConstructSignatures()];
  const lists = signatures.flatMap((one) => one.getParameters()).flatMap((one) => fieldsOf(checker, one, node));
  return { documentation: own, fields: [...new Set(lists)].join("\n\n") };
}

function nodeAt(file: ts.SourceFile, offset: number): ts.Node | undefined {
  const find = (node: ts.Node): ts.Node | undefined => {
    if (offset < node.getStart(file) || offset >= node.getEnd()) return undefined;
    return ts.forEachChild(node, find) ?? node;
  };
  return find(file);
}

function fieldsOf(checker: ts.TypeChecker, parameter: ts.Symbol, at: ts.Node): string[] {
  const given = checker.getNonNullableType(checker.getTypeOfSymbolAtLocation(parameter, at));
  const fields = checker.getPropertiesOfType(given);
  const name = given.isIntersection() ? "__type" : (given.symbol?.name ?? "");
  if (!isOptions(name, fields.length)) return [];
  return [
    fieldList(
      parameter.name,
      fields.map((field) => fieldOf(checker, field, at)),
    ),
  ];
}

function fieldOf(checker: ts.TypeChecker, field: ts.Symbol, at: ts.Node): OptionField {
  const isOptional = (field.flags & ts.SymbolFlags.Optional) !== 0;
  const type = checker.getTypeOfSymbolAtLocation(field, at);
  const text = checker.typeToString(isOptional ? checker.getNonNullableType(type) : type);
  return { text: `${field.name}${isOptional ? "?" : ""}: ${text}`, documentation: documentationOf(checker, field) };
}

/** A symbol's documentation: its text, then its tags. */
function documentationOf(checker: ts.TypeChecker, symbol: ts.Symbol): string {
  const tags = symbol.getJsDocTags(checker);
  const lines = tags.map(({ name, text }) => `*@${name}* ${ts.displayPartsToString(text)}`.trimEnd());
  return [ts.displayPartsToString(symbol.getDocumentationComment(checker)), ...lines]
    .filter((part) => part !== "")
    .join("\n\n");
}
