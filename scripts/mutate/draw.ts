/**
 * Draws mutants evenly over folders, and within a folder over kinds. Each mutant's place in the draw hangs on the seed and on
 * its own content alone, so an edit elsewhere does not change which others are drawn.
 */

import { createRandom } from "../../src/random/index.ts";
import { kinds } from "./edits.ts";
import type { Mutant } from "./mutants.ts";

/** `src/policy/token/head.ts` to `src/policy`: one noun a folder, deeper ones belong to it. `kernel/main.ts` to `kernel`. */
export function folderOf(file: string): string {
  return file.split("/").slice(0, -1).slice(0, 2).join("/");
}

/** All mutants, folder by folder, each folder's in the order in which it gives them: its kinds in turn. */
export function orderMutants(mutants: readonly Mutant[], seed: number): Map<string, Mutant[]> {
  const folders = Map.groupBy(mutants, ({ file }) => folderOf(file));
  return new Map(
    [...folders].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, all]) => [name, inTurn(name, all, seed)]),
  );
}

/** How many of `count` each folder gives: equal shares, and those that the seed favours one more. */
export function shareOut(folders: Map<string, Mutant[]>, count: number, seed: number): Map<string, number> {
  const shares = new Map([...folders.keys()].map((name) => [name, 0]));
  const favoured = [...folders.keys()].sort((a, b) => place(seed, "folder", a) - place(seed, "folder", b));
  for (let left = count; left > 0; ) {
    const open = favoured.filter((name) => shares.get(name)! < folders.get(name)!.length);
    if (open.length === 0) break;
    for (const name of open.slice(0, left)) shares.set(name, shares.get(name)! + 1);
    left -= Math.min(left, open.length);
  }
  return shares;
}

/**
 * The drawn ones in the order in which they are judged: one of each folder, then another of each, so that wherever a run stops,
 * what was judged is drawn evenly, too. Within a round the seed says which folder comes first.
 */
export function inRounds(drawn: readonly Mutant[], seed: number): Mutant[] {
  const folders = [...Map.groupBy(drawn, ({ file }) => folderOf(file))];
  const sorted = folders
    .map(([name, list]) => ({ list, place: place(seed, "round", name) }))
    .sort((a, b) => a.place - b.place);
  const most = Math.max(0, ...sorted.map(({ list }) => list.length));
  return Array.from({ length: most }, (_, round) => sorted.flatMap(({ list }) => list[round] ?? [])).flat();
}

function inTurn(folder: string, mutants: readonly Mutant[], seed: number): Mutant[] {
  const groups = kinds
    .toSorted((a, b) => place(seed, "kind", folder, a) - place(seed, "kind", folder, b))
    .map((kind) =>
      mutants
        .filter((mutant) => mutant.kind === kind)
        .map((mutant) => ({ mutant, place: place(seed, "mutant", mutant.id) }))
        .sort((a, b) => a.place - b.place)
        .map(({ mutant }) => mutant),
    );
  const most = Math.max(0, ...groups.map(({ length }) => length));
  return Array.from({ length: most }, (_, round) => groups.flatMap((group) => group[round] ?? [])).flat();
}

function place(seed: number, ...path: string[]): number {
  return createRandom(seed, "mutate", ...path).uniform();
}
