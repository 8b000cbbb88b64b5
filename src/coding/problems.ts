/** The problems of the ladder: those that come along, and sealed ones from a file of the user's. */

import { readFile } from "node:fs/promises";
import { checkOptions, integerFrom, oneOf, only, optional, positiveInteger, someOf, text } from "../data/check.ts";
import { dataPath } from "../data/index.ts";
import { createRandom } from "../random/index.ts";
import { checkRecords, problemOf } from "./record.ts";
import { markSealed } from "./sealed.ts";
import type { CodeLevel, CodeProblem, CodeSplit } from "./types.ts";

/** Which problems. */
export interface ProblemOptions {
  /** @default "dev" */
  split?: CodeSplit;
  /** @default all */
  levels?: readonly CodeLevel[];
  /** Textbook ones may be in any model's training data, composed ones are drawn. @default both */
  kind?: "textbook" | "composed";
  /** So many at most, as evenly over levels and families as there are. @default all */
  count?: number;
  /** Which ones, where there are more. @default 0 */
  seed?: number;
  /** Another file of the same form. Sealed problems have no other place: `npm run draw:problems` draws them from a seed of yours. */
  file?: string;
}

const schema = only<ProblemOptions>({
  split: optional(oneOf("dev", "sealed")),
  levels: optional(someOf<CodeLevel>(oneOf<CodeLevel>(1, 2, 3, 4), "a list of levels from 1 to 4")),
  kind: optional(oneOf("textbook", "composed")),
  count: optional(positiveInteger),
  seed: optional(integerFrom(0, Number.MAX_SAFE_INTEGER)),
  file: optional(text),
});

/**
 * The problems of a split of the ladder. Sealed ones are read from `file`: each asking of them is noted beside it, and tables
 * say how often that was.
 */
export async function codeProblems(options: ProblemOptions = {}): Promise<CodeProblem[]> {
  checkOptions(schema, options, "the options of codeProblems");
  const { split = "dev", levels, kind, count, seed = 0, file } = options;
  if (split === "sealed" && file === undefined)
    throw new TypeError(
      "Sealed problems do not come along: draw some with `npm run draw:problems -- --split sealed --seed A-WORD-OF-YOURS --output FILE`, and give that `file`",
    );
  const path = file ?? dataPath("coding", "ladder.json");
  const all = (await readProblems(path)).filter(
    (one) => one.split === split && (levels?.includes(one.level) ?? true) && (kind === undefined || one.kind === kind),
  );
  const chosen = count === undefined || count >= all.length ? all : spread(all, count, seed);
  if (split === "sealed") markSealed(chosen, path);
  return chosen;
}

async function readProblems(path: string): Promise<CodeProblem[]> {
  let read: unknown;
  try {
    read = JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    throw new TypeError(`The problems in ${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
  return checkRecords(read, path).map(problemOf);
}

/** Some problems: levels in turn, and in each the family that has had the fewest; in the order of the file. */
function spread(all: readonly CodeProblem[], count: number, seed: number): CodeProblem[] {
  const random = createRandom(seed, "problems");
  const levels = [...new Set(all.map(({ level }) => level))].map((level) => all.filter((one) => one.level === level));
  const taken = new Map<string, number>();
  const chosen = new Set<CodeProblem>();
  for (let i = 0; chosen.size < count; i++) {
    const open = levels[i % levels.length]!.filter((one) => !chosen.has(one));
    if (open.length === 0) continue;
    const had = (one: CodeProblem): number => taken.get(one.family) ?? 0;
    const fewest = Math.min(...open.map(had));
    const next = random.choice(open.filter((one) => had(one) === fewest));
    chosen.add(next);
    taken.set(next.family, fewest + 1);
  }
  return all.filter((one) => chosen.has(one));
}
