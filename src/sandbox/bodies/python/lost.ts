/**
 * What a method's text does not hold: names that it uses and that nothing in its genome or in Python gives. A look at the text
 * alone: a name that is bound anywhere inside the method counts as bound.
 */

import type { GenomeMember, LostNames } from "../../types.ts";
import { newbornGenome } from "./newborn.ts";

const keywords =
  "False None True and as assert async await break case class continue def del elif else except finally for from global if import in is lambda match nonlocal not or pass raise return try type while with yield _";
const builtins =
  "abs aiter all anext any ascii bin bool breakpoint bytearray bytes callable chr classmethod compile complex delattr dict dir divmod enumerate eval exec exit filter float format frozenset getattr globals hasattr hash help hex id input int isinstance issubclass iter len list locals map max memoryview min next object oct open ord pow print property quit range repr reversed round set setattr slice sorted staticmethod str sum super tuple type vars zip ArithmeticError AssertionError AttributeError BaseException EOFError Exception FileNotFoundError ImportError IndexError KeyError KeyboardInterrupt LookupError MemoryError ModuleNotFoundError NameError NotImplemented NotImplementedError OSError OverflowError PermissionError RecursionError RuntimeError StopIteration SyntaxError SystemExit TimeoutError TypeError UnicodeError ValueError Warning ZeroDivisionError Ellipsis __name__ __file__ __builtins__";
const world = "self state query response ask finish budget execute_code call_LLM end";
const known = new Set(`${keywords} ${builtins} ${world}`.split(" "));

/** The methods of a genome that cannot work from their text alone, with what they miss. */
export function lostNames(genome: readonly GenomeMember[] = []): LostNames[] {
  const state = new Set(genome.map(({ name }) => name.replace(/^self\./, "")));
  const own = new Map(newbornGenome.map(({ name, source }) => [name, source]));
  return genome.flatMap(({ name, kind, source }) => {
    if (kind !== "method" || own.get(name) === source) return [];
    const names = freeNames(source).filter((free) => !known.has(free) && !state.has(free));
    return names.length === 0 ? [] : [{ method: name, names }];
  });
}

/** Names that are used and not bound, after texts and comments are taken out. */
function freeNames(source: string): string[] {
  const code = source
    .replace(/(?:\b[rbf]{1,2})?("""|''')[\s\S]*?\1/gi, '""')
    .replace(/(?:\b[rbf]{1,2})?("|')(?:\\.|(?!\1)[^\\\n])*\1/gi, '""')
    .replace(/#.*/g, "");
  const bound = new Set<string>();
  const bind = (text: string | undefined): void => {
    for (const name of text?.match(/[A-Za-z_]\w*/g) ?? []) bound.add(name);
  };
  for (const [, name, parameters] of code.matchAll(/\bdef\s+(\w+)\s*\(([^)]*)\)/g)) {
    bind(name);
    bind(parameters!.replace(/=[^,]*/g, "").replace(/:[^,]*/g, ""));
  }
  for (const [, parameters] of code.matchAll(/\blambda\b([^:]*):/g)) bind(parameters!.replace(/=[^,]*/g, ""));
  for (const [, target] of code.matchAll(/\bfor\s+([\w\s,()*]+?)\s+in\b/g)) bind(target);
  for (const [, name] of code.matchAll(/\b(?:as|class|global|import)\s+(\w+)/g)) bind(name);
  for (const [, names] of code.matchAll(/\bimport\s+([\w\s,]+)/g)) bind(names);
  for (const target of targetsIn(code)) bind(target);
  for (const [, name] of code.matchAll(/\b(\w+)\s*:=/g)) bind(name);
  const used = new Set<string>();
  for (const { 0: name, index } of code.matchAll(/(?<![\w.])[A-Za-z_]\w*/g)) {
    const isArgument = /^\s*=(?!=)/.test(code.slice(index + name.length));
    if (!isArgument) used.add(name);
  }
  // What the outermost function calls nonlocal is bound by none that is in its text.
  const outer = [...code.matchAll(/\bdef\b/g)].length === 1 ? [...code.matchAll(/\bnonlocal\s+([\w\s,]+)$/gm)] : [];
  for (const [, names] of outer) for (const name of names!.match(/\w+/g) ?? []) bound.delete(name);
  return [...used].filter((name) => !bound.has(name)).sort();
}

/** What stands before the signs of assignments: of `a = b, c = value` two, also behind `if x:` and where a type is told. */
function targetsIn(code: string): string[] {
  const signs = /(?:<<|>>)=|(?:\*\*|\/\/|[-+*/%&|^@])=|(?<![=!<>:])=(?!=)/;
  const isTarget = (text: string): boolean =>
    /^[\w\s,()*[\]]+$/.test(text) && count(text, "(") === count(text, ")") && count(text, "[") === count(text, "]");
  const typed = [...code.matchAll(/^\s*(\w+)\s*:[^=\n]+=(?!=)/gm)].map(([, name]) => name!);
  const plain = code.split(/\n|;|:(?!=)/).flatMap((statement) => statement.split(signs).slice(0, -1).filter(isTarget));
  // A place in a list is no name.
  return [...typed, ...plain.map((target) => target.replace(/\w+\s*\[[^\]]*\]/g, ""))];
}

function count(text: string, sign: string): number {
  return text.split(sign).length - 1;
}
