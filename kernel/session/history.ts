/** What was run, as `history_request` asks for it. This session only: a notebook is its own record. */

type Entry = [session: number, line: number, source: string];

/** The history of a kernel. */
export interface History {
  add(line: number, source: string): void;
  /** The answer to a request's content: tail, range or search. */
  answer(content: { [key: string]: unknown }): unknown[];
}

/** Makes an empty history. */
export function createHistory(): History {
  const entries: Entry[] = [];
  return {
    add: (line, source) => void entries.push([0, line, source]),
    answer({ hist_access_type: access, session, n, start, stop, pattern, unique, output }) {
      let found = entries;
      if (access === "range") {
        const from = Number(start ?? 1);
        const to = stop === undefined || stop === null ? Number.POSITIVE_INFINITY : Number(stop);
        // 0 is this session; of others, by their number or so many before this one, nothing is kept.
        const isHere = Number(session ?? 0) === 0;
        found = entries.filter(([, line]) => isHere && line >= from && line < to);
      } else if (access === "search") {
        const matches = globMatcher(typeof pattern === "string" ? pattern : "*");
        found = entries.filter(([, , source]) => matches(source));
        if (unique === true) {
          const last = new Map(found.map((entry) => [entry[2], entry]));
          found = found.filter((entry) => last.get(entry[2]) === entry);
        }
      }
      if (access !== "range" && typeof n === "number") found = found.slice(Math.max(0, found.length - n));
      return found.map(([session, line, source]) => [session, line, output === true ? [source, null] : source]);
    },
  };
}

/**
 * A pattern of `*` (anything) and `?` (any one character) as a function. All ways to match are followed at once, a bit each,
 * so that the time is the text's length times the pattern's, and no pattern can hang the session as a RegExp's could.
 */
function globMatcher(glob: string): (text: string) => boolean {
  const parts = [...glob.replace(/\*+/g, "*")];
  const anything = parts.reduce((bits, part, i) => (part === "*" ? bits | (1n << BigInt(i)) : bits), 0n);
  const any = parts.reduce((bits, part, i) => (part === "?" ? bits | (1n << BigInt(i)) : bits), 0n);
  const taking = new Map<string, bigint>();
  for (const [i, part] of parts.entries())
    if (part !== "*" && part !== "?") taking.set(part, (taking.get(part) ?? any) | (1n << BigInt(i)));
  /** A `*` may also stand for nothing. Two never follow each other. */
  const skip = (at: bigint): bigint => at | ((at & anything) << 1n);
  return (text) => {
    let at = skip(1n); // bit i: all before part i has been matched
    for (const character of text) {
      if (at === 0n) return false;
      at = skip((at & anything) | ((at & (taking.get(character) ?? any)) << 1n));
    }
    return (at & (1n << BigInt(parts.length))) !== 0n;
  };
}
