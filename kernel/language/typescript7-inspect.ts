/**
 * What Shift-Tab shows, asked of TypeScript 7.1's checker: a declaration with its documentation, of a value's own function
 * where the name has none; for a field of an object that is being written, what the object's type says of it; and below
 * what can be called, every field of its options. Not here: the compiler as a process (`typescript7.ts`).
 */

import {
  type Checker,
  type LanguageService,
  SignatureKind,
  SymbolFlags,
  type Symbol as TsSymbol,
  type Type,
  TypeFlags,
} from "typescript-api/async";
import { fieldList, isOptions, type OptionField } from "./option-fields.ts";
import type { RawInspection } from "./service-types.ts";

/** Describes what stands at an offset of a file. */
export async function describe(
  { checker, languageService }: { checker: Checker; languageService: LanguageService },
  path: string,
  offset: number,
): Promise<RawInspection | null> {
  let symbol = await checker.getSymbolAtPosition(path, offset);
  if (symbol === undefined) return null;
  if (symbol.flags & SymbolFlags.Alias) symbol = await checker.getAliasedSymbol(symbol);
  const field = await fieldOfType(languageService, { symbol, path, offset });
  if (field !== null)
    return { declaration: await declareField(checker, field), documentation: await docsOf(checker, field) };
  const type = await checker.getTypeOfSymbol(symbol);
  const own = await docsOf(checker, symbol);
  const [declaration, documentation, fields] = await Promise.all([
    declare(checker, symbol, path, offset),
    own === "" && symbol.flags & named ? docsOfType(checker, type) : own,
    symbol.flags & SymbolFlags.Value ? optionsOf(checker, type) : "",
  ]);
  return { declaration, documentation: [documentation, fields].filter((part) => part !== "").join("\n\n") };
}

/** Names of values, which may be those of a function or a class that is documented elsewhere. */
const named = SymbolFlags.Property | SymbolFlags.Variable;

/** A symbol's documentation: its text, then its tags. */
async function docsOf(checker: Checker, symbol: TsSymbol): Promise<string> {
  const [text, tags] = await Promise.all([symbol.getDocumentationComment(checker), symbol.getJsDocTags(checker)]);
  const lines = tags.map(({ name, text: said }) => `*@${name}* ${said ?? ""}`.trimEnd());
  return [text, ...lines].filter((part) => part !== "").join("\n\n");
}

async function docsOfType(checker: Checker, type: Type): Promise<string> {
  const symbol = await type.getSymbol();
  const isCode = symbol !== undefined && symbol.flags & (SymbolFlags.Function | SymbolFlags.Class | SymbolFlags.Method);
  return isCode ? docsOf(checker, symbol) : "";
}

/** The field of the expected type that a name in an object literal stands for: the one that would be completed there. */
async function fieldOfType(
  languageService: LanguageService,
  { symbol, path, offset }: { symbol: TsSymbol; path: string; offset: number },
): Promise<TsSymbol | null> {
  if (!(symbol.flags & SymbolFlags.Property)) return null;
  const parent = await symbol.getParent();
  if (parent !== undefined && !(parent.flags & SymbolFlags.ObjectLiteral)) return null;
  const end = offset + symbol.name.length;
  const found = await languageService.getCompletionsAtPosition(path, end, { includeSymbol: true });
  const field = found?.entries.find((entry) => entry.symbol?.name === symbol.name)?.symbol;
  return field === undefined || field.id === symbol.id || !(field.flags & SymbolFlags.Property) ? null : field;
}

/** `SurvivalEnvOptions.maxSteps?: number`. */
async function declareField(checker: Checker, field: TsSymbol): Promise<string> {
  const owner = await field.getParent();
  const of = owner === undefined || owner.name.startsWith("__") ? "" : `${owner.name}.`;
  return `(property) ${of}${await fieldText(checker, field)}`;
}

async function fieldText(checker: Checker, field: TsSymbol): Promise<string> {
  const type = await checker.getTypeOfSymbol(field);
  const isOptional = (field.flags & SymbolFlags.Optional) !== 0;
  const text = await checker.typeToString(isOptional ? await checker.getNonNullableType(type) : type);
  return `${field.name}${isOptional ? "?" : ""}: ${text}`;
}

/** Every field of the options that a function or a class takes, a line each with its documentation. */
async function optionsOf(checker: Checker, type: Type): Promise<string> {
  const kinds = [SignatureKind.Call, SignatureKind.Construct];
  const signatures = (await Promise.all(kinds.map((kind) => checker.getSignaturesOfType(type, kind)))).flat();
  const parameters = (await Promise.all(signatures.map((one) => one.getParameters()))).flat();
  const lists: string[] = [];
  for (const parameter of parameters) {
    const given = await checker.getNonNullableType(await checker.getTypeOfSymbol(parameter));
    const fields = await checker.getPropertiesOfType(given);
    const name = given.flags & TypeFlags.Intersection ? "__type" : ((await given.getSymbol())?.name ?? "");
    if (!isOptions(name, fields.length)) continue;
    const list = fieldList(parameter.name, await Promise.all(fields.map((field) => optionField(checker, field))));
    if (!lists.includes(list)) lists.push(list);
  }
  return lists.join("\n\n");
}

async function optionField(checker: Checker, field: TsSymbol): Promise<OptionField> {
  const [text, documentation] = await Promise.all([fieldText(checker, field), docsOf(checker, field)]);
  return { text, documentation };
}

async function declare(checker: Checker, symbol: TsSymbol, path: string, offset: number): Promise<string> {
  const { flags, name } = symbol;
  if (flags & SymbolFlags.Class) return `class ${name}`;
  if (flags & SymbolFlags.Interface && !(flags & SymbolFlags.Value)) return `interface ${name}`;
  if (flags & SymbolFlags.Enum) return `enum ${name}`;
  if (flags & SymbolFlags.Module && !(flags & SymbolFlags.Variable)) return `module ${name}`;
  if (flags & SymbolFlags.TypeAlias) {
    const inAlias = 1 << 23; // TypeFormatFlags.InTypeAlias: shows what it stands for, not its name
    return `type ${name} = ${await checker.typeToString(await checker.getDeclaredTypeOfSymbol(symbol), undefined, inAlias)}`;
  }
  const type = (await checker.getTypeAtPosition(path, offset)) ?? (await checker.getTypeOfSymbol(symbol));
  const text = await checker.typeToString(type);
  if (flags & SymbolFlags.Function) return `function ${name}: ${text}`;
  if (flags & SymbolFlags.Method) return `(method) ${name}: ${text}`;
  if (flags & SymbolFlags.Property) return `(property) ${name}: ${text}`;
  if (flags & SymbolFlags.FunctionScopedVariable) return `var ${name}: ${text}`;
  return `${(await checker.isReadonlySymbol(symbol)) ? "const" : "let"} ${name}: ${text}`;
}
