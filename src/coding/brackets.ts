/** Where a bracket closes in JavaScript that may be cut off or followed by anything: letters alone are read, nothing is parsed. */

/** After these a slash begins a pattern, and is no division. */
const beforePattern = /(^|[([{,;:=!&|?+*%<>~^-]|\breturn|=>)\s*$/;

/** The place after the `}` that closes the `depth`-th open bracket; null where it is not closed. */
export function closingBracket(text: string, depth: number): number | null {
  let open = depth;
  for (let i = 0; i < text.length; i++) {
    const letter = text[i]!;
    if (letter === "{") open++;
    else if (letter === "}") {
      open--;
      if (open === 0) return i + 1;
    } else {
      const end = skipped(text, i);
      if (end === null) return null;
      i = end;
    }
  }
  return null;
}

/** The last place of a comment, text or pattern that begins at `i`; `i` itself where none does, null for one without an end. */
function skipped(text: string, i: number): number | null {
  const letter = text[i]!;
  if (letter === "'" || letter === '"') return endOf(text, i, letter, "\n");
  if (letter === "`") return endOf(text, i, letter, null);
  if (letter !== "/") return i;
  const pair = text.slice(i, i + 2);
  if (pair === "//" || pair === "/*") {
    const end = text.indexOf(pair === "//" ? "\n" : "*/", i + 2);
    return end < 0 ? null : end + (pair === "//" ? 0 : 1);
  }
  return beforePattern.test(text.slice(Math.max(0, i - 16), i)) ? endOf(text, i, "/", "\n") : i;
}

/** The place of the mark that ends what begins at `from`; a line's end ends it too, where it may not hold one. */
function endOf(text: string, from: number, mark: string, lineEnd: string | null): number | null {
  let inClass = false;
  for (let i = from + 1; i < text.length; i++) {
    const letter = text[i]!;
    if (letter === "\\") i++;
    else if (mark === "/" && (letter === "[" || letter === "]")) inClass = letter === "[";
    else if ((letter === mark && !inClass) || letter === lineEnd) return i;
  }
  return null;
}
