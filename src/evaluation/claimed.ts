/** What may be said of an evaluation's policies: all of them beside the reference, and beside the control. */

import { type Episode, metrics } from "../episode/index.ts";
import { type Claimant, type Claims, claims, type MeasureWords, type PairedDifference } from "../statistics/index.ts";
import type { Clusters } from "./measure.ts";

/** What was played: split, policy, runs. */
export type Played = { [split: string]: { [name: string]: { runs: Episode[][]; seconds: number } } };

/** How much more than another policy: steps survived, and share of tasks done. The intervals of all that are compared hold together. */
export interface Beyond {
  survival: PairedDifference;
  successRate: PairedDifference | null;
}

/** What is compared, and its words in sentences. */
const compared: { [measure in keyof Beyond]: MeasureWords & { called: string } } = {
  survival: { called: "survival", unit: "steps" },
  successRate: { called: "tasks done", unit: "points", scale: 100, digits: 1 },
};
const words = Object.fromEntries(Object.values(compared).map(({ called, ...how }) => [called, how]));

/** What is claimed of all policies. */
export interface Claimed {
  reference: Claims;
  control: Claims;
}

/** Compares all policies with the reference, and with the control; the reference itself is not asked to beat the control. */
export function claimedOf(
  played: Played,
  {
    reference,
    control,
    clusters,
  }: { reference: string; control: string | null; clusters: { readonly [split: string]: Clusters } },
): Claimed {
  const places = (left: string | null) =>
    Object.fromEntries(
      Object.entries(played).map(([split, policies]) => [
        split,
        Object.keys(policies)
          .filter((name) => name !== left)
          .map((name) => claimantOf(name, policies[name]!.runs.flat(), clusters[split]!)),
      ]),
    );
  const [{ over }] = Object.values(clusters) as [Clusters];
  const asked = { measures: words, over };
  return {
    reference: claims(places(null), { ...asked, against: reference, as: "reference" }),
    control: claims(places(reference === control ? null : reference), { ...asked, against: control, as: "control" }),
  };
}

/** Compares each policy on every split with the same on the first, where the splits differ in their agents' body alone. */
export function besideBodies(
  played: Played,
  {
    bodies,
    clusters,
  }: { bodies: { readonly [split: string]: string } | null; clusters: { readonly [split: string]: Clusters } },
): Claims {
  if (bodies === null) return { comparisons: [], sentences: [] };
  const splits = Object.keys(bodies);
  const [first] = splits as [string];
  const places = Object.keys(played[first]!).map((policy): [string, Claimant[]] => [
    policy,
    splits.map((split) => claimantOf(split, played[split]![policy]!.runs.flat(), clusters[first]!)),
  ]);
  return claims(Object.fromEntries(places), {
    ...{ measures: words, over: clusters[first]!.over, against: first },
    as: "reference",
  });
}

/** What a policy reached, value by value, each with its cluster. */
export function claimantOf(name: string, episodes: readonly Episode[], clusters: Clusters): Claimant {
  const sound = episodes.filter(({ fault }) => !fault);
  const reached = Object.entries(compared).map(([measure, { called }]) => [
    called,
    sound.flatMap((episode) =>
      metrics[measure as keyof Beyond]
        .parts(episode)
        .map(({ value, step }) => ({ cluster: clusters.of(episode, step), value })),
    ),
  ]);
  return { name, degenerate: null, reached: Object.fromEntries(reached) };
}

/** The differences of one policy on one split. */
export function beyondOf({ comparisons }: Claims, split: string, name: string): Beyond | null {
  const of = (measure: keyof Beyond) =>
    comparisons.find((one) => one.place === split && one.name === name && one.measure === compared[measure].called)
      ?.difference ?? null;
  const survival = of("survival");
  return survival && { survival, successRate: of("successRate") };
}
