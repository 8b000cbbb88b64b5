/**
 * The text of a function, as its author wrote it: which program it came from is in its code, and what a program's text was the
 * host has heard from CPython when it was compiled.
 */

import type { Machine, Objects } from "./types.ts";

/** Makes what gives a function's text; `example`: any function; `sources`: programs by their filenames. */
export type MakeSourceOf = (
  machine: Machine,
  objects: Objects,
  example: number,
) => (method: number, sources: ReadonlyMap<string, string>) => string;

(() => {
  const scope = globalThis as unknown as { makeSourceOf: MakeSourceOf };
  const longest = 8192;
  /** Where a function has its code, and a code its first line, the name of its file, and its own: to ask for them costs ten calls. */
  const [codeAt, lineAt, filenameAt, nameAt] = [24, 44, 80, 84];

  const indentOf = (line: string): number => /^[ \t]*/.exec(line)![0].length;
  const isBlank = (line: string): boolean => /^\s*(#.*)?$/.test(line);

  /** From the first line of a definition to where its block ends, moved to the left. */
  const blockAt = (lines: readonly string[], first: number): string => {
    const indent = indentOf(lines[first]!);
    let head = first;
    while (head < lines.length - 1 && /^\s*@/.test(lines[head]!)) head++;
    // A head goes on over lines until its brackets are closed.
    let end = head + 1;
    for (let text = lines[head]!; end < lines.length && endOf(text, 0, true) > text.length; end++)
      text += `\n${lines[end]!}`;
    while (end < lines.length && (isBlank(lines[end]!) || indentOf(lines[end]!) > indent)) end++;
    while (end > head + 1 && isBlank(lines[end - 1]!)) end--;
    return lines
      .slice(first, end)
      .map((line) => (indentOf(line) >= indent ? line.slice(indent) : line.trimStart()))
      .join("\n");
  };

  /** Where an expression ends that begins at a place: at a comma, a bracket that it did not open, or the end of its line. */
  const endOf = (text: string, from: number, isHead = false): number => {
    let depth = 0;
    for (let i = from; i < text.length; i++) {
      const letter = text[i]!;
      if (letter === "'" || letter === '"') {
        const quote = text.startsWith(letter.repeat(3), i) ? letter.repeat(3) : letter;
        let at = i + quote.length;
        while (at < text.length && !text.startsWith(quote, at)) at += text[at] === "\\" ? 2 : 1;
        i = at + quote.length - 1;
      } else if ("([{".includes(letter)) depth++;
      else if (")]}".includes(letter)) {
        if (--depth < 0) return i;
      } else if (letter === "#" && !isHead) return depth > 0 ? text.length : i;
      else if (depth === 0 && !isHead && (letter === ";" || letter === "\n" || letter === ",")) {
        // A lambda's own parameters have commas, too: those stand before its colon.
        if (letter !== "," || text.slice(from, i).includes(":")) return i;
      }
    }
    return depth > 0 ? text.length + 1 : text.length;
  };

  /** The lambda of a line that takes these names. */
  const lambdaAt = (lines: readonly string[], first: number, names: readonly string[]): string | null => {
    const rest = lines.slice(first).join("\n");
    const line = lines[first]!.length;
    for (const { index } of rest.matchAll(/\blambda\b/g)) {
      if (index > line) break;
      const text = rest.slice(index, Math.min(endOf(rest, index), rest.length)).trimEnd();
      const own: string[] = /^lambda\s*([^:]*):/.exec(text)?.[1]?.match(/[A-Za-z_]\w*/g) ?? [];
      if (names.every((name) => own.includes(name)) && (names.length > 0 || own.length === 0)) return text;
    }
    return null;
  };

  scope.makeSourceOf = (machine, objects, example) => {
    const { attribute, release, isText, textOf, isExactly } = objects;
    const word = (at: number): number => machine.data().getUint32(at, true);
    const textAt = (at: number): string => {
      const object = word(at);
      return isText(object) ? textOf(object) : "";
    };
    const isAsKnown = (method: number): boolean => {
      const code = attribute(method, "__code__");
      const [line, filename] = [attribute(code, "co_firstlineno"), attribute(code, "co_filename")];
      const name = attribute(code, "co_name");
      const isSo =
        word(method + codeAt) === code &&
        word(code + lineAt) === machine.c.PyLong_AsLong(line) &&
        word(code + filenameAt) === filename &&
        word(code + nameAt) === name;
      for (const one of [name, filename, line, code]) release(one);
      return isSo;
    };
    if (!isAsKnown(example)) throw new Error("functions are not as the host knows them");
    const parametersOf = (code: number): string[] => {
      const value = attribute(code, "co_varnames");
      const count = attribute(code, "co_argcount");
      const size = isExactly(count, "PyLong_Type") ? machine.c.PyLong_AsLong(count) : 0;
      const names = isExactly(value, "PyTuple_Type")
        ? Array.from({ length: size }, (_, i) => textOf(machine.c.PyTuple_GetItem(value, i)))
        : [];
      release(value);
      release(count);
      return names;
    };

    /** What was cut out of the texts of a life's programs: the same place of the same text is the same function. */
    const cut = new WeakMap<object, Map<string, string | null>>();
    const cutOut = (sources: ReadonlyMap<string, string>, place: string, make: () => string | null): string | null => {
      const known = cut.get(sources) ?? new Map<string, string | null>();
      cut.set(sources, known);
      const text = known.get(place);
      if (text !== undefined) return text;
      const made = make();
      known.set(place, made);
      return made;
    };

    return (method, sources) => {
      const code = word(method + codeAt);
      if (!isExactly(code, "PyCode_Type")) return "<function>";
      const [filename, line, name] = [textAt(code + filenameAt), word(code + lineAt) - 1, textAt(code + nameAt)];
      const text = sources.get(filename);
      const names = name === "<lambda>" ? parametersOf(code) : [];
      const found = text
        ? cutOut(
            sources,
            `${line} ${filename.length} ${filename}${name}${names.length === 0 ? "" : JSON.stringify(names)}`,
            () => {
              const lines = text.split("\n");
              if (lines[line] === undefined) return null;
              return name === "<lambda>" ? lambdaAt(lines, line, names) : blockAt(lines, line);
            },
          )
        : null;
      if (found === null) return `<function ${name}>`;
      return found.length > longest ? `${found.slice(0, longest)}…` : found;
    };
  };
})();
