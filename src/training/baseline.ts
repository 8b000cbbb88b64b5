/**
 * A learned baseline: ridge regression of the return-to-go on what is known before the action is drawn: the step's number
 * and, where the policy gives them, features of the state (a language model's hidden state at the end of the prompt). It is
 * fitted to earlier updates only, so it cannot depend on the actions of this one and leaves the gradient unbiased.
 */

import { checkOptions, numberFrom, only, optional, positiveNumber } from "../data/check.ts";
import type { Episode } from "../episode/index.ts";

/** What the fit has seen: sums over steps, older updates fading. Plain numbers, for a checkpoint. */
export interface BaselineState {
  size: number;
  /** Sum of x x', row by row, and of x y. */
  gram: number[];
  moment: number[];
}

/** For each step of each episode: numbers that describe the state its action was drawn in. */
export type Features = readonly (readonly (ArrayLike<number> | undefined)[])[];

/** A baseline that learns from each update. */
export interface LearnedBaseline {
  /** Predicted returns, one a step; null before the first `fit`. */
  predict(episodes: readonly Episode[], features?: Features): number[][] | null;
  fit(episodes: readonly Episode[], returns: readonly (readonly number[])[], features?: Features): void;
  state(): BaselineState | null;
  restore(state: BaselineState | null): void;
}

/** Steps that have a weight of their own; later ones share the last. */
const steps = 16;

/** How one learns. */
export interface BaselineOptions {
  /** Multiplies what was seen before at each update. @default 0.9 */
  fade?: number;
  /** The penalty on the weights. @default 1 */
  ridge?: number;
}

const optionsSchema = only<BaselineOptions>({
  fade: optional(numberFrom(0, 1)),
  ridge: optional(positiveNumber),
});

/** Makes one. */
export function learnedBaseline(options: BaselineOptions = {}): LearnedBaseline {
  checkOptions(optionsSchema, options, "the options of learnedBaseline");
  const { fade = 0.9, ridge = 1 } = options;
  let seen: BaselineState | null = null;
  let weights: Float64Array | null = null;
  const solve = (): Float64Array => (weights ??= solveRidge(seen!, ridge));
  return {
    predict: (episodes, features) =>
      seen === null
        ? null
        : episodes.map((episode, e) =>
            episode.steps.map((_, t) => dot(solve(), describe(features?.[e]?.[t], t, seen!.size))),
          ),
    fit(episodes, returns, features) {
      const size = (seen?.size ?? steps) === steps ? steps + (features?.[0]?.[0]?.length ?? 0) : seen!.size;
      if (seen?.size !== size) seen = { size, gram: new Array(size * size).fill(0), moment: new Array(size).fill(0) };
      const { gram, moment } = seen;
      for (let i = 0; i < gram.length; i++) gram[i]! *= fade;
      for (let i = 0; i < size; i++) moment[i]! *= fade;
      for (const [e, episode] of episodes.entries())
        for (const t of episode.steps.keys()) {
          const x = describe(features?.[e]?.[t], t, size);
          for (let i = 0; i < size; i++) {
            if (x[i] === 0) continue;
            moment[i]! += x[i]! * returns[e]![t]!;
            for (let j = 0; j <= i; j++) gram[i * size + j]! += x[i]! * x[j]!;
          }
        }
      weights = null;
    },
    state: () => seen && { size: seen.size, gram: [...seen.gram], moment: [...seen.moment] },
    restore(state) {
      seen = state && { size: state.size, gram: [...state.gram], moment: [...state.moment] };
      weights = null;
    },
  };
}

/** One-hot of the step, then the state's features scaled to unit length. */
function describe(features: ArrayLike<number> | undefined, t: number, size: number): Float64Array {
  const x = new Float64Array(size);
  x[Math.min(t, steps - 1)] = 1;
  if (features === undefined) return x;
  const length = Math.sqrt(Array.from(features).reduce((sum, value) => sum + value * value, 0)) || 1;
  for (let i = 0; i < size - steps; i++) x[steps + i] = (features[i] ?? 0) / length;
  return x;
}

/** Solves (gram + ridge I) w = moment by Cholesky. Only the lower half of `gram` is read. */
function solveRidge({ size, gram, moment }: BaselineState, ridge: number): Float64Array {
  const L = new Float64Array(size * size);
  for (let i = 0; i < size; i++)
    for (let j = 0; j <= i; j++) {
      let sum = gram[i * size + j]! + (i === j ? ridge : 0);
      for (let k = 0; k < j; k++) sum -= L[i * size + k]! * L[j * size + k]!;
      L[i * size + j] = i === j ? Math.sqrt(sum) : sum / L[j * size + j]!;
    }
  const w = Float64Array.from(moment);
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < i; k++) w[i]! -= L[i * size + k]! * w[k]!;
    w[i]! /= L[i * size + i]!;
  }
  for (let i = size - 1; i >= 0; i--) {
    for (let k = i + 1; k < size; k++) w[i]! -= L[k * size + i]! * w[k]!;
    w[i]! /= L[i * size + i]!;
  }
  return w;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
