/**
 * Groups that teach nothing: the steps that are compared with each other, those of one group at one step of the life, all
 * came to the same. Their advantages are zero, so they would only thin out the mean over tokens, and hold the policy near
 * its start, by steps that say nothing of what is better (DAPO, Yu et al. 2025, section 3.2, draws others in their place).
 */

import type { Episode } from "../episode/index.ts";

/** Advantages that are no more than rounding, beside the largest of the batch. */
const nothing = 1e-9;

/**
 * The same weights with null, which is for a step that does not count, at the steps of such groups; and how many there are.
 * Where no episodes share a group nothing is left out.
 * @param among what rounding is measured by, @default the weights themselves
 */
export function leaveOutAlike(
  episodes: readonly Pick<Episode, "group">[],
  weights: readonly (readonly (number | null)[])[],
  group: number,
  among: readonly (number | null)[] = weights.flat(),
): { weights: (number | null)[][]; alike: number } {
  if (group === 1) return { weights: weights.map((own) => [...own]), alike: 0 };
  const largest = among.reduce<number>((most, value) => Math.max(most, Math.abs(value ?? 0)), 0);
  const nameOf = (i: number, t: number): string => `${episodes[i]!.group} ${t}`;
  const [counted, telling] = [new Set<string>(), new Set<string>()];
  for (const [i, own] of weights.entries())
    for (const [t, value] of own.entries()) {
      if (value === null) continue;
      counted.add(nameOf(i, t));
      if (Math.abs(value) > nothing * largest) telling.add(nameOf(i, t));
    }
  return {
    weights: weights.map((own, i) => own.map((value, t) => (telling.has(nameOf(i, t)) ? value : null))),
    alike: counted.size - telling.size,
  };
}
