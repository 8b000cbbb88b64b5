/**
 * How many parameters a function's text has. The text is a guest's, so it is read letter by letter and never parsed or run: one
 * pass, whatever its depth.
 */

/** An arrow function whose only parameter stands without parentheses. */
const single = /^\s*(?:async\s+)?[\p{ID_Start}$_][\p{ID_Continue}$]*\s*=>/u;

/** How comments begin, and where they end. */
const ends: { [begin: string]: string | undefined } = { "//": "\n", "/*": "*/" };

/** Parameters that the text of a function, arrow or method names, a rest parameter counted as one; null where it names no list. */
export function parametersOf(source: string): number | null {
  if (single.test(source)) return 1;
  const open = source.indexOf("(");
  if (open < 0) return null;
  let [depth, count] = [0, 0];
  let [quote, named] = ["", false];
  for (let i = open; i < source.length; i++) {
    const letter = source[i]!;
    const comment = quote === "" ? ends[source.slice(i, i + 2)] : undefined;
    if (comment !== undefined) {
      const end = source.indexOf(comment, i + 2);
      if (end < 0) return null;
      i = end + comment.length - 1;
    } else if (quote !== "") {
      if (letter === "\\") i++;
      else if (letter === quote) quote = "";
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
