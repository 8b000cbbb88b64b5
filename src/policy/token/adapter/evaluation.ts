/**
 * The evaluation of an update's programs under an adapter, and the gradient of an objective of it, some programs at a time: the
 * tape of all would not fit into memory. Not here: the blocks (`blocks.ts`), the vocabulary (`vocabulary.ts`).
 */

import type * as TF from "@tensorflow/tfjs";
import { tf } from "../../tensors.ts";
import type { ActionEvaluation, Objective, ObjectiveGradient } from "../../types.ts";
import { hiddenStates, type Pair } from "./blocks.ts";
import type { FrozenTail } from "./frozen.ts";
import { type Batch, batchOf, longest, type Placed, partsOf, placed, stride, tokensOf } from "./parts.ts";
import type { AdapterTrace } from "./trace.ts";
import { evaluateTokens } from "./vocabulary.ts";

/** What programs are evaluated with. */
export interface AdapterSetting {
  tail: FrozenTail;
  prefix: Batch["prefix"];
  temperature: number;
  variables: readonly TF.Variable[];
  pairs(): Pair[];
}

type Uses = Objective["uses"];

/** Evaluates programs on one tape, differentiable in the variables: for a few. */
export function evaluateTraces(setting: AdapterSetting, traces: readonly AdapterTrace[]): ActionEvaluation {
  return tf.tidy(() => ({ ...valuesOf(setting, placed(traces), { entropy: true, kl: true }) }));
}

/**
 * The gradient of an objective, which is summed over parts. Where its slope depends on no value (`linear`), programs whose
 * tokens do not count are taken as they were drawn, and where nothing is made of the divergence it is that of some programs.
 */
export function objectiveGradient(
  setting: AdapterSetting,
  traces: readonly AdapterTrace[],
  { loss, linear, counts, uses }: Objective,
): ObjectiveGradient {
  return tf.tidy(() => {
    const all = placed(traces);
    const counted = all.filter(({ trace, first }) => trace.ids.some((_, t) => counts[first + t] !== 0));
    const living = linear ? counted : all;
    const known = linear ? drawnEvaluation(all) : valuesOf(setting, all, uses);
    const slopes = slopesOf(loss, known);
    const sums = setting.variables.map((variable) => tf.zerosLike(variable) as TF.Tensor);
    const values: TF.Tensor2D[] = [];
    const parts = partsOf(living);
    for (const part of parts) values.push(addGradient(setting, part, { slopes, uses, sums }));
    const found = linear ? inOrder(values, parts, all) : known;
    const some = uses.kl ? counted : all.filter((_, i) => i % stride(all.length) === 0);
    const kl = uses.kl ? found.kl : valuesOf(setting, some, { entropy: false, kl: true }).kl;
    const among = uses.kl ? tf.gather(kl, tf.tensor1d(tokensOf(some), "int32")) : kl;
    return {
      value: tf.keep(loss(found)),
      grads: Object.fromEntries(setting.variables.map(({ name }, i) => [name, tf.keep(sums[i]!)])),
      entropy: tf.keep(tf.mean(found.entropy)),
      kl: tf.keep(some.length === 0 ? tf.scalar(0) : tf.mean(among)),
    };
  }) as ObjectiveGradient;
}

/** About how many seconds a gradient of these programs takes here, by that of the first two, which is taken. */
export async function gradientSeconds(setting: AdapterSetting, traces: readonly AdapterTrace[]): Promise<number> {
  const few = traces.slice(0, 2);
  const counts = few.flatMap(({ ids }) => [...ids].map(() => 1));
  const loss = ({ logProbs }: ActionEvaluation) => tf.sum(logProbs) as TF.Scalar;
  const began = performance.now();
  const { value, grads, entropy, kl } = objectiveGradient(setting, few, {
    ...{ loss, linear: true, counts, uses: { entropy: false, kl: false } },
  });
  const all = [value, entropy, kl, ...Object.values(grads)];
  await Promise.all(all.map((tensor) => tensor.data()));
  const seconds = (performance.now() - began) / 1000;
  tf.dispose(all);
  // Each part goes through the prefix as well.
  const cost = (some: readonly AdapterTrace[]) =>
    partsOf(placed(some)).reduce((sum, part) => sum + setting.prefix.length + part.length * longest(part), 0);
  return (seconds * cost(traces)) / cost(few);
}

/** Log-probability, entropy and divergence of a part's tokens, [tokens, 3], differentiable in the variables. */
function evaluatePart(setting: AdapterSetting, part: readonly Placed[], slopes: Uses): TF.Tensor2D {
  const { tail, prefix, temperature } = setting;
  const batch = batchOf(part, prefix, tail.config.width);
  const ids = Int32Array.from(part.flatMap(({ trace }) => [...trace.ids]));
  const hidden = hiddenStates(tail, batch, setting.pairs());
  const reference = slopes.kl ? hiddenStates(tail, batch, null) : null;
  return evaluateTokens(hidden, { unembedding: tail.unembedding, ids, temperature, slopes }, reference);
}

/** Values of programs, part by part, tokens in the programs' order. */
function valuesOf(setting: AdapterSetting, programs: readonly Placed[], uses: Uses): ActionEvaluation {
  const parts = partsOf(programs);
  const apart = placed(programs.map(({ trace }) => trace));
  const at = new Map(programs.map((one, i) => [one, apart[i]!]));
  const own = parts.map((part) => part.map((one) => at.get(one)!));
  return inOrder(
    own.map((part) => tf.tidy(() => evaluatePart(setting, part, uses))),
    own,
    apart,
  );
}

/** Adds a part's gradient to the sums; gives its values. */
function addGradient(
  setting: AdapterSetting,
  part: readonly Placed[],
  { slopes, uses, sums }: { slopes: TF.Tensor2D; uses: Uses; sums: TF.Tensor[] },
): TF.Tensor2D {
  const { variables } = setting;
  return tf.tidy(() => {
    const push = tf.gather(slopes, tf.tensor1d(tokensOf(part), "int32"));
    let values: TF.Tensor2D | null = null;
    const { grads } = tf.variableGrads(() => {
      const found = evaluatePart(setting, part, uses);
      values = tf.keep(found.clone());
      return tf.sum(tf.mul(found, push)) as TF.Scalar;
    }, [...variables]);
    for (const [i, { name }] of variables.entries()) {
      const before = sums[i]!;
      sums[i] = tf.keep(tf.add(before, grads[name]!));
      before.dispose();
    }
    return values!;
  });
}

/** What a loss would be made of if nothing had moved since the programs were drawn, which is so. */
function drawnEvaluation(programs: readonly Placed[]): ActionEvaluation {
  const all = (of: (trace: AdapterTrace) => Float32Array) =>
    tf.tensor1d(Float32Array.from(programs.flatMap(({ trace }) => [...of(trace)])));
  const logProbs = all((trace) => trace.logProbs);
  return { logProbs, entropy: all((trace) => trace.entropy), kl: tf.zerosLike(logProbs) };
}

/** The slope of a loss in each of the three, [tokens, 3]; 0 where it does not depend on one. */
function slopesOf(loss: Objective["loss"], { logProbs, entropy, kl }: ActionEvaluation): TF.Tensor2D {
  const nothing = (x: TF.Tensor) => tf.mul(tf.sum(x), 0);
  const slope = tf.grads((a, b, c) => {
    const given = { logProbs: a as TF.Tensor1D, entropy: b as TF.Tensor1D, kl: c as TF.Tensor1D };
    return tf.addN([loss(given), ...Object.values(given).map(nothing)]);
  });
  return tf.stack(slope([logProbs, entropy, kl]), 1) as TF.Tensor2D;
}

/** Parts' values in the order of all tokens; those of programs in no part as they were drawn. */
function inOrder(values: readonly TF.Tensor2D[], parts: readonly Placed[][], all: readonly Placed[]): ActionEvaluation {
  const found = tokensOf(parts.flat());
  const total = all.reduce((sum, { trace }) => sum + trace.ids.length, 0);
  const drawn = drawnEvaluation(all);
  const before = tf.stack([drawn.logProbs, drawn.entropy, drawn.kl], 1) as TF.Tensor2D;
  // Row i of what is gathered from is token i as drawn; behind these are the values that were found.
  const from = Int32Array.from({ length: total }, (_, i) => i);
  for (const [i, token] of found.entries()) from[token] = total + i;
  const rows = tf.gather(tf.concat2d([before, ...values], 0), tf.tensor1d(from, "int32"));
  const [logProbs, entropy, kl] = tf.unstack(rows, 1) as [TF.Tensor1D, TF.Tensor1D, TF.Tensor1D];
  return { logProbs, entropy, kl };
}
