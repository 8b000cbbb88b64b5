/**
 * The gradient of a batch as sums over parts of it. A part gives what follows from its lives alone: the sum of raw advantages times
 * log-probabilities, differentiated, and that of entropy and divergence; the batch's scale and its number of tokens are put in when
 * all parts are there. So a part may be summed where it was played, and what travels is as large as the weights and not as the
 * lives. Whoever sums, the parts are added in their order: the result is the same to the bit. Not here: when this way is taken (`way.ts`).
 */

import type { Episode } from "../episode/index.ts";
import { type Action, type GradientOptions, type TrainablePolicy, tf } from "../policy/index.ts";
import type { PartSums } from "../rollout/index.ts";
import { leaveOutAlike } from "./alike.ts";
import { useBackend } from "./backend.ts";
import { type Engine, openEngine } from "./engine.ts";
import { estimatorsInSteps, type Scale } from "./estimators.ts";
import { type BatchGradient, gradientOf } from "./gradient.ts";
import type { Settings } from "./options.ts";
import { learnable } from "./sort-out.ts";
import { maskSteps, rewarded } from "./weights.ts";

/** The name of an estimator whose parts can be summed. */
export type SummedEstimator = keyof typeof estimatorsInSteps;

/** What of a training's settings a part's sums follow from: plain data. */
export interface SumSettings
  extends Pick<Settings, "gamma" | "klIn" | "klCoef" | "entropyBonus" | "mask" | "group" | "backend"> {
  estimator: SummedEstimator;
}

/** What a step of a part is pushed by, before the batch's scale; null where it does not count. The episodes are those that can be learned from. */
export function rawWeights(episodes: readonly Episode[], settings: SumSettings) {
  const { estimator, gamma, mask, group } = settings;
  const { raw, moves } = estimatorsInSteps[estimator];
  const scored = learnable(episodes);
  const paid = rewarded(scored, settings);
  const kept = maskSteps(scored, raw(paid, { gamma }), mask, { cut: 0, truncated: 0 });
  // Where the zero may lie elsewhere, nobody knows yet who teaches nothing.
  if (moves) return { scored, weights: kept };
  const returns = estimatorsInSteps["raw-return"].raw(paid, { gamma }).flat();
  return { scored, weights: leaveOutAlike(scored, kept, group, returns).weights };
}

/** What computes a part's sums. */
export interface Summing {
  of(actions: readonly (readonly Action[])[], weights: readonly (readonly (number | null)[])[]): Promise<PartSums>;
  /** Of lives as they were played, by what a part knows of itself. */
  ofLives(lives: readonly { episode: Episode; actions: readonly Action[] }[]): Promise<PartSums>;
  dispose(): Promise<void>;
}

/** Makes ready what computes the sums of a policy. */
export async function openSumming(policy: TrainablePolicy, settings: SumSettings): Promise<Summing> {
  const { entropyBonus, klCoef, klIn, backend, estimator } = settings;
  const pushing: GradientOptions = { entropyBonus: 0, klCoef: 0, summed: true };
  const holding: GradientOptions = { entropyBonus, klCoef: klIn === "loss" ? klCoef : 0, summed: false };
  const open = (options: GradientOptions) => openEngine({ policy, ownLoss: false, options, backend });
  const first = await open(pushing);
  const second = holding.entropyBonus === 0 && holding.klCoef === 0 ? null : await open(holding);
  const summing: Summing = {
    async of(actions, weights) {
      const input = inputOf(actions.flat(), weights.flat());
      const drawn = input.counts.length;
      if (drawn === 0) return { numbers: { drawn, learned: 0 }, lists: {} };
      const learned = input.counts.reduce((sum, one) => sum + one, 0);
      const take = (engine: Engine, options: GradientOptions, advantages: number[]) =>
        listsOf(policy, engine, { ...input, advantages }, options);
      const push = await take(first, pushing, input.advantages);
      const ones = estimatorsInSteps[estimator].moves ? await take(first, pushing, input.counts) : null;
      const rest = second && (await take(second, holding, new Array<number>(drawn).fill(0)));
      return {
        numbers: {
          ...{ drawn, learned, entropy: push.entropy * drawn, kl: (rest ?? push).kl * drawn, push: push.loss },
          ...(ones && { ones: ones.loss }),
          ...(rest && { rest: rest.loss }),
        },
        lists: { push: push.lists, ...(ones && { ones: ones.lists }), ...(rest && { rest: rest.lists }) },
      };
    },
    async ofLives(lives) {
      const drawn = new Map(lives.map(({ episode, actions }) => [episode, actions]));
      const { scored, weights } = rawWeights([...drawn.keys()], settings);
      return summing.of(
        scored.map((episode) => drawn.get(episode)!),
        weights,
      );
    },
    async dispose() {
      await Promise.all([first, second].map((engine) => engine?.own?.dispose()));
    },
  };
  return summing;
}

/** Advantages and counts token by token, from those of steps. */
export function inputOf(actions: readonly Action[], weights: readonly (number | null)[]) {
  const perToken = (of: (weight: number | null) => number): number[] =>
    actions.flatMap(({ tokens = 1 }, i) => new Array<number>(tokens).fill(of(weights[i]!)));
  return {
    actions,
    advantages: perToken((weight) => weight ?? 0),
    counts: perToken((weight) => (weight === null ? 0 : 1)),
  };
}

/** A gradient as lists of numbers in the order of the policy's variables, whose names are other ones elsewhere. */
async function listsOf(
  policy: TrainablePolicy,
  engine: Engine,
  input: ReturnType<typeof inputOf>,
  options: GradientOptions,
) {
  useBackend(engine.backend);
  const { gradients, loss, entropy, kl } = await gradientOf(policy, engine, input, { loss: undefined, options });
  try {
    const read = policy.variables.map(async ({ name }) => (await gradients[name]!.data()).slice() as Float32Array);
    return { lists: await Promise.all(read), loss, entropy, kl };
  } finally {
    tf.dispose(gradients);
  }
}

/** A part's sums, and the scale that its raw values are still to be put to. */
export interface ScaledSums {
  sums: PartSums;
  scale: Scale;
}

/** Adds the parts' sums, in their order. `summed`: see `GradientOptions`. */
export function addUp(
  { variables }: TrainablePolicy,
  parts: readonly ScaledSums[],
  { summed }: { summed: boolean },
): BatchGradient {
  const total = (name: string): number => parts.reduce((sum, { sums }) => sum + (sums.numbers[name] ?? 0), 0);
  const [tokens, drawn] = [Math.max(1, total("learned")), Math.max(1, total("drawn"))];
  const all = variables.map(({ size }) => new Float64Array(size));
  let loss = 0;
  for (const { sums, scale } of parts) {
    const { numbers, lists } = sums;
    const each = scale.unit === 0 ? 0 : 1 / (scale.unit * (summed ? 1 : tokens));
    const factors = { push: each, ones: -each * scale.zero, rest: (numbers.learned ?? 0) / tokens };
    for (const [name, factor] of Object.entries(factors)) {
      loss += factor * (numbers[name] ?? 0);
      for (const [i, values] of (lists[name] ?? []).entries()) {
        const sum = all[i]!;
        for (let at = 0; at < sum.length; at++) sum[at]! += factor * values[at]!;
      }
    }
  }
  const gradients = variables.map(({ name, shape }, i): [string, tf.Tensor] => [
    name,
    tf.tensor(Float32Array.from(all[i]!), shape),
  ]);
  const squares = all.reduce((sum, values) => values.reduce((so, value) => so + Math.fround(value) ** 2, sum), 0);
  return {
    gradients: Object.fromEntries(gradients),
    ...{ norm: Math.sqrt(squares), loss, entropy: total("entropy") / drawn, kl: total("kl") / drawn },
  };
}
