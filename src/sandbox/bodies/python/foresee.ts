/**
 * What a program in Python certainly does to the agent: assignments of plain literals, definitions, deletions. Read by its text
 * alone, line by line, and nothing is said of a program with any other line. An executor that runs what it takes for a probe
 * and not its agent's own programs is found out by it (the host's `witness.ts`).
 */

import type { Expected, Foreseen } from "../../host/body.ts";

/** Longer programs are not looked at. */
const longest = 2000;
/** Names that are no members, and such as programs are run by. */
const vital = new Set("self state response execute_code call_LLM end exec compile ask finish budget".split(" "));

const place = /^(?:(?:self\.)?state\[(?:"(\w+)"|'(\w+)')\]|self\.([A-Za-z_]\w*)|([A-Za-z_]\w*))/;

/** What a program certainly does; null where any of it cannot be told. */
export function foresee(program: string): Foreseen | null {
  if (program.length > longest || /[\t\\]/.test(program)) return null;
  const members = new Map<string, Expected>();
  const lines = program.split("\n");
  for (let i = 0; i < lines.length; ) {
    const line = lines[i]!.trimEnd();
    if (line === "" || line.startsWith("#")) {
      i++;
      continue;
    }
    const [name, expected, used] = readDefinition(lines, i) ?? readLine(line) ?? [];
    if (name === undefined || vital.has(name) || /^__/.test(name)) return null;
    if (name === "query" && (typeof expected === "string" || !expected!.source.startsWith('"'))) return null;
    // What the program has set itself, and then counts on from, may be what it was before.
    const before = members.get(`self.${name}`) ?? "grown";
    if (expected === "grown" && before !== "grown") return null;
    members.set(`self.${name}`, expected!);
    i += used!;
  }
  return members.size === 0 ? null : { members, written: new Set(members.keys()) };
}

type Read = [name: string, expected: Expected, lines: number];

/** A function's definition, whose text is its member in the genome. */
function readDefinition(lines: readonly string[], first: number): Read | null {
  const name = /^def ([A-Za-z_]\w*)\([^()]*\)(?: -> [\w.]+)?:(?: .*)?$/.exec(lines[first]!)?.[1];
  if (name === undefined || /#|"""|'''/.test(lines.slice(first).join("\n"))) return null;
  let end = first + 1;
  while (end < lines.length && /^( |$)/.test(lines[end]!)) end++;
  const text = lines.slice(first, end).join("\n").trimEnd();
  return [name, { kind: "method", source: text }, end - first];
}

function readLine(line: string): Read | null {
  const removed = /^del self\.([A-Za-z_]\w*)$/.exec(line)?.[1];
  if (removed !== undefined) return [removed, "gone", 1];
  const found = place.exec(line);
  if (found === null) return null;
  const name = found.slice(1).find((one) => one !== undefined)!;
  const rest = line.slice(found[0].length);
  if (/^ \+= [1-9]\d{0,8}$/.test(rest)) return [name, "grown", 1];
  if (!rest.startsWith(" = ")) return null;
  const value = rest.slice(3);
  const counted = /^(?:state|self\.state)\.get\((?:"(\w+)"|'(\w+)'), 0\) \+ [1-9]\d{0,8}$/.exec(value);
  if (counted !== null) return (counted[1] ?? counted[2]) === name ? [name, "grown", 1] : null;
  const source = literal(value);
  return source === null ? null : [name, { kind: "attribute", source }, 1];
}

const simple = [
  [/^-?(?:0|[1-9]\d{0,14})(?![\w.])/, (text: string) => text.replace(/^-0$/, "0")],
  [/^-?(?:0|[1-9]\d{0,8})\.\d{1,6}(?![\w.])/, (text: string) => floatText(Number(text))],
  [/^(?:True|False|None)\b/, (text: string) => ({ True: "true", False: "false", None: "null" })[text]!],
  [/^"[^"\n]*"/, (text: string) => JSON.stringify(text.slice(1, -1))],
  [/^'[^'\n]*'/, (text: string) => JSON.stringify(text.slice(1, -1))],
] as const;

/** A literal as a member is told; null where it is none, or more than one stands there. */
function literal(text: string): string | null {
  const read = readValue(text);
  return read !== null && read[1] === "" ? read[0] : null;
}

/** The value that a text begins with, and what is left of it. */
function readValue(text: string): [source: string, rest: string] | null {
  for (const [pattern, write] of simple) {
    const [found] = pattern.exec(text) ?? [];
    // Two texts side by side are one, and `"a" * 3` is no literal: what may follow is checked by who asked.
    if (found !== undefined) return [write(found), text.slice(found.length)];
  }
  if (text.startsWith("[")) return readItems(text.slice(1), "]");
  if (text.startsWith("(")) return readItems(text.slice(1), ")");
  return text.startsWith("{") ? readPairs(text.slice(1)) : null;
}

function readItems(text: string, end: string): [string, string] | null {
  const items: string[] = [];
  let rest = text;
  while (!rest.startsWith(end)) {
    const one = readValue(rest);
    if (one === null) return null;
    items.push(one[0]);
    rest = one[1];
    // A value alone in round brackets is no tuple.
    if (end === ")" && items.length === 1 && rest === ")") return null;
    if (rest.startsWith(", ")) rest = rest.slice(2);
    else if (!rest.startsWith(end)) return null;
  }
  return [`[${items.join(",")}]`, rest.slice(1)];
}

function readPairs(text: string): [string, string] | null {
  const pairs = new Map<string, string>();
  let rest = text;
  while (!rest.startsWith("}")) {
    const key = /^(?:"([^"\n]*)"|'([^'\n]*)'): /.exec(rest);
    const value = key && readValue(rest.slice(key[0].length));
    if (key === null || value === null) return null;
    const name = JSON.stringify(key[1] ?? key[2]);
    if (pairs.has(name)) return null;
    pairs.set(name, value[0]);
    rest = value[1];
    if (rest.startsWith(", ")) rest = rest.slice(2);
    else if (!rest.startsWith("}")) return null;
  }
  const list = [...pairs].map(([name, value]) => `${name}:${value}`);
  return [`{${list.join(",")}}`, rest.slice(1)];
}

/** A float as the child tells it. */
function floatText(value: number): string {
  const text = Object.is(value, -0) ? "-0" : String(value);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}
