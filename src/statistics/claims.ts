/**
 * What may be said of policies side by side. Who only sharpens a model (a trained temperature, say) is the control: what
 * does not beat it has learned no more. A rock is named whatever it reached.
 */

import type { Interval } from "./index.ts";

/** One policy of a comparison. */
export interface Claimant {
  name: string;
  /** What it reached: more is better. */
  reached: Interval;
  /** Why it is a rock; null if it is none. */
  rock: string | null;
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

/** A sentence for each rock, and one for each policy beside the control: does it beat it, or is its gain sharpening? */
export function claimsOf(
  all: readonly Claimant[],
  { control, what }: { control: string | null; what: string },
): string[] {
  const bar = all.find(({ name }) => name === control);
  return all.flatMap(({ name, reached, rock }) => [
    ...(rock === null ? [] : [`${name} is a rock: ${rock}.`]),
    ...(bar === undefined || name === control ? [] : [besideControl(name, reached, bar, what)]),
  ]);
}

function besideControl(name: string, own: Interval, { name: control, reached }: Claimant, what: string): string {
  const text = ({ estimate, low, high }: Interval) =>
    `${estimate.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`;
  const figures = `${what} ${text(own)} against ${text(reached)}`;
  if (own.low > reached.high) return `${name} beats ${control}: ${figures}. That is more than sharpening.`;
  if (own.high < reached.low) return `${name} is worse than ${control}: ${figures}.`;
  return `${name} does not beat ${control}: ${figures}. What it gained is sharpening.`;
}
