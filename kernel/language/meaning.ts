/**
 * A cell as its writer means it, where the grammar of a module takes it otherwise: an object literal alone (`{ a: 1, b: 2 }`,
 * whose brace begins a block), tried in parentheses first as in Node's REPL and the browsers' consoles; and a `#!` line,
 * which is a comment at the beginning of a file only, and cells are put behind other text.
 */

import { parse } from "./parse.ts";

/** A cell's text to parse, and how many characters were put before its first line. */
export interface Meaning {
  text: string;
  before: number;
}

/** The text to parse for a cell. Lines are the cell's own, columns too but for `before` in the first. Throws a TooDeep. */
export function meaningOf(source: string): Meaning {
  const plain = source.replace(/^#!/, "//");
  return isObject(plain) ? { text: `(${plain}\n)`, before: 1 } : { text: plain, before: 0 };
}

function isObject(source: string): boolean {
  // Comments, then a brace; and no semicolon at the end, with which nobody ends a value.
  if (!/^(?:\s|\/\/[^\n]*\n|\/\*[^]*?\*\/)*\{/.test(source) || /;\s*$/.test(source)) return false;
  return parse(`(${source}\n)`).errors.length === 0;
}
