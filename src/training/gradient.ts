/** The gradient of a batch: by the policy's own engine where it has one, else by TF.js, through the policy's evaluation and any loss. */

import {
  type Action,
  type ActionEvaluation,
  type GradientEngine,
  type GradientInput,
  type GradientOptions,
  type Objective,
  type ObjectiveGradient,
  type TrainablePolicy,
  tf,
} from "../policy/index.ts";
import { callLoss, type Loss, policyGradientLoss } from "./loss.ts";
import { type Gradients, squaresOf } from "./step.ts";

/** What a batch gives. */
export interface BatchGradient {
  /** By the names of the policy's variables. Who takes them gives them back. */
  gradients: Gradients;
  /** Their norm, all together. */
  norm: number;
  loss: number;
  /** Means over all tokens, of the policy before the update. */
  entropy: number;
  kl: number;
}

/** Computes it with the policy's own engine where that is open, else with TF.js, whose backend is in use. */
export function gradientOf(
  policy: TrainablePolicy,
  { own }: { own?: GradientEngine },
  input: GradientInput,
  how: { loss: Loss | undefined; options: GradientOptions },
): Promise<BatchGradient> {
  return own ? ownGradient(policy, own, input) : tensorGradient(policy, input, how);
}

/** Computes it with a policy's own engine. */
export async function ownGradient(
  policy: TrainablePolicy,
  engine: GradientEngine,
  input: GradientInput,
): Promise<BatchGradient> {
  const { gradients, ...numbers } = await engine.gradient(input);
  const squares = gradients.reduce((sum, values) => values.reduce((all, value) => all + value ** 2, sum), 0);
  const named = policy.variables.map((variable, i): [string, tf.Tensor] => [
    variable.name,
    tf.tensor(gradients[i]!, variable.shape),
  ]);
  return { gradients: Object.fromEntries(named), norm: Math.sqrt(squares), ...numbers };
}

/** Computes it with TF.js. */
export async function tensorGradient(
  policy: TrainablePolicy,
  { actions, advantages, counts }: GradientInput,
  { loss = policyGradientLoss, options }: { loss: Loss | undefined; options: GradientOptions },
): Promise<BatchGradient> {
  const used: tf.Tensor[] = [];
  let kept: Gradients = {};
  const lossOf = (evaluation: ActionEvaluation): tf.Scalar =>
    callLoss(loss, {
      ...evaluation,
      advantages: tf.tensor1d([...advantages]),
      counts: tf.tensor1d([...counts]),
      options,
    });
  const isOwn = loss !== policyGradientLoss;
  const uses = { entropy: isOwn || options.entropyBonus !== 0, kl: isOwn || options.klCoef !== 0 };
  try {
    const { value, grads, ...means } = policy.objectiveGradient
      ? policy.objectiveGradient(actions, { loss: lossOf, linear: !isOwn, counts, uses })
      : taped(policy, actions, lossOf, used);
    kept = grads;
    used.push(value, means.entropy, means.kl, squaresOf(grads));
    const read = [means.entropy, means.kl, value, used.at(-1)!].map(async (tensor) => (await tensor.data())[0]!);
    const [entropy, kl, lost, squares] = (await Promise.all(read)) as [number, number, number, number];
    const found = { gradients: kept, norm: Math.sqrt(squares), loss: lost, entropy, kl };
    kept = {};
    return found;
  } finally {
    tf.dispose([used, kept]);
  }
}

/** Differentiates the policy's evaluation. `used` holds what is to be given back, also where the loss throws or TF.js refuses it. */
function taped(
  policy: TrainablePolicy,
  actions: readonly Action[],
  loss: Objective["loss"],
  used: tf.Tensor[],
): ObjectiveGradient {
  const means: tf.Scalar[] = [];
  let refused: { error: unknown } | null = null;
  const { value, grads } = tf.variableGrads(() => {
    const evaluation = policy.evaluate(actions);
    means.push(tf.keep(tf.mean(evaluation.entropy)), tf.keep(tf.mean(evaluation.kl)));
    used.push(...means);
    try {
      used.push(loss(evaluation));
      return used.at(-1) as tf.Scalar;
    } catch (error) {
      // TF.js would never give back what it had saved for the gradient: the error waits until it has.
      refused = { error };
      return tf.sum(evaluation.logProbs) as tf.Scalar;
    }
  }, [...policy.variables]);
  if (refused !== null) {
    used.push(value, ...Object.values(grads));
    throw (refused as { error: unknown }).error;
  }
  return { value, grads, entropy: means[0]!, kl: means[1]! };
}
