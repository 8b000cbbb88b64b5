/** What each adapter's seed does of held-out tasks beyond the sharpened model, known and unseen families together, by itself. */

import { type Episode, metrics } from "../../src/episode/index.ts";
import { type PairedDifference, pairedDifference, type Sample } from "../../src/statistics/index.ts";
import type { MicroTask } from "../../src/tasks/index.ts";
import { operationOf } from "../../src/tasks/micro/score.ts";

const heldOut = ["known", "unseen"];

/**
 * One paired difference a seed, at 95 % for itself, clustered by the operation that is asked.
 * @param episodes by split and policy; those of `adapter` are its seeds' in turn, as many each as the sharpened model's
 */
export function heldOutBySeed(
  episodes: { readonly [split: string]: { readonly [policy: string]: readonly Episode[] } },
  tasks: readonly MicroTask[],
): PairedDifference[] {
  const operations = new Map(tasks.map((task) => [task.id, operationOf(task)]));
  const samplesOf = (own: readonly Episode[]): Sample[] =>
    own
      .filter(({ fault }) => !fault)
      .flatMap((episode) =>
        metrics.successRate.parts(episode).map(({ value, step }) => {
          const { task } = episode.steps[step!]!;
          return { cluster: operations.get(task!) ?? task!, value };
        }),
      );
  const parts = heldOut.map((split): { readonly [policy: string]: readonly Episode[] } => episodes[split] ?? {});
  const each = parts[0]?.sharpened?.length ?? 0;
  const seeds = each === 0 ? 0 : (parts[0]!.adapter?.length ?? 0) / each;
  const was = parts.flatMap(({ sharpened = [] }) => samplesOf(sharpened));
  return Array.from({ length: seeds }, (_, seed) => {
    const is = parts.flatMap(({ adapter = [] }) => samplesOf(adapter.slice(seed * each, (seed + 1) * each)));
    return pairedDifference(is, was);
  });
}
