/**
 * How many parameters a function's text has. The text is a guest's, so it is read letter by letter and never parsed or run: one
 * pass, whatever its depth.
 */

/** An arrow function whose only parameter stands without parentheses. */
const single = /^\s*(?:async\s+)?[\p{ID_Start}$_][\p{ID_Continue}$]*\s*=>/u;

/** How comments begin, and where they end, in either language. */
const comments: { [begin: string]: string | undefined } = { "//": "\n", "/*": "*/" };
const pythonComments: typeof comments = { "#": "\n" };

/** The head of a function in Python, decorators before it, to where its list opens; and a lambda's, which opens none. */
const pythonHead = /^\s*(?:@.*\n\s*)*(?:async\s+)?def\s+\w+\s*(?=\()/;
const lambdaHead = /^\s*lambda\b(?!\s*\()/;

/**
 * Parameters that the text of a function, arrow or method names, or of one in Python, a rest parameter counted as one; null
 * where it names no list.
 */
export function parametersOf(source: string): number | null {
  if (single.test(source)) return 1;
  const lambda = lambdaHead.exec(source);
  if (lambda !== null) return countFrom(`(${source.slice(lambda[0].length)}`, 0, pythonComments, ":");
  const python = pythonHead.exec(source);
  if (python !== null) return countFrom(source, python[0].length, pythonComments);
  const open = source.indexOf("(");
  return open < 0 ? null : countFrom(source, open, comments);
}

/** Counts from the bracket that opens the list to the one that closes it, or to the letter that ends it within. */
function countFrom(source: string, open: number, ends: typeof comments, end?: string): number | null {
  let [depth, count] = [0, 0];
  let [quote, named] = ["", false];
  for (let i = open; i < source.length; i++) {
    const letter = source[i]!;
    const begin = quote === "" ? [source.slice(i, i + 2), letter].find((one) => ends[one] !== undefined) : undefined;
    if (begin !== undefined) {
      const last = source.indexOf(ends[begin]!, i + begin.length);
      if (last < 0) return null;
      i = last + ends[begin]!.length - 1;
    } else if (quote !== "") {
      if (letter === "\\") i++;
      else if (letter === quote) quote = "";
    } else if (letter === end && depth === 1) {
      return count + Number(named);
    } else if (letter === "," && depth === 1) {
      count += Number(named);
      named = false;
    } else if (")]}".includes(letter)) {
      depth--;
      if (depth === 0) return count + Number(named);
    } else {
      if (depth > 0 && !/\s/.test(letter)) named = true;
      if ("([{".includes(letter)) depth++;
      else if ("\"'`".includes(letter)) quote = letter;
    }
  }
  return null;
}
