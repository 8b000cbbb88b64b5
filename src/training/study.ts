/** A study: the same training under several estimators and seeds, as rows that a plot and a table can use. */

import { displaySymbol, type MimeBundle, tableBundle } from "../display/index.ts";
import type { Environment } from "../environment/index.ts";
import { type Figure, learningCurves } from "../plot/index.ts";
import type { TrainablePolicy } from "../policy/index.ts";
import { rollout } from "../rollout/index.ts";
import { bootstrapInterval, mean } from "../statistics/index.ts";
import { train } from "./reinforce.ts";
import type { TrainOptions } from "./settings.ts";

/** How a study is made. */
export interface StudyOptions {
  env: Environment;
  /** A fresh policy for every run. */
  makePolicy: () => TrainablePolicy;
  /** What is compared: a name, and what differs from `common`. */
  variants: { [name: string]: Omit<TrainOptions, "env" | "policy" | "seed" | "signal" | "resume"> };
  seeds: readonly number[];
  /** Fresh episodes after training, to measure by. @default 50 */
  evaluationEpisodes?: number;
  signal?: AbortSignal;
  /** Called after each update of each run. */
  onProgress?: (done: number, total: number, what: string) => void;
}

/** One run's course and end. */
export interface StudyRun {
  name: string;
  seed: number;
  curve: {
    episodes: number;
    survival: number;
    harm: number;
    entropy: number;
    probabilities: { [label: string]: number } | null;
  }[];
  /** Measured on fresh episodes after training. */
  survival: number;
  harm: number;
  entropy: number;
  policy: TrainablePolicy;
}

/** A study's runs, and how they show themselves. */
export interface Study {
  runs: StudyRun[];
  /** Survival against episodes lived, a curve a variant. */
  plot(options?: { baseline?: { name: string; value: number } }): Figure;
  /** The runs of one variant. */
  of(name: string): StudyRun[];
  [displaySymbol](): MimeBundle;
}

/** Trains every variant with every seed, and measures each on fresh episodes. */
export async function study(options: StudyOptions): Promise<Study> {
  const { env, makePolicy, variants, seeds, evaluationEpisodes = 50, signal, onProgress } = options;
  const names = Object.keys(variants);
  const total = names.reduce((sum, name) => sum + (variants[name]!.updates ?? 100) * seeds.length, 0);
  const runs: StudyRun[] = [];
  let done = 0;
  for (const seed of seeds) {
    for (const name of names) {
      const policy = makePolicy();
      const run: StudyRun = {
        name,
        seed,
        curve: [],
        survival: Number.NaN,
        harm: Number.NaN,
        entropy: Number.NaN,
        policy,
      };
      for await (const update of train({
        panel: false,
        ...variants[name],
        env,
        policy,
        seed,
        ...(signal && { signal }),
      })) {
        const { lived, survival, harm, entropy, probabilities } = update;
        run.curve.push({ episodes: lived, survival, harm, entropy, probabilities });
        onProgress?.(++done, total, `${name}, seed ${seed}: ${survival.toFixed(1)} steps`);
      }
      signal?.throwIfAborted();
      const after = await rollout(env, policy.frozen(), { episodes: evaluationEpisodes, seed: seed + 1_000_003 });
      run.survival = after.summary.survival.estimate;
      run.harm = after.summary.harm.estimate;
      run.entropy = after.summary.entropy;
      runs.push(run);
    }
  }
  const of = (name: string): StudyRun[] => runs.filter((run) => run.name === name);
  return {
    runs,
    of,
    plot: ({ baseline } = {}) =>
      learningCurves(
        runs.flatMap(({ name, seed, curve }) =>
          curve.map(({ episodes, survival }) => ({ name, seed, episodes, value: survival })),
        ),
        { title: "Steps survived while learning, mean and 95 % interval over seeds", ...(baseline && { baseline }) },
      ),
    [displaySymbol]: () =>
      tableBundle(
        names.map((name) => {
          const { estimate, low, high } = bootstrapInterval(of(name).map(({ survival }) => survival));
          return {
            variant: name,
            seeds: of(name).length,
            "steps survived": estimate.toFixed(2),
            "95 % interval": `${low.toFixed(2)} to ${high.toFixed(2)}`,
            "harm, % of lives": (100 * mean(of(name).map(({ harm }) => harm))).toFixed(1),
            "entropy, nats": mean(of(name).map(({ entropy }) => entropy)).toFixed(2),
          };
        }),
        { caption: `After training: ${evaluationEpisodes} fresh lives a seed` },
      ),
  };
}
