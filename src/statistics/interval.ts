/** What an estimate comes with everywhere in the library. */

/** An estimate and the ends of its interval. */
export interface Interval {
  estimate: number;
  low: number;
  high: number;
}
