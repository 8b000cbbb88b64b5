/**
 * Several claims of which each is told apart from chance, and all of them together: Holm's procedure (1979). The claim with the
 * least p is held against 0.05 / m, the next against 0.05 / (m - 1), and so on up to the first that fails. It shows more than
 * equal shares do, and gives no joint intervals: each is told with its own. Not here: sentences.
 */

import { type PairedDifference, pairedDifference, type Sample } from "./difference.ts";
import { studentReach } from "./student.ts";

/** A claim: that `is` differs from `was`, or, with `above`, that the difference is above that number. */
export interface Claim {
  is: readonly Sample[];
  was: readonly Sample[];
  above?: number;
}

/** What came of a claim. */
export interface TestedClaim {
  /** With its own interval, whatever the other claims are. */
  difference: PairedDifference;
  p: number;
  /** `more`: the difference is above what was claimed; `less` only where no `above` was. */
  shown: "more" | "less" | "nothing";
}

/** With what confidence all claims hold together, and the reach of a normal interval at it. */
const [confidence, usualReach] = [0.95, 1.959964];

/** Tests claims together. One that has no interval (fewer than two clusters) shows nothing, with p 1. */
export function testTogether(claims: readonly Claim[]): TestedClaim[] {
  const tested = claims.map(({ is, was, above }): TestedClaim => {
    const paired = pairedDifference(is, was, { confidence });
    const isAlike = paired.high - paired.low < 1e-12;
    const difference = isAlike ? widened(paired) : paired;
    const distance = difference.estimate - (above ?? 0);
    if (Number.isNaN(difference.low)) return { difference, p: 1, shown: "nothing" };
    const p = isAlike ? beyondAlike(distance, paired) : beyond(distance, paired);
    return { difference, p: above === undefined ? p : distance > 0 ? p / 2 : 1 - p / 2, shown: "nothing" };
  });
  const order = [...tested.keys()].sort((a, b) => tested[a]!.p - tested[b]!.p);
  for (const [rank, i] of order.entries()) {
    const one = tested[i]!;
    if (!(one.p <= (1 - confidence) / (claims.length - rank))) break;
    one.shown = one.difference.estimate > (claims[i]!.above ?? 0) ? "more" : "less";
  }
  return tested;
}

/**
 * Where all clusters differ alike the interval has no width, as if nothing else could be: then it reaches as far as Wilson's
 * interval of a share that was never seen among as many clusters.
 */
function widened({ estimate, clusters }: PairedDifference): PairedDifference {
  const reach = usualReach ** 2 / (clusters + usualReach ** 2);
  return { estimate, low: estimate - reach, high: estimate + reach, clusters };
}

/** The chance of so great a distance on either side; by Student's t. */
function beyond(distance: number, { low, high, clusters }: PairedDifference): number {
  const freedom = clusters - 1;
  const reach = (Math.abs(distance) / ((high - low) / 2)) * studentReach(confidence, freedom);
  // `studentReach` the other way round.
  let [least, most] = [0, 1];
  for (let i = 0; i < 50; i++) {
    const middle = (least + most) / 2;
    if (middle === least || middle === 1) break;
    if (studentReach(middle, freedom) < reach) least = middle;
    else most = middle;
  }
  return 1 - least;
}

/** The same where all clusters are alike: Wilson's reach, solved for the normal distribution's z. */
function beyondAlike(distance: number, { clusters }: PairedDifference): number {
  const share = Math.abs(distance);
  return share >= 1 ? 0 : beyondNormal(Math.sqrt((share * clusters) / (1 - share)));
}

/** The chance to lie beyond minus or plus z (Abramowitz and Stegun 1964, 7.1.26, good to seven places). */
function beyondNormal(z: number): number {
  const t = 1 / (1 + (0.3275911 * z) / Math.SQRT2);
  const series = [1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592];
  return series.reduce((sum, factor) => (sum + factor) * t, 0) * Math.exp(-(z * z) / 2);
}
