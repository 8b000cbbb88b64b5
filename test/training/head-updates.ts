/** The same few updates of a token head for every backend; as a program, on the backend of its name, printed as JSON. */

import { tf, tokenPolicy } from "../../src/policy/index.ts";
import { createRandom } from "../../src/random/index.ts";
import { type BackendName, policyGradientLoss, prepareBackend } from "../../src/training/index.ts";
import { toyDecoder } from "../policy/token/toy.ts";

export const prompt = {
  name: "toy",
  version: 1,
  examples: [],
  before: "/",
  after: "\n",
  separator: "\n\n",
  primed: "a.",
  stop: [";"],
  maxTokens: 10,
};

/** Losses and weights of a few updates of a token head, from one start, on the batch that it drew there. */
export async function headUpdates(): Promise<{ losses: number[]; weights: number[] }> {
  const policy = await tokenPolicy(toyDecoder(), { asks: ["a", "bc"], prompt, rank: 3, samples: 32 });
  const streams = Array.from({ length: 40 }, (_, i) => createRandom(3, i));
  const actions = await policy.act(
    streams.map((_, i) => ({ task: i % 2 ? "a" : "bc" })),
    streams,
  );
  const tokens = actions.reduce((sum, action) => sum + action.tokens!, 0);
  const random = createRandom(4, "advantages");
  const advantages = Float32Array.from({ length: tokens }, () => random.normal());
  const options = { entropyBonus: 0.1, klWeight: 0.1, summed: false };
  const optimizer = tf.train.adam(0.05);
  const losses: number[] = [];
  for (let i = 0; i < 6; i++) {
    const { value, grads } = tf.variableGrads(
      () =>
        policyGradientLoss({
          ...policy.evaluate(actions),
          advantages: tf.tensor1d(advantages),
          counts: tf.ones([tokens]) as tf.Tensor1D,
          options,
        }),
      [...policy.variables],
    );
    optimizer.applyGradients(grads as { [name: string]: tf.Variable });
    losses.push((await value.data())[0]!);
    tf.dispose([value, grads]);
  }
  const weights: number[] = [];
  for (const variable of policy.variables) weights.push(...(await variable.data()));
  policy.dispose();
  return { losses, weights };
}

if (import.meta.main) {
  const { device } = await prepareBackend({ backend: process.argv[2] as BackendName });
  process.stdout.write(`${JSON.stringify({ device, ...(await headUpdates()) })}\n`, () => process.exit(0));
}
