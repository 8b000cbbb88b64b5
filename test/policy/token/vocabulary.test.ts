/** Numbers of drawn tokens over the whole vocabulary: the same, however many states are looked at at a time. */

import assert from "node:assert/strict";
import type * as TF from "@tensorflow/tfjs";
import { tf } from "../../../src/policy/index.ts";
import { evaluateTokens } from "../../../src/policy/token/adapter/vocabulary.ts";
import { createRandom } from "../../../src/random/index.ts";

const [states, vocabulary, width] = [13, 7, 4];
const random = createRandom(3, "vocabulary");
const drawn = (rows: number): number[] => Array.from({ length: rows * width }, () => random.normal());
const [hidden, reference, unembedding] = [drawn(states), drawn(states), drawn(vocabulary)];
const ids = Int32Array.from({ length: states }, () => random.integer(vocabulary));
const temperature = 0.7;

/** The three numbers of each state, and the gradient of their sum, each with a weight of its own. */
function evaluated(mostLogits?: number): { values: number[]; gradient: number[] } {
  return tf.tidy(() => {
    const own = tf.tensor2d(hidden, [states, width]);
    const input = {
      ...{ unembedding: tf.tensor2d(unembedding, [vocabulary, width]), ids, temperature },
      ...{ slopes: { entropy: true, kl: true }, ...(mostLogits !== undefined && { mostLogits }) },
    };
    const frozen = tf.tensor2d(reference, [states, width]);
    const weights = tf.tensor2d(
      Array.from({ length: states * 3 }, (_, i) => 0.1 + i / 10),
      [states, 3],
    );
    const weighed = (h: TF.Tensor) => tf.sum(tf.mul(evaluateTokens(h as TF.Tensor2D, input, frozen), weights));
    const values = [...evaluateTokens(own, input, frozen).dataSync()];
    return {
      values,
      gradient: [
        ...tf
          .grad(weighed as (x: TF.Tensor) => TF.Scalar)(own)
          .dataSync(),
      ],
    };
  });
}

/** Log-probability, entropy and divergence by their definitions, in double precision. */
function byHand(): number[] {
  const rows = (all: number[], i: number): number[] => all.slice(i * width, (i + 1) * width);
  const softmax = (from: number[], i: number): number[] => {
    const powers = Array.from({ length: vocabulary }, (_, token) =>
      Math.exp(rows(from, i).reduce((sum, one, k) => sum + one * rows(unembedding, token)[k]!, 0) / temperature),
    );
    const total = powers.reduce((sum, one) => sum + one, 0);
    return powers.map((one) => one / total);
  };
  return Array.from({ length: states }, (_, i) => {
    const [p, q] = [softmax(hidden, i), softmax(reference, i)];
    const entropy = -p.reduce((sum, one) => sum + one * Math.log(one), 0);
    const kl = p.reduce((sum, one, token) => sum + one * Math.log(one / q[token]!), 0);
    return [Math.log(p[ids[i]!]!), entropy, kl];
  }).flat();
}

describe("drawn tokens over a vocabulary", () => {
  it("have the log-probability, the entropy and the divergence of their definitions", () => {
    const { values } = evaluated();
    for (const [i, value] of byHand().entries()) {
      const found = values[i]!;
      assert.ok(Math.abs(found - value) < 1e-5, `number ${i}: ${found}, not ${value}`);
    }
  });

  it("have the same numbers and gradients in parts of any size, the last one smaller or not", () => {
    const whole = evaluated();
    assert.ok(whole.gradient.every((one) => one !== 0));
    for (const most of [0.5, 1, 1.5, 4, 5, 6.5, 12, 13]) {
      const { values, gradient } = evaluated(Math.floor(most * vocabulary));
      for (const [found, wanted] of [
        [values, whole.values],
        [gradient, whole.gradient],
      ] as const) {
        assert.equal(found.length, wanted.length, `${most} states at a time`);
        for (const [i, one] of wanted.entries())
          assert.ok(Math.abs(found[i]! - one) < 1e-5, `${most} at a time, ${i}: ${found[i]}, not ${one}`);
      }
    }
  });
});
