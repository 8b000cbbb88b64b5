/** AdamW, as a pretraining takes its steps, against the same sums in double precision, step by step. */

import assert from "node:assert/strict";
import { initAdam, learningRateAt, updateAdam } from "../../corpus/pretrain/optimizer.ts";
import { tf } from "../../src/policy/index.ts";

const start = [0.5, -1, 2, 0];
const decayed = [1, 0, 1, 0];
/** Of the two, the first is longer than 1 and is cut to it. */
const gradients = [
  [3, -4, 0, 12],
  [0.1, 0.2, -0.2, 0.1],
];

/** Loshchilov and Hutter's algorithm 2 with the gradient cut to a length. */
function byHand({ b1, b2, pull, longest }: { b1: number; b2: number; pull: number; longest: number }): number[][] {
  let [w, m, v] = [start, start.map(() => 0), start.map(() => 0)];
  return gradients.map((gradient, t) => {
    const norm = Math.hypot(...gradient);
    const g = gradient.map((one) => one * Math.min(1, longest / norm));
    m = m.map((one, i) => b1 * one + (1 - b1) * g[i]!);
    v = v.map((one, i) => b2 * one + (1 - b2) * g[i]! ** 2);
    w = w.map((one, i) => {
      const [mean, square] = [m[i]! / (1 - b1 ** (t + 1)), v[i]! / (1 - b2 ** (t + 1))];
      return one - 0.1 * (mean / (Math.sqrt(square) + 1e-8) + pull * decayed[i]! * one);
    });
    return w;
  });
}

function steps(options: Partial<Parameters<typeof updateAdam>[3]>): { weights: number[][]; norms: number[] } {
  const mask = tf.tensor1d(decayed);
  let state = initAdam(tf, Float32Array.from(start));
  const [weights, norms]: [number[][], number[]] = [[], []];
  for (const given of gradients) {
    const gradient = tf.tensor1d(given);
    const updated = updateAdam(tf, gradient, state, { learningRate: 0.1, decayed: mask, ...options });
    state = updated.state;
    norms.push(updated.norm);
    weights.push([...state.weights.dataSync()]);
    gradient.dispose();
  }
  assert.equal(state.steps, gradients.length);
  tf.dispose([mask, state.weights, state.mean, state.square]);
  return { weights, norms };
}

function near(found: number[][], wanted: number[][]): void {
  for (const [i, row] of wanted.entries())
    for (const [k, value] of row.entries())
      assert.ok(Math.abs(found[i]![k]! - value) < 2e-6, `step ${i}, weight ${k}: ${found[i]![k]}, not ${value}`);
}

describe("the optimizer of a pretraining", () => {
  it("takes AdamW's steps with what its page says where nothing else is told", () => {
    const tensors = tf.memory().numTensors;
    const { weights, norms } = steps({});
    near(weights, byHand({ b1: 0.9, b2: 0.98, pull: 0.1, longest: 1 }));
    near([norms], [gradients.map((one) => Math.hypot(...one))]);
    assert.equal(tf.memory().numTensors, tensors, "nothing is left behind");
  });

  it("takes them with other moments, another pull and another length, as it is told", () => {
    const told = { beta1: 0.5, beta2: 0.9, weightDecay: 0.3, clipNorm: 0.05 };
    near(steps(told).weights, byHand({ b1: 0.5, b2: 0.9, pull: 0.3, longest: 0.05 }));
  });

  it("warms up in a line and falls along half a cosine", () => {
    const plan = { steps: 12, warmup: 2, peak: 1, floor: 0.2 };
    const rates = Array.from({ length: 12 }, (_, step) => learningRateAt(step, plan));
    // From step 2 on, nine steps lie between the peak and the floor.
    const cosine = Array.from({ length: 10 }, (_, i) => 0.2 + 0.4 * (1 + Math.cos((Math.PI * i) / 9)));
    near([rates], [[0.5, 1, ...cosine]]);
    assert.equal(learningRateAt(20, plan), 0.2);
  });
});
