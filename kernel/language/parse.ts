/**
 * The one door to the native parser. It recurses as deep as its text nests, and a text deep enough ends the whole process:
 * so every text is measured before it is parsed, and one that nests deeper than any that people write is refused.
 */

import { type ParseResult, parseSync } from "oxc-parser";

/** Deeper than this no text is parsed: the parser's stack holds 4,000 levels of the hungriest syntax. */
const deepest = 2000;

/** What a text that nests too deep is refused with. */
export class TooDeep extends SyntaxError {
  override readonly name = "SyntaxError";
  constructor() {
    super(`This nests more than ${deepest.toLocaleString("en")} levels deep: split it up`);
  }
}

/** Parses TypeScript, or JavaScript, as a module. Throws a TooDeep. */
export function parse(source: string, { file = "cell.ts" }: { file?: string } = {}): ParseResult {
  if (isTooDeep(source)) throw new TooDeep();
  const lang = /\.[cm]?js$/.test(file) ? "js" : file.endsWith(".tsx") ? "tsx" : "ts";
  return parseSync(file, source, { lang, sourceType: "module" });
}

/**
 * Whether a text nests too deep for a parser. An upper bound in one pass: brackets, and in each bracket what nests without
 * one (`a = b = c`, `x ? y : z`, `if (a) if (b)`, `A<B<C`), counted on until a comma or a semicolon ends it.
 */
export function isTooDeep(source: string): boolean {
  if (source.length <= deepest) return false; // every level takes a character
  // Whatever a string or a comment is taken for, brackets that are open in the text as it stands are counted.
  return depthOf(source, false) > deepest || depthOf(source.replace(texts, "."), true) > deepest;
}

/** Strings, templates without expressions, comments. */
const texts = /\/\/[^\n]*|\/\*[^]*?\*\/|"(?:\\[^]|[^"\\\n])*"|'(?:\\[^]|[^'\\\n])*'|`(?:\\[^]|[^`\\$]|\$(?!\{))*`/g;
/**
 * Brackets; ends of a chain; and links of one. What the parser takes in a loop and later passes walk into, such as `+`, `.`
 * and calls, counts a tenth: 30,000 of them are survived, 100,000 are not.
 */
const marks =
  /[[({]|[\])}]|[;,]|=>|(?<![=!<>])=(?!=)|[?:<]|\b(?:if|else|for|while|do|with|keyof|yield|await|infer|extends)\b|(?:&&|\|\||\?\?|[-+*/%!~|&^.>])|\b(?:typeof|new|void|delete|as|in|of|instanceof|satisfies)\b/g;
const light = /^(?:&&|\|\||\?\?|[-+*/%!~|&^.>]|typeof|new|void|delete|as|in|of|instanceof|satisfies)$/;

function depthOf(source: string, withChains: boolean): number {
  const chains = [0];
  let depth = 0;
  let most = 0;
  const add = (weight: number): number => {
    chains[chains.length - 1]! += weight;
    return weight;
  };
  for (const [mark] of source.matchAll(withChains ? marks : /[[({]|[\])}]/g)) {
    if ("[({".includes(mark)) {
      chains.push(0);
      depth++;
    } else if ("])}".includes(mark)) {
      if (chains.length > 1) depth -= 1 + chains.pop()!;
      if (mark !== "}") depth += add(0.1); // a()()(), A[][][]
    } else if (mark === ";" || mark === ",") {
      depth -= chains.at(-1)!;
      chains[chains.length - 1] = 0;
    } else {
      depth += add(light.test(mark) ? 0.1 : 1);
    }
    if (depth > most) most = depth;
  }
  return most;
}
