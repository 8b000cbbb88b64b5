/**
 * What may be said of policies side by side, in one place: `evaluate`, `study` and `compareRuns` all ask here. Policies are
 * compared by paired differences over the clusters that the caller names, and all comparisons of one question hold together:
 * with m of them each interval is at 1 - 0.05 / m (Bonferroni). Who only sharpens a model (a temperature, say) is the
 * control: what does not beat it has not been shown to have learned more. A degenerate policy is named whatever it reached. Not here: the
 * intervals (`difference.ts`), when a policy is degenerate (`degenerate.ts`).
 */

import { type PairedDifference, pairedDifference, type Sample } from "./difference.ts";

/** One policy of a comparison. */
export interface Claimant {
  name: string;
  /** Why it is degenerate; null if it is none. */
  degenerate: string | null;
  /** What it reached, by measure: more is better. Values of one cluster are alike. */
  reached: { readonly [measure: string]: readonly Sample[] };
}

/** How a measure is told in a sentence. */
export interface MeasureWords {
  unit: string;
  /** What a difference is multiplied by: 100 for shares in points. @default 1 */
  scale?: number;
  /** @default 2 */
  digits?: number;
}

/** What is asked of all policies beside one. */
export interface ClaimOptions {
  /** Whom the others are compared with; null: nothing is compared, only degenerate ones are named. */
  against: string | null;
  /** Whether that one is the control, which only sharpens, or any reference. */
  as: "control" | "reference";
  /** The measures by name, with their words. */
  measures: { readonly [measure: string]: MeasureWords };
  /** What the clusters are, in the plural: "tasks", "seeds". */
  over: string;
  /** With what confidence all comparisons hold together. @default 0.95 */
  confidence?: number;
}

/** One policy beside another by one measure. */
export interface Comparison {
  /** Where they were compared, as the caller names it; empty where there is one place only. */
  place: string;
  name: string;
  against: string;
  measure: string;
  /** With the interval that holds together with those of all other comparisons. */
  difference: PairedDifference;
  /** What the interval shows. */
  shown: "more" | "less" | "nothing";
}

/** All comparisons of one question, and the sentences that they allow. */
export interface Claims {
  comparisons: Comparison[];
  sentences: string[];
}

/** Names that a control usually has. */
const usual = ["temperature", "sharpened"];

/**
 * The control among these names: the given one, else the usual one, else null. Throws a RangeError for a name that is not
 * among them.
 */
export function controlAmong(names: readonly string[], given?: string): string | null {
  if (given !== undefined && !names.includes(given))
    throw new RangeError(`Expected \`control\` to be one of ${names.join(", ")}, got "${given}"`);
  return given ?? usual.find((name) => names.includes(name)) ?? null;
}

/**
 * Compares every policy with one, in every place, by every measure that both have. A measure that only one of them has is
 * left out, and is no comparison.
 * @param places the policies by where they were compared (a split, say); "" where there is one place only
 */
export function claims(
  places: { readonly [place: string]: readonly Claimant[] },
  { against, as, measures, over, confidence = 0.95 }: ClaimOptions,
): Claims {
  const asked = Object.entries(places).flatMap(([place, claimants]) => {
    const bar = claimants.find(({ name }) => name === against);
    if (bar === undefined) return [];
    return claimants
      .filter((one) => one !== bar)
      .flatMap(({ name, reached }) =>
        Object.keys(measures)
          .map((measure) => ({ place, name, measure, is: reached[measure] ?? [], was: bar.reached[measure] ?? [] }))
          .filter(({ is, was }) => is.length > 0 && was.length > 0),
      );
  });
  const each = 1 - (1 - confidence) / asked.length;
  const comparisons = asked.map(({ place, name, measure, is, was }): Comparison => {
    const difference = pairedDifference(is, was, { confidence: each });
    const shown = difference.low > 0 ? "more" : difference.high < 0 ? "less" : "nothing";
    return { place, name, against: against!, measure, difference, shown };
  });
  const words: Words = { as, measures, over, confidence, of: comparisons.length };
  const sentences = Object.entries(places).flatMap(([place, claimants]) =>
    claimants.flatMap(({ name }) => {
      const own = comparisons.filter((one) => one.place === place && one.name === name);
      return own.length === 0 ? [] : [`${place && `${place}: `}${sentenceOf(own, words)}`];
    }),
  );
  return { comparisons, sentences };
}

/** A sentence for each degenerate policy. */
export function degenerateAmong(places: { readonly [place: string]: readonly Claimant[] }): string[] {
  return Object.entries(places).flatMap(([place, claimants]) =>
    claimants.flatMap(({ name, degenerate }) =>
      degenerate === null ? [] : [`${place && `${place}: `}${name} is degenerate: ${degenerate}.`],
    ),
  );
}

interface Words {
  as: "control" | "reference";
  measures: ClaimOptions["measures"];
  over: string;
  confidence: number;
  /** How many comparisons there are. */
  of: number;
}

/** What all comparisons of one policy in one place show. */
function sentenceOf(given: readonly Comparison[], words: Words): string {
  const [{ name, against }] = given as [Comparison];
  const all = given.filter(({ difference }) => !Number.isNaN(difference.low));
  if (all.length === 0) return `${name} cannot be compared with ${against}: that needs two ${words.over} at least.`;
  const untold = given.filter((one) => !all.includes(one)).map(({ measure }) => measure);
  const list = (shown: Comparison["shown"], joint: string) =>
    all
      .filter((one) => one.shown === shown)
      .map(({ measure, difference }) => `${measure} (${told(difference, words.measures[measure]!)})`)
      .join(joint);
  const [more, less, open] = [list("more", " and "), list("less", " and "), list("nothing", " or ")];
  const parts =
    words.as === "control"
      ? [
          more && `${name} beats ${against} in ${more}: that is more than sharpening`,
          less && `${more ? "it" : name} is worse than ${against} in ${less}`,
          !more && !less && `${name} does not beat ${against} in ${open}: no more than sharpening is shown`,
        ]
      : [
          more && `${name} is above ${against} in ${more}`,
          less && `${more ? "it is" : `${name} is`} below ${more ? "it" : against} in ${less}`,
          open && `${more || less ? "it is" : `${name} is`} not told from ${more || less ? "it" : against} in ${open}`,
        ];
  if (untold.length > 0)
    parts.push(`it cannot be compared in ${untold.join(" or ")}: that needs two ${words.over} at least`);
  return `${parts.filter(Boolean).join("; ")} (${certainty(all, words)}).`;
}

/** How sure, and by how much evidence. */
function certainty(all: readonly Comparison[], { over, confidence, of }: Words): string {
  const clusters = Math.min(...all.map(({ difference }) => difference.clusters));
  const sure = `${Number((100 * confidence).toFixed(2))} %`;
  return of === 1 ? `${sure}, ${clusters} ${over}` : `${sure} for all ${of} comparisons together, ${clusters} ${over}`;
}

function told({ estimate, low, high }: PairedDifference, { unit, scale = 1, digits = 2 }: MeasureWords): string {
  const text = (value: number) => `${value >= 0 ? "+" : "−"}${Math.abs(value * scale).toFixed(digits)}`;
  return `${text(estimate)}, ${text(low)} to ${text(high)} ${unit}`;
}
