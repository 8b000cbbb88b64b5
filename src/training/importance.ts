/**
 * Importance weights of programs that weights of before have drawn: how much likelier each is now, cut at a largest value
 * (truncated importance sampling: Ionides 2008; IMPALA, Espeholt et al. 2018). Without them an update would follow the odds of
 * before; uncut, a single program that has become likely would be all of an update. A program counts as one action.
 */

import { type Action, type TrainablePolicy, tf } from "../policy/index.ts";

/** What the weights of a batch were like, before they were cut, and the share that was. */
export interface ImportanceSpread {
  mean: number;
  deviation: number;
  largest: number;
  cut: number;
}

/** Programs that are evaluated at once: an adapter's evaluation of a whole batch would not fit into memory. */
const atOnce = 16;

/** The weight of each program, cut at `most`, and what they were like. */
export async function importanceOf(
  policy: TrainablePolicy,
  actions: readonly Action[],
  most: number,
): Promise<{ weights: number[]; spread: ImportanceSpread }> {
  const ratios: number[] = [];
  for (let from = 0; from < actions.length; from += atOnce) {
    const some = actions.slice(from, from + atOnce);
    const now = await logProbsOf(policy, some);
    for (const [i, { logProb }] of some.entries()) ratios.push(Math.exp(now[i]! - logProb));
  }
  return { weights: ratios.map((ratio) => Math.min(ratio, most)), spread: spreadOf(ratios, most) };
}

/** Log-probability of each program under the weights of now. */
async function logProbsOf(policy: TrainablePolicy, actions: readonly Action[]): Promise<number[]> {
  const tensor = tf.tidy(() => policy.evaluate(actions).logProbs);
  try {
    const values = await tensor.data();
    let at = 0;
    return actions.map(({ tokens = 1 }) => {
      let sum = 0;
      for (const end = at + tokens; at < end; at++) sum += values[at]!;
      return sum;
    });
  } finally {
    tensor.dispose();
  }
}

function spreadOf(ratios: readonly number[], most: number): ImportanceSpread {
  const mean = ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length;
  const squares = ratios.reduce((sum, ratio) => sum + (ratio - mean) ** 2, 0) / ratios.length;
  return {
    ...{ mean, deviation: Math.sqrt(squares), largest: ratios.reduce((so, ratio) => Math.max(so, ratio), 0) },
    cut: ratios.filter((ratio) => ratio > most).length / ratios.length,
  };
}
