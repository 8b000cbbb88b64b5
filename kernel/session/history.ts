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
    answer({ hist_access_type: access, n, start, stop, pattern, unique, output }) {
      let found = entries;
      if (access === "range") {
        const from = Number(start ?? 1);
        const to = stop === undefined || stop === null ? Number.POSITIVE_INFINITY : Number(stop);
        found = entries.filter(([, line]) => line >= from && line < to);
      } else if (access === "search") {
        const matcher = globToRegExp(String(pattern ?? "*"));
        found = entries.filter(([, , source]) => matcher.test(source));
        if (unique === true) found = [...new Map(found.map((entry) => [entry[2], entry])).values()];
      }
      if (access !== "range" && typeof n === "number") found = found.slice(Math.max(0, found.length - n));
      return found.map(([session, line, source]) => [session, line, output === true ? [source, null] : source]);
    },
  };
}

function globToRegExp(glob: string): RegExp {
  const escaped = glob
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", "[^]*")
    .replaceAll("?", "[^]");
  return new RegExp(`^${escaped}$`);
}
