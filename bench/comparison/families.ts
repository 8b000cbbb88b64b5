/** How many of each family's tasks were done, by split and policy: what a comparison changed, and what it did not. */

import type { Episode } from "../../src/episode/index.ts";
import type { MicroTask } from "../../src/tasks/index.ts";

/** Steps that were asked a family's tasks, and how many did what was asked. */
export interface FamilyCount {
  steps: number;
  solved: number;
}

/** Counts by split, policy and family. */
export type Families = { [split: string]: { [policy: string]: { [family: string]: FamilyCount } } };

/** Counts the steps of episodes; those that could not be scored say nothing. */
export function familiesOf(
  episodes: { readonly [split: string]: { readonly [policy: string]: readonly Episode[] } },
  tasks: readonly MicroTask[],
): Families {
  const familyOf = new Map(tasks.map(({ id, family }) => [id, family ?? "none"]));
  const counted = (own: readonly Episode[]) => {
    const counts: { [family: string]: FamilyCount } = {};
    for (const { task, solved } of own.filter(({ fault }) => !fault).flatMap(({ steps }) => steps)) {
      const family = familyOf.get(task ?? "");
      if (family === undefined || solved === undefined) continue;
      counts[family] ??= { steps: 0, solved: 0 };
      counts[family].steps++;
      if (solved) counts[family].solved++;
    }
    return counts;
  };
  const each = <A, B>(all: { readonly [name: string]: A }, map: (one: A) => B) =>
    Object.fromEntries(Object.entries(all).map(([name, one]) => [name, map(one)]));
  return each(episodes, (policies) => each(policies, counted));
}
