import assert from "node:assert/strict";
import { tf, tokenPolicy } from "../../../src/policy/index.ts";
import { fusedEvaluation } from "../../../src/policy/token/evaluation.ts";
import { createHead } from "../../../src/policy/token/head.ts";
import type { Trace } from "../../../src/policy/token/trace.ts";
import { createRandom } from "../../../src/random/index.ts";
import { toyDecoder } from "./toy.ts";

const asks = ["a", "bc", "def"];
const prompt = {
  name: "toy",
  version: 1,
  examples: [],
  before: "/",
  after: "\n",
  separator: "\n\n",
  primed: "a.",
  stop: [";"],
  maxTokens: 12,
};

/** A policy whose head is not zero any more, and programs of it. */
async function drawn(options: object = {}, count = 24) {
  const policy = await tokenPolicy(toyDecoder(), { asks, prompt, rank: 2, samples: 32, batch: 8, ...options });
  const random = createRandom(5, "weights");
  for (const variable of policy.variables.slice(1))
    variable.assign(
      tf.tensor(
        Float32Array.from({ length: variable.size }, () => random.normal()),
        variable.shape,
      ),
    );
  const streams = Array.from({ length: count }, (_, i) => createRandom(9, i));
  const actions = await policy.act(
    streams.map((_, i) => ({ task: asks[i % 3] })),
    streams,
  );
  return { policy, actions };
}

/** Autodiff over the whole vocabulary, written the long way: what the fused operation must equal. */
function longWay(change: tf.Tensor2D, traces: readonly Trace[]): tf.Tensor2D {
  const [n, words] = change.shape;
  const all = (pick: (trace: Trace) => Float32Array) => Float32Array.from(traces.flatMap((trace) => [...pick(trace)]));
  const base = tf.tensor2d(
    all(({ base: b }) => b),
    [n, words],
  );
  const rest = tf.exp(
    tf.tensor2d(
      all(({ logRest }) => logRest),
      [n, 1],
    ),
  );
  const restEntropy = tf.tensor2d(
    all(({ restEntropy: e }) => e),
    [n, 1],
  );
  const outside = tf.tensor2d(
    all((trace) => trace.outside),
    [n, 1],
  );
  const drawnWord = tf.oneHot(
    tf.tensor1d(
      traces.flatMap(({ chosen }) => [...chosen]),
      "int32",
    ),
    words,
  );
  const logZ = tf.log(tf.add(rest, tf.sum(tf.exp(tf.add(base, change)), 1, true)));
  const logs = tf.sub(tf.add(base, change), logZ);
  const p = tf.exp(logs);
  const inside = tf.sum(tf.mul(tf.cast(drawnWord, "float32"), tf.add(base, change)), 1, true);
  const others = tf.div(tf.sub(restEntropy, tf.mul(rest, logZ)), tf.exp(logZ));
  return tf.concat(
    [
      tf.sub(tf.add(inside, outside), logZ),
      tf.neg(tf.add(tf.sum(tf.mul(p, logs), 1, true), others)),
      tf.sub(tf.sum(tf.mul(p, change), 1, true), logZ),
    ],
    1,
  ) as tf.Tensor2D;
}

function close(found: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, what: string): void {
  assert.equal(found.length, expected.length, what);
  for (let i = 0; i < found.length; i++)
    assert.ok(
      Math.abs(found[i]! - expected[i]!) <= tolerance * Math.max(1, Math.abs(expected[i]!)),
      `${what} ${i}: ${found[i]}, expected ${expected[i]}`,
    );
}

describe("the head", () => {
  const settings: [string, object][] = [
    ["its sampled tokens", {}],
    ["three tokens, so that most draws are of others", { tokenSubset: [2, 5, 9] }],
    ["the whole vocabulary", { tokenSubset: "all" }],
    ["a temperature of 0.7", { temperature: 0.7, tokenSubset: [2, 5, 9, 11] }],
    ["the five likeliest tokens", { topK: 5 }],
    ["the tokens that hold 80 %", { topP: 0.8, tokenSubset: [2, 5, 9, 11] }],
    ["a scale of 3", { scale: 3 }],
  ];
  for (const [what, options] of settings)
    it(`gives the log-probability of what was really drawn, over ${what}`, async () => {
      const { policy, actions } = await drawn(options);
      const { logProbs } = policy.evaluate(actions);
      const tokens = [...(await logProbs.data())];
      let at = 0;
      for (const { logProb, tokens: n = 1 } of actions) {
        const sum = tokens.slice(at, at + n).reduce((a, b) => a + b, 0);
        at += n;
        assert.ok(Math.abs(sum - logProb) < 2e-5 * Math.max(1, Math.abs(logProb)), `${sum}, drawn at ${logProb}`);
      }
      assert.equal(at, tokens.length);
      policy.dispose();
    });

  it("equals autodiff over the long way, values and gradients, for log-probability, entropy and divergence", async () => {
    for (const options of [{}, { tokenSubset: [2, 5, 9] }, { tokenSubset: "all" }]) {
      const { policy, actions } = await drawn(options);
      const traces = actions.map(({ trace }) => trace as Trace);
      const n = traces.reduce((sum, { chosen }) => sum + chosen.length, 0);
      const random = createRandom(3, "change");
      const normal = (rows: number, columns: number) =>
        tf.tensor2d(
          Float32Array.from({ length: rows * columns }, () => random.normal()),
          [rows, columns],
        );
      const [u, rows] = [normal(n, 3), normal(policy.tokenSubset.length, 3)];
      type Op = (left: tf.Tensor2D, right: tf.Tensor2D) => tf.Tensor[];
      const fused: Op = (left, right) => Object.values(fusedEvaluation(left, right, traces)) as tf.Tensor[];
      const long: Op = (left, right) => tf.unstack(longWay(tf.matMul(left, right, false, true), traces), 1);
      const expectedTerms = long(u, rows);
      for (const [k, term] of fused(u, rows).entries())
        close(term.dataSync(), expectedTerms[k]!.dataSync(), 1e-5, "term");
      // With and without a push on the entropy: its part of the gradient is left out where nothing asks for it.
      for (const which of [[0, 1, 2], [0, 2], [1]]) {
        const pushes = normal(which.length, n);
        const gradients = (op: Op) =>
          tf.grads((left, right) => {
            const evaluated = op(left as tf.Tensor2D, right as tf.Tensor2D);
            return tf.addN(which.map((k, i) => tf.sum(tf.mul(evaluated[k]!, pushes.slice([i, 0], [1, n]).as1D()))));
          })([u, rows]);
        const expected = gradients(long);
        for (const [i, gradient] of gradients(fused).entries())
          close(gradient.dataSync(), expected[i]!.dataSync(), 1e-5, `gradient ${i}, evaluated ${which}`);
      }
      policy.dispose();
    }
  });

  it("begins as the frozen model: no divergence, and the log-probabilities of the model alone", async () => {
    const policy = await tokenPolicy(toyDecoder(), { asks, prompt, rank: 2, samples: 32 });
    const streams = () => Array.from({ length: 9 }, (_, i) => createRandom(2, i));
    const seen = streams().map(() => ({ task: "b" }));
    const actions = await policy.act(seen, streams());
    const alone = await policy.pretrained().act(seen, streams());
    assert.deepEqual(
      actions.map(({ program }) => program),
      alone.map(({ program }) => program),
    );
    for (const { logProb, referenceLogProb } of actions)
      assert.ok(Math.abs(logProb - referenceLogProb!) < 1e-5, `${logProb} and ${referenceLogProb}`);
    close(
      policy.evaluate(actions).kl.dataSync(),
      new Float32Array(actions.reduce((s, a) => s + a.tokens!, 0)),
      1e-6,
      "kl",
    );
    policy.dispose();
  });

  it("is made by its seed, 0 where none is given: its weights, and the programs that it is calibrated on", async () => {
    const numbersOf = async (options: object) => {
      const policy = await tokenPolicy(toyDecoder(), { asks, prompt, rank: 2, samples: 32, batch: 8, ...options });
      const { tensors } = policy.buffers!;
      const found = [
        ...policy.variables.map((one) => [...one.dataSync()]),
        ...tensors.map(({ values }) => Array.from(values)),
      ];
      policy.dispose();
      return found.map(String);
    };
    const usual = await numbersOf({});
    assert.deepEqual(await numbersOf({ seed: 0 }), usual);
    const other = await numbersOf({ seed: 1 });
    assert.deepEqual(
      [0, usual.length - 1].map((i) => other[i] === usual[i]),
      [false, false],
    );
  });

  it("measures entropy and divergence as a sum over the whole vocabulary does", async () => {
    const toy = toyDecoder();
    const { policy, actions } = await drawn({ tokenSubset: [2, 5, 9] }, 3);
    // The first token of each program: its distribution, from scratch.
    const { entropy, kl } = policy.evaluate(actions);
    const [H, K] = [entropy.dataSync(), kl.dataSync()];
    const [A, B, bias] = policy.variables.map((v) => v.dataSync());
    let at = 0;
    for (const [i, action] of actions.entries()) {
      const ids = toy.tokenizer.encode(`/${asks[i % 3]}\na.`);
      const { logits } = await toy.forward({ tokens: Int32Array.from(ids), batch: 1 });
      const x = (action.trace as Trace).hidden.subarray(0, 6);
      const u = [0, 1].map((r) => x.reduce((sum, value, k) => sum + (A![r * 6 + k]! / 3) * value, 0));
      const changed = Float64Array.from(logits);
      for (const [k, id] of [2, 5, 9].entries())
        changed[id]! += bias![k]! + u[0]! * B![k * 2]! + u[1]! * B![k * 2 + 1]!;
      const softmax = (list: ArrayLike<number>) => {
        const powers = [...Array.from(list)].map(Math.exp);
        const total = powers.reduce((a, b) => a + b);
        return powers.map((value) => value / total);
      };
      const [p, q] = [softmax(changed), softmax(logits)];
      const byHand = -p.reduce((sum, value) => sum + value * Math.log(value), 0);
      const divergence = p.reduce((sum, value, k) => sum + value * Math.log(value / q[k]!), 0);
      assert.ok(Math.abs(H[at]! - byHand) < 1e-5, `entropy ${H[at]}, by hand ${byHand}`);
      assert.ok(Math.abs(K[at]! - divergence) < 1e-5, `divergence ${K[at]}, by hand ${divergence}`);
      at += action.tokens!;
    }
    policy.dispose();
  });

  it("is, of a policy that is told nothing of it, what the documented defaults make", async () => {
    const defaults = {
      rank: 8,
      scale: 1,
      seed: 0,
      samples: 256,
      tokenSubset: "sampled",
      batch: 32,
      topK: 0,
      topP: 1,
    } as const;
    const wide = () => toyDecoder({ width: 9 });
    const [told, untold] = [
      await tokenPolicy(wide(), { asks, prompt, temperature: 1, maxTokens: prompt.maxTokens, ...defaults }),
      await tokenPolicy(wide(), { asks, prompt }),
    ];
    for (const { name, fingerprint, tokenSubset, batch, buffers, variables } of [told, untold]) {
      assert.deepEqual(
        [name, fingerprint, tokenSubset, batch, buffers],
        [told.name, told.fingerprint, told.tokenSubset, 32, told.buffers],
      );
      assert.deepEqual(
        variables.map((one) => [...one.dataSync()]),
        told.variables.map((one) => [...one.dataSync()]),
      );
    }
    const other = await tokenPolicy(wide(), { asks, prompt, seed: 1, samples: 16 });
    assert.notDeepEqual(other.buffers, told.buffers, "the programs that calibrate it are drawn by the seed");
    for (const policy of [told, untold, other]) policy.dispose();
  });

  it("refuses a rank wider than the model or than its token subset, a scale of 0, tokens that are none, and foreign actions", async () => {
    assert.throws(() => createHead(6, 10, { rank: 7 }), {
      message: "Expected the head's `rank` to be from 1 to 6 (the model is 6 wide, the head changes 10 tokens), got 7",
    });
    assert.throws(() => createHead(6, 3, { rank: 4 }), /from 1 to 3/);
    assert.throws(() => createHead(6, 10, { rank: 2, scale: 0 }), /`scale` to be a number other than 0, got 0/);
    const make = (options: object) => tokenPolicy(toyDecoder(), { asks, prompt, rank: 1, samples: 4, ...options });
    await assert.rejects(make({ tokenSubset: [1, 99] }), {
      message: 'Expected the head\'s `tokenSubset` to be "sampled", "all" or token ids from 0 to 14, got 99',
    });
    await assert.rejects(make({ tokenSubset: [] }), /got none/);
    await assert.rejects(make({ words: "all" }), {
      message: "There is no `words` in the options of policies.token: it is called `tokenSubset` now",
    });
    await assert.rejects(make({ asks: [] }), /at least one prompt to calibrate the head with, got none/);
    await assert.rejects(make({ temperature: 0 }), /`temperature` to be a positive number, got 0/);
    const policy = await make({});
    assert.throws(
      () => policy.evaluate([{ program: "", label: "", choice: [1], logProb: 0 }]),
      /The action has no trace/,
    );
    policy.dispose();
  });
});
