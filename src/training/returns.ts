/**
 * Returns and advantages, as lists of numbers that show themselves as a small table. The returns are the paper's:
 * G_t = r_t + gamma * G_(t+1). An advantage is a return less a baseline that does not depend on the action, so it
 * leaves the direction of the policy gradient as it is and takes noise away (Williams 1992).
 */

import { anything, checkOptions, only } from "../data/check.ts";
import { displaySymbol, tableBundle } from "../display/index.ts";

/** Numbers, one a step, that show themselves as a table in a notebook. */
export type NumberTable = number[];

/** Their values are looked at where they are used, in words of their own. */
const returnsSchema = only<{ gamma?: number }>({ gamma: anything() });
const advantagesSchema = only<{ baseline?: Baseline }>({ baseline: anything() });

/**
 * Discounted returns-to-go of one episode.
 * @param rewards one finite number a step, at least one
 * @param options.gamma discount in [0, 1], @default 1
 */
export function returns(rewards: readonly number[], options: { gamma?: number } = {}): NumberTable {
  checkOptions(returnsSchema, options, "the options of returns");
  const { gamma = 1 } = options;
  if (!(gamma >= 0 && gamma <= 1)) throw new RangeError(`Expected gamma to be between 0 and 1, got ${gamma}`);
  checkNumbers("reward", rewards);
  const result = new Array<number>(rewards.length);
  let ahead = 0;
  for (let t = rewards.length - 1; t >= 0; t--) result[t] = ahead = rewards[t]! + gamma * ahead;
  return withTable(result, "return", { reward: rewards });
}

/** A baseline: its name, or the value to take away at each step. */
export type Baseline = "none" | "mean" | "leave-one-out" | ((returns: readonly number[], step: number) => number);

/**
 * Advantages of one list of returns: each less its baseline. `mean` takes the mean of all of them, `leave-one-out` the
 * mean of the others (unbiased; equal to n/(n-1) times the first). Across episodes see the estimators of `train`.
 */
export function advantages(episodeReturns: readonly number[], options: { baseline?: Baseline } = {}): NumberTable {
  checkOptions(advantagesSchema, options, "the options of advantages");
  const { baseline = "mean" } = options;
  checkNumbers("return", episodeReturns);
  const total = episodeReturns.reduce((a, b) => a + b, 0);
  const n = episodeReturns.length;
  const valueAt = (t: number): number => {
    if (typeof baseline === "function") return baseline(episodeReturns, t);
    switch (baseline) {
      case "none":
        return 0;
      case "mean":
        return total / n;
      case "leave-one-out":
        return n === 1 ? 0 : (total - episodeReturns[t]!) / (n - 1);
      default:
        throw new RangeError(
          `Unknown baseline ${JSON.stringify(baseline satisfies never)}: use none, mean or leave-one-out`,
        );
    }
  };
  const baselines = episodeReturns.map((_, t) => valueAt(t));
  checkNumbers("baseline", baselines);
  const result = episodeReturns.map((value, t) => value - baselines[t]!);
  return withTable(result, "advantage", { return: episodeReturns });
}

function checkNumbers(what: string, values: readonly number[]): void {
  if (values.length === 0) throw new RangeError(`Expected at least one ${what}, got an empty list`);
  const wrong = values.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0)
    throw new RangeError(`Expected every ${what} to be a finite number, got ${values[wrong]} at step ${wrong}`);
}

/** Four decimals, as in the paper; an advantage with its sign. */
function shown(column: string, value: number): string | number {
  if (column === "reward") return value;
  return (column === "advantage" && value > 0 ? "+" : "") + value.toFixed(4);
}

function withTable(values: number[], name: string, beside: { [column: string]: readonly number[] }): NumberTable {
  const rows = values.map((value, step) => ({
    step,
    ...Object.fromEntries(Object.entries(beside).map(([column, list]) => [column, shown(column, list[step]!)])),
    [name]: shown(name, value),
  }));
  // Not enumerable: the list compares, spreads and prints as any other.
  Object.defineProperty(values, displaySymbol, { value: () => tableBundle(rows), enumerable: false });
  return values;
}
