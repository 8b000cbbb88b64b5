/** The same few updates of a token head and of an edit menu for every backend; as a program, on the backend of its name, printed as JSON. */

import { editMenu, tf, tokenPolicy } from "../../src/policy/index.ts";
import { createRandom } from "../../src/random/index.ts";
import { ownGradient, tensorGradient } from "../../src/training/gradient.ts";
import { policyGradientLoss, prepareBackend, type TensorBackendName, train } from "../../src/training/index.ts";
import { toyDecoder } from "../policy/token/toy.ts";
import { menu, nameEnv } from "./fixtures.ts";

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

/**
 * Losses and weights of a few updates of a token head, from one start, on the batch that it drew there; the gradients by TF.js,
 * or by ONNX Runtime on a provider.
 */
export async function headUpdates(provider?: "cpu" | "cuda"): Promise<{ losses: number[]; weights: number[] }> {
  const policy = await tokenPolicy(toyDecoder(), { asks: ["a", "bc"], prompt, rank: 3, samples: 32 });
  const streams = Array.from({ length: 40 }, (_, i) => createRandom(3, i));
  const actions = await policy.act(
    streams.map((_, i) => ({ task: i % 2 ? "a" : "bc" })),
    streams,
  );
  const tokens = actions.reduce((sum, action) => sum + action.tokens!, 0);
  const random = createRandom(4, "advantages");
  const advantages = Float32Array.from({ length: tokens }, () => random.normal());
  const options = { entropyBonus: 0.1, klCoef: 0.1, summed: false };
  const optimizer = tf.train.adam(0.05);
  const losses: number[] = [];
  const counts = new Array<number>(tokens).fill(1);
  const own = provider && (await policy.openGradient!(provider, options));
  for (let i = 0; i < 6; i++) {
    const input = { actions, advantages: [...advantages], counts };
    const { gradients, loss } = own
      ? await ownGradient(policy, own, input)
      : await tensorGradient(policy, input, { loss: policyGradientLoss, options });
    optimizer.applyGradients(gradients as { [name: string]: tf.Variable });
    losses.push(loss);
    tf.dispose(gradients);
  }
  await own?.dispose();
  const weights: number[] = [];
  for (const variable of policy.variables) weights.push(...(await variable.data()));
  policy.dispose();
  return { losses, weights };
}

/** Losses and weights of a few updates of an edit menu, played and trained. */
export async function menuUpdates(backend: TensorBackendName): Promise<{ losses: number[]; weights: number[] }> {
  const policy = editMenu(menu);
  const losses: number[] = [];
  for await (const { loss } of train({ env: nameEnv(), policy, updates: 8, episodes: 8, seed: 6, backend }))
    losses.push(loss);
  const weights = [...(await policy.variables[0]!.data())];
  policy.dispose();
  return { losses, weights };
}

/**
 * What a user's own loss may be made of, on every backend: rows looked up (ids twice, ids never), log-sum-exp, a chosen
 * column, one-hot, batched and transposed products, clipping, and four steps of Adam. Losses, then the gradients, then the weights.
 */
export async function tensorNumbers(): Promise<number[]> {
  const random = createRandom(5, "tensors");
  const normal = (shape: number[]) =>
    tf.tensor(
      Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal()),
      shape,
    );
  const table = tf.variable(normal([7, 6]).mul(0.5));
  const weight = tf.variable(normal([6, 5]).mul(0.5));
  const ids = tf.tensor1d([3, 0, 3, 6, 1, 3, 0, 5], "int32");
  const chosen = tf.tensor1d([0, 4, 2, 2, 1, 3, 0, 4], "int32");
  const optimizer = tf.train.adam(0.05);
  const numbers: number[] = [];
  const loss = () =>
    tf.tidy(() => {
      const rows = tf.gather(table, ids);
      const logits = tf.matMul(rows, weight);
      const normaliser = tf.logSumExp(logits, 1);
      const picked = tf.sum(tf.mul(logits, tf.oneHot(chosen, 5)), 1);
      const blocks = tf.reshape(rows, [2, 4, 6]);
      const scores = tf.softmax(tf.matMul(blocks, blocks, false, true));
      const spread = tf.mean(tf.square(tf.matMul(scores, blocks)));
      const bounded = tf.mean(tf.clipByValue(tf.exp(tf.sub(picked, normaliser)), 0.1, 0.9));
      return tf.add(tf.mean(tf.sub(normaliser, picked)), tf.add(spread, bounded)) as tf.Scalar;
    });
  for (let i = 0; i < 4; i++) {
    const { value, grads } = tf.variableGrads(loss, [table, weight]);
    numbers.push((await value.data())[0]!);
    for (const grad of Object.values(grads)) numbers.push(...(await grad.data()));
    optimizer.applyGradients(grads as { [name: string]: tf.Variable });
    tf.dispose([value, grads]);
  }
  for (const variable of [table, weight]) numbers.push(...(await variable.data()));
  tf.dispose([table, weight, ids, chosen]);
  optimizer.dispose();
  return numbers;
}

if (import.meta.main) {
  const backend = process.argv[2] as TensorBackendName;
  const { device } = await prepareBackend({ backend });
  const edits = await menuUpdates(backend);
  const told = { device, ...(await headUpdates()), edits, tensors: await tensorNumbers() };
  process.stdout.write(`${JSON.stringify(told)}\n`, () => process.exit(0));
}
