/**
 * The parts of an answer that may be its program, the likeliest first: what goes on from the prompt, fenced blocks, the other
 * side of a fence that has no twin, code among talk, and a body or a function without a name. Text alone, nothing is parsed here.
 */

import { closingBracket } from "./brackets.ts";
import { letter } from "./exercises.ts";
import { twinOf } from "./program.ts";
import type { CodeLanguage, CodeProblem, CodeTwin } from "./types.ts";

/** An answer that is to be read. */
export interface AnswerText {
  problem: CodeProblem;
  language: CodeLanguage;
  text: string;
  /** What the prompt held of the program, for an answer that goes on from it; empty for one that stands alone. */
  begun: string;
  /** A program that was given to be changed: where an answer quotes it before its own, it is passed over. */
  given?: string;
}

/** A text that may be the program. */
export interface Candidate {
  source: string;
  /** True where the answer itself says that this is code, whether it parses or not. */
  certain: boolean;
  /** True where a head or a name was put to it, which the answer itself has not: taken only where nothing stands alone. */
  completed?: boolean;
}

/** All candidates of an answer. */
export function candidatesOf({ problem, language, text, begun }: AnswerText): Candidate[] {
  const twin = twinOf(problem, language);
  const clean = withoutThought(text.replace(/\r\n?/g, "\n").replace(/^\ufeff/, ""));
  const continued = begun === "" ? [] : continuations(twin, language, begun, clean);
  const regions = regionsOf(clean, language);
  const parts = [...regions, ...spansOf(clean)];
  if (language === "python") return [...continued, ...inPython(twin, parts)];
  const whole = parts.map(({ source, certain }) => ({ source: named(source, twin.name), certain }));
  const bare = regions.flatMap(({ source }) => bareForms(twin, source));
  return [...continued, ...whole, ...bare.map((source) => ({ source, certain: false, completed: true }))];
}

/** Parts as Python reads them: what stands in a list is indented as a whole, and a body alone gets the problem's head. */
function inPython({ before, head }: CodeTwin, parts: readonly Candidate[]): Candidate[] {
  const own = parts.map(({ source, certain }) => ({ source: dedented(withEnd(source)), certain }));
  const bodies = own.filter(
    ({ source }) => /^\s*return\b/m.test(source) && !/^\s*(async\s+)?(def|class)\s/m.test(source),
  );
  const whole = bodies.map(({ source }) => before + head + source.replace(/^(?=.*\S)/gm, "    "));
  return [...own, ...whole.map((source) => ({ source, certain: false, completed: true }))];
}

/** Without the indent that all lines have in common. */
function dedented(source: string): string {
  const indents = source.split("\n").flatMap((line) => (line.trim() === "" ? [] : [/^[ \t]*/.exec(line)![0].length]));
  const common = indents.length === 0 ? 0 : Math.min(...indents);
  return source.replace(new RegExp(`^[ \\t]{${common}}`, "gm"), "");
}

/** What an answer makes of a program that the prompt began. A stop text is no part of an answer: its bracket is put back. */
function continuations(twin: CodeTwin, language: CodeLanguage, begun: string, text: string): Candidate[] {
  if (language === "python") {
    const end = text.slice(1).search(/\n(?=\S)/);
    return [{ source: withEnd(begun + (end < 0 ? text : text.slice(0, end + 1))), certain: true }];
  }
  const stop = text.indexOf("\n}");
  const body = stop < 0 ? text : text.slice(0, stop);
  const all = [{ source: named(`${withEnd(begun + body)}${twin.end}`, twin.name), certain: true }];
  // A body in one line ends with its own bracket.
  const close = closingBracket(text, 1);
  if (close !== null) all.push({ source: named(`${begun}${text.slice(0, close)};\n`, twin.name), certain: false });
  return all;
}

/** Blocks and other parts, in order; fenced ones first. */
function regionsOf(text: string, language: CodeLanguage): Candidate[] {
  // A fence at the end of a line of code or talk stands alone.
  const lines = text.replace(/^(.*[^\s`~>].*?)[ \t]*(`{3,}\w*)[ \t]*$/gm, "$1\n$2").split("\n");
  const marks = lines.flatMap((line, i) => (/^[\s>]*(`{3,}|~{3,})[^`]*$/.test(line) ? [i] : []));
  if (marks.length === 0) return runsOf(lines, language);
  const between = [-1, ...marks].map((mark, i) => ({
    inside: i % 2 === 1,
    source: lines
      .slice(mark + 1, marks[i] ?? lines.length)
      .map((line) => line.replace(/^> ?/, ""))
      .join("\n"),
  }));
  const some = between.filter(({ source }) => source.trim() !== "");
  const [inner, outer] = [some.filter(({ inside }) => inside), some.filter(({ inside }) => !inside)];
  return [
    ...inner.map(({ source }) => ({ source, certain: true })),
    ...outer.map(({ source }) => ({ source, certain: false })),
    ...outer.flatMap(({ source }) => runsOf(source.split("\n"), language)).map((one) => ({ ...one, certain: false })),
  ];
}

const begins: { [language in CodeLanguage]: RegExp } = {
  javascript: /^\s*(export\s+)?(default\s+)?(async\s+)?(const|let|var|function|class)\b|^\s*(\(.*\)|\w+)\s*=>/,
  python: /^(def|import|from|class)\s|^@\w|^[A-Za-z_]\w*\s*=(?!=)/,
};

/** A line of Python that stands at the margin and is none of a module's usual statements: talk, or a use of what was written. */
const pythonEnd = /\n(?=[^\s#)\]}])(?!(def|import|from|class)\s|@\w|[A-Za-z_]\w*\s*=(?!=)|sys\.setrecursionlimit\()/;

/** Brackets at most that are looked for in an answer without a fence. */
const mostClosings = 16;

/** Code among talk: all of it, from where code begins to the end, to where a bracket closes (the last one first), and to the end of a paragraph. */
function runsOf(lines: readonly string[], language: CodeLanguage): Candidate[] {
  const first = lines.findIndex((line) => begins[language].test(line));
  const whole = { source: lines.join("\n"), certain: first === 0 };
  if (first < 0) return [whole];
  const rest = lines.slice(first).join("\n");
  const certain = true;
  if (language === "python") {
    const end = rest.search(pythonEnd);
    return [{ source: end < 0 ? rest : rest.slice(0, end + 1), certain }];
  }
  const closed = closingsOf(rest).map((end) => ({ source: rest.slice(0, end), certain }));
  const paragraph = { source: rest.split(/\n\s*\n/)[0]!, certain };
  return [whole, { source: rest, certain }, ...closed.reverse(), paragraph];
}

/** Where the outermost brackets close, one after the other: a program may have more than one function. */
function closingsOf(text: string): number[] {
  const ends: number[] = [];
  for (let open = text.indexOf("{"); open >= 0 && ends.length < mostClosings; open = text.indexOf("{", ends.at(-1))) {
    const close = closingBracket(text.slice(open + 1), 1);
    if (close === null) break;
    ends.push(open + 1 + close);
  }
  return ends;
}

/** Code in a line of talk, between backticks. */
function spansOf(text: string): Candidate[] {
  const spans = [...text.matchAll(/(`{1,3})(?:(?:js|javascript|ts|typescript|py|python) )?([^`\n]+)\1/gi)];
  return spans.map(([, , source]) => ({ source: source!, certain: false }));
}

/** What comes after a thought that a reasoning model writes down first; its beginning may be the prompt's. */
export function withoutThought(text: string): string {
  const end = text.lastIndexOf("</think>");
  return end < 0 ? text : text.slice(end + "</think>".length);
}

/** A function that has no name, and a body alone, become the problem's. */
function bareForms({ before, head, end, name }: CodeTwin, source: string): string[] {
  const text = source
    .trim()
    .replace(/^(export\s+default\s+|(module\.)?exports(\.\w+)?\s*=\s*)/, "")
    .replace(/;+$/, "");
  const body = /\breturn\b/.test(source) ? [`${before}${head}${withEnd(source)}${end}`] : [];
  const isFunction = /^(async\s+)?(function\b|\(|\w+\s*=>)/.test(text);
  return [...(isFunction ? [`const ${name} = ${text};\n`] : []), ...body];
}

/**
 * A program whose function is called as the problem has it, where it was asked for by a letter. What else speaks of it by the
 * letter still can, before it, too: an example of its use.
 */
function named(source: string, name: string): string {
  const text = withEnd(
    source.replace(/^#!.*\n/, "").replace(/^\s*(module\.)?exports(\.\w+)?\s*=\s*(\{[^{}]*\}|.*?)[ \t]*;?[ \t]*$/gm, ""),
  );
  const definition = (of: string) => new RegExp(`\\b(const|let|var|function\\*?)(\\s+)${of.replaceAll("$", "\\$")}\\b`);
  if (name === letter || definition(name).test(text) || !definition(letter).test(text)) return text;
  const renamed = text.replace(definition(letter), (_, keyword: string, space: string) => keyword + space + name);
  const code = renamed.replace(/\/\/.*|\/\*[^]*?\*\//g, "");
  if (!new RegExp(`(?<![\\w$.'"\`])${letter}(?![\\w$'"\`:])`).test(code)) return renamed;
  return `${renamed}function ${letter}(...given) {\n  return Reflect.apply(${name}, null, given);\n}\n`;
}

function withEnd(text: string): string {
  return text.endsWith("\n") ? text : `${text}\n`;
}
