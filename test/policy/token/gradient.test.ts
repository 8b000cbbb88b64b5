/** A head's gradient on ONNX Runtime beside TF.js's, for every set of terms that the loss may have. PyTorch's: `training/torch.test.ts`. */

import assert from "node:assert/strict";
import { drawNormals, drawTrace } from "../../../bench/policy/drawn-trace.ts";
import { type GradientOptions, tf } from "../../../src/policy/index.ts";
import { openHeadGradient } from "../../../src/policy/token/gradient.ts";
import { createHead } from "../../../src/policy/token/head.ts";
import { never } from "../../../src/policy/token/trace.ts";
import { createRandom } from "../../../src/random/index.ts";
import { policyGradientLoss, prepareBackend } from "../../../src/training/index.ts";

const [width, words, n] = [12, 30, 40];
const temperature = 0.7;

/** Tokens of the head's words and of others, of some whole words that were not allowed, and one where no other word was. */
function batchOf() {
  const random = createRandom(2, "gradient");
  const trace = drawTrace(random, n, width, words);
  for (let i = 0; i < n; i += 6) {
    trace.chosen[i] = -1;
    trace.outside[i] = -2.5;
  }
  for (let i = 1; i < n; i += 7) trace.base[i * words + ((trace.chosen[i]! + 1) % words)] = never;
  trace.logRest[3] = never;
  trace.restEntropy[3] = 0;
  const counts = Array.from({ length: n }, (_, i) => (i % 5 === 4 ? 0 : 1));
  const normals = drawNormals(random, n, 1);
  return { trace, counts, advantages: counts.map((one, i) => one * normals[i]!) };
}

function agree(found: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  assert.equal(found.length, expected.length, what);
  const size = Math.max(...Array.from(expected, Math.abs));
  for (let i = 0; i < expected.length; i++)
    assert.ok(Math.abs(found[i]! - expected[i]!) <= 1e-5 * size, `${what} ${i}: ${found[i]}, TF.js ${expected[i]}`);
}

describe("a head's gradient on ONNX Runtime", () => {
  before(() => prepareBackend({ backend: "cpu" }));

  const sets: { [what: string]: GradientOptions } = {
    "an entropy bonus and a divergence": { entropyBonus: 0.3, klCoef: 0.2, summed: false },
    "an entropy bonus": { entropyBonus: 0.3, klCoef: 0, summed: false },
    "a divergence": { entropyBonus: 0, klCoef: 0.2, summed: false },
    "neither, summed": { entropyBonus: 0, klCoef: 0, summed: true },
    "an entropy malus": { entropyBonus: -0.1, klCoef: 0, summed: false },
  };
  for (const [what, options] of Object.entries(sets))
    it(`is TF.js's to 1e-5, with its loss and its means: ${what}`, async () => {
      const { trace, counts, advantages } = batchOf();
      const head = createHead(width, words, { rank: 3, scale: 1.5 });
      const random = createRandom(4, "weights");
      for (const variable of head.variables.slice(1))
        tf.tidy(() => variable.assign(tf.tensor(drawNormals(random, variable.size, 0.5), variable.shape)));
      const engine = await openHeadGradient(head, { ...options, provider: "cpu", temperature, read: () => trace });
      const action = { program: "", logProb: 0, choice: 0, label: "" };
      const found = await engine.gradient({ actions: [action], counts, advantages });
      const means: number[] = [];
      const { value, grads } = tf.variableGrads(() => {
        const evaluation = head.evaluate([trace], temperature);
        means.push(tf.mean(evaluation.entropy).dataSync()[0]!, tf.mean(evaluation.kl).dataSync()[0]!);
        const given = { advantages: tf.tensor1d(advantages), counts: tf.tensor1d(counts), options };
        return policyGradientLoss({ ...evaluation, ...given });
      }, [...head.variables]);
      agree([found.loss], value.dataSync(), "loss");
      agree([found.entropy, found.kl], means, "mean");
      for (const [i, variable] of head.variables.entries())
        agree(found.gradients[i]!, grads[variable.name]!.dataSync(), `gradient of variable ${i}, entry`);
      await engine.dispose();
      head.dispose();
    });
});
