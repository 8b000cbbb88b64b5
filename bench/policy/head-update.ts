/** A head's update as the trainer makes it (loss, gradient, clipping, Adam), of a trace that nobody wrote: to be timed. */

import { type TrainablePolicy, tf } from "../../src/policy/index.ts";
import { openHeadGradient } from "../../src/policy/token/gradient.ts";
import { createHead } from "../../src/policy/token/head.ts";
import type { Random } from "../../src/random/index.ts";
import { ownGradient, tensorGradient } from "../../src/training/gradient.ts";
import { policyGradientLoss } from "../../src/training/index.ts";
import { takeStep } from "../../src/training/step.ts";
import { drawNormals, drawTrace } from "./drawn-trace.ts";

const options = { entropyBonus: 0, klCoef: 0.02, summed: false };

/** A head with its batch, to be updated again and again. */
export interface HeadUpdates {
  /** Makes an update; gives the loss before it. */
  step(): Promise<number>;
  close(): Promise<void>;
}

/** Draws a head and n tokens. The gradient is ONNX Runtime's where its provider is given, else TF.js's, which must be ready. */
export async function openHeadUpdates(
  random: Random,
  { n, width, subset, provider }: { n: number; width: number; subset: number; provider?: "cpu" | "cuda" | undefined },
): Promise<HeadUpdates> {
  const trace = drawTrace(random, n, width, subset);
  const head = createHead(width, subset, { rank: 8 });
  const policy = { variables: head.variables, evaluate: () => head.evaluate([trace], 1) } as unknown as TrainablePolicy;
  const how = { ...options, temperature: 1, read: () => trace };
  const engine = provider && (await openHeadGradient(head, { ...how, provider }));
  const input = {
    actions: [{ program: "", logProb: 0, choice: 0, label: "" }],
    advantages: [...drawNormals(random, n, 1)],
    counts: new Array<number>(n).fill(1),
  };
  const optimizer = tf.train.adam(0.03);
  return {
    async step() {
      const { gradients, norm, loss } = engine
        ? await ownGradient(policy, engine, input)
        : await tensorGradient(policy, input, { loss: policyGradientLoss, options });
      takeStep(optimizer, gradients, { norm, maxGradNorm: 1, learningRate: 0.03 });
      await Promise.all(head.variables.map((variable) => variable.data()));
      tf.dispose(gradients);
      return loss;
    },
    async close() {
      await engine?.dispose();
      optimizer.dispose();
      head.dispose();
    },
  };
}
