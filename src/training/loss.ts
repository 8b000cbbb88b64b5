/** What the gradient is of: the policy gradient's loss, or a reader's own, written in a cell. */

import type * as TF from "@tensorflow/tfjs";
import { show } from "../data/check.ts";
import { type ActionEvaluation, type GradientOptions, tf } from "../policy/index.ts";

/** What a loss may be made of. One number a token each, shape [tokens]; the first three are differentiable. */
export interface LossInput extends ActionEvaluation {
  /** The advantage of the step that each token belongs to; 0 where it is masked. */
  advantages: TF.Tensor1D;
  /** 1 for a token that counts, 0 for one that is masked. */
  counts: TF.Tensor1D;
  /** The trainer's settings that a loss may heed. */
  options: GradientOptions;
}

/** A loss: TF.js operations from its input to a scalar, to be made smaller. */
export type Loss = (input: LossInput) => TF.Scalar;

/**
 * Minus the mean over tokens of advantage times log-probability, less the entropy bonus, plus the divergence's cost. With
 * `summed` the first part is a sum: the paper's literal loop adds up its steps.
 */
export const policyGradientLoss: Loss = ({ logProbs, entropy, kl, advantages, counts, options }) => {
  const { entropyBonus, klCoef, summed } = options;
  const tokens = tf.maximum(tf.sum(counts), 1);
  const gain = tf.sum(tf.mul(logProbs, advantages));
  const parts: TF.Tensor[] = [tf.neg(summed ? gain : tf.div(gain, tokens))];
  if (entropyBonus !== 0) parts.push(tf.mul(tf.div(tf.sum(tf.mul(entropy, counts)), tokens), -entropyBonus));
  if (klCoef !== 0) parts.push(tf.mul(tf.div(tf.sum(tf.mul(kl, counts)), tokens), klCoef));
  return tf.addN(parts) as TF.Scalar;
};

/** Calls a loss; one that throws or gives no scalar becomes an error that says so. */
export function callLoss(loss: Loss, input: LossInput): TF.Scalar {
  let value: unknown;
  try {
    value = loss(input);
  } catch (cause) {
    throw new Error(`The loss function threw: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  if (!(value instanceof tf.Tensor))
    throw new TypeError(`Expected the loss function to return a TF.js scalar, got ${show(value)}`);
  if (value.rank !== 0 && value.size !== 1)
    throw new TypeError(
      `Expected the loss function to return a scalar, got shape [${value.shape}]: end it with tf.mean or tf.sum`,
    );
  return value.asScalar();
}

/** TF.js' own complaint about a loss that no weight can change names none of what a reader wrote. */
export function explainGradientError(error: unknown): unknown {
  if (!(error instanceof Error) || !error.message.startsWith("Cannot find a connection between any variable"))
    return error;
  return new TypeError(
    "The loss function's result does not depend on the policy: make it of `logProbs`, `entropy` or `kl`, with TF.js operations",
    { cause: error },
  );
}
