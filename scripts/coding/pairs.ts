/** Problems about neighbours in a list of numbers: a window of two, of which some are kept, and one thing is made of all. */

import type { Random } from "../../src/random/index.ts";
import { loopOf } from "./compose.ts";
import type { Draft } from "./draft.ts";
import { type Fold, folds } from "./folds.ts";
import { type Filter, numberFilters } from "./stages.ts";
import { drawNumbers } from "./values.ts";

/** What is made of two neighbours; `a` is the earlier one. */
const pairs: readonly (readonly [name: string, says: string, javascript: string, python: string])[] = [
  ["sums", "sums of each number in list and the one before it", "list[i - 1] + list[i]", "list[i - 1] + list[i]"],
  [
    "differences",
    "differences between each number in list and the one before it",
    "list[i] - list[i - 1]",
    "list[i] - list[i - 1]",
  ],
  [
    "products",
    "products of each number in list and the one before it",
    "list[i - 1] * list[i]",
    "list[i - 1] * list[i]",
  ],
  [
    "maxima",
    "larger ones of each number in list and the one before it",
    "Math.max(list[i - 1], list[i])",
    "max(list[i - 1], list[i])",
  ],
];

/** A draft for each pair, filter and fold. */
export function pairDrafts(random: Random): Draft[] {
  return pairs.flatMap((pair) => {
    const filters = [undefined, ...numberFilters.map((make) => make(random.integer(16) - 4))];
    const some = [undefined, ...folds.filter(({ takes, loop }) => takes === "number" && loop !== undefined)];
    return filters.flatMap((filter) => some.map((fold) => draft(pair, filter, fold)));
  });
}

function draft([name, says, javascript, python]: (typeof pairs)[number], filter?: Filter, fold?: Fold): Draft {
  const kept = filter === undefined ? "" : filter.before ? `${filter.before} ` : "";
  const after = filter?.after === undefined ? "" : ` ${filter.after}`;
  const phrase = after === "" ? `the ${kept}${says}` : `those${after} of the ${says}`;
  const values = `[${python} for i in range(1, len(list))]`;
  const all = filter === undefined ? values : `[x for x in ${values} if ${filter.python}]`;
  const loop = fold?.loop ?? { before: "const out = [];", each: "out.push(V);", result: "out" };
  const lines = (fold?.python ?? ["return L"]).map((line) => `    ${line.replace(/\bL\b/g, all)}\n`);
  const about = `${name}OfNeighbours${filter?.name ?? ""}`;
  return {
    ...{ kind: "composed", level: 4, family: `neighbours: ${fold?.name ?? "listed"}` },
    name: fold === undefined ? about : `${fold.name}Of${about.charAt(0).toUpperCase()}${about.slice(1)}`,
    ask: fold === undefined ? `Returns a list of ${phrase}.` : `Returns ${fold.says.replace("{}", phrase)}.`,
    parameters: [{ name: "list", type: "number[]" }],
    returns: fold === undefined ? "number[]" : "number",
    javascript: filter === undefined ? bare(loop, javascript) : named(loop, javascript, filter),
    python: lines.join(""),
    edges: [[[]], [[3]], [[0, 0]], [[1, 2, 4]]],
    draw: (from) => [drawNumbers(from)],
  };
}

const head = "for (let i = 1; i < list.length; i++) {";

const bare = (loop: NonNullable<Fold["loop"]>, value: string): string => loopOf(loop, head, undefined, value);

/** Of a value that is asked something before it is used, the value has a name first. */
function named(loop: NonNullable<Fold["loop"]>, value: string, filter: Filter): string {
  return loopOf(loop, head, filter.javascript, "x").replace(head, `${head}\n    const x = ${value};`);
}
