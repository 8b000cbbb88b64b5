/** The end of a program is a token as any other: it is drawn, has a log-probability, and that is learned. */

import assert from "node:assert/strict";
import type { Environment } from "../../src/environment/index.ts";
import { tf, tokenPolicy } from "../../src/policy/index.ts";
import { createRandom } from "../../src/random/index.ts";
import { type Estimator, train } from "../../src/training/index.ts";
import { toyDecoder } from "../policy/token/toy.ts";
import { nameEnv } from "./fixtures.ts";

/** The toy's token that ends a text. */
const end = 0;

const prompt = {
  ...{ name: "toy", version: 1, examples: [], before: "/", after: "\n", separator: "\n", primed: "a." },
  ...{ stop: [], maxTokens: 6 },
};

/** Lives of one step, all asked the same. */
function oneStep(): Environment {
  const inner = nameEnv(1);
  const observation = { task: "a" };
  return {
    ...inner,
    reset: async (options) => [observation, (await inner.reset(options))[1]],
    step: async (program) => ({ ...(await inner.step(program)), observation }),
    clone: oneStep,
  };
}

/** A toy that ends at once in one of five programs. */
const toyThatEnds = () => toyDecoder({ seed: 7, sharp: 0.5 });

const open = () =>
  tokenPolicy(toyThatEnds(), { asks: ["a"], prompt, tokenSubset: "all", rank: 2, samples: 8, seed: 3, batch: 64 });

/** Log-probabilities of the first token, by the decoder alone: the head does nothing before it is trained. */
async function firstLogProbs(): Promise<number[]> {
  const toy = toyThatEnds();
  const ids = toy.tokenizer.encode("/a\na.");
  const logits = [...(await toy.forward({ tokens: Int32Array.from(ids), batch: 1 })).logits];
  const sum = Math.log(logits.map(Math.exp).reduce((a, b) => a + b));
  return logits.map((value) => value - sum);
}

describe("the token that ends a program", () => {
  it("is the last of its tokens, and its log-probability is the model's own", async () => {
    const policy = await open();
    const streams = Array.from({ length: 400 }, (_, i) => createRandom("end", i));
    const actions = await policy.act(
      streams.map(() => ({ task: "a" })),
      streams,
    );
    const empty = actions.filter(({ choice }) => (choice as number[])[0] === end);
    assert.ok(empty.length > 0, "none of the programs ended at once");
    const expected = (await firstLogProbs())[end]!;
    const share = empty.length / actions.length;
    assert.ok(Math.abs(share - Math.exp(expected)) < 0.06, `${share} of them, expected ${Math.exp(expected)}`);
    const { program, choice, tokens, cut, logProb } = empty[0]!;
    assert.deepEqual([program, choice, tokens, cut], ["a.", [end], 1, false]);
    const learned = tf.tidy(() => [...policy.evaluate([empty[0]!]).logProbs.dataSync()]);
    for (const value of [...learned, logProb]) assert.ok(Math.abs(value - expected) < 1e-5, `${value}, ${expected}`);
    policy.dispose();
  });

  it("is learned: where only programs of nothing but the end are worth something, ending becomes likelier", async () => {
    const policy = await open();
    // 1 for a program that ended at once, 0 for all others: the end's log-probability is all that the gradient is of.
    const ending: Estimator = (lives) =>
      lives.map(({ steps }) => steps.map(({ action }) => ((action.choice as number[])[0] === end ? 1 : 0)));
    const before = (await firstLogProbs())[end]!;
    const how = { updates: 1, episodes: 256, seed: 2, optimizer: "sgd", lrSchedule: "none", learningRate: 20 } as const;
    const plain = { entropyBonus: 0, klCoef: 0, maxGradNorm: 0, group: 1, gamma: 1, backend: "cpu" } as const;
    for await (const { episodes, advantages, tokens } of train({
      env: oneStep(),
      policy,
      estimator: ending,
      ...how,
      ...plain,
    })) {
      assert.ok(advantages.flat().includes(1), "none of the programs ended at once");
      const drawn = episodes.flatMap(({ steps }) => steps.map(({ action }) => (action.choice as number[]).length));
      assert.deepEqual(tokens, { drawn: sum(drawn), learned: sum(drawn) });
      // The bias of a word, by hand: rate x mean over tokens of advantage x (1 if it was drawn, less its probability).
      const ended = sum(advantages.flat());
      const bias = [...policy.variables[2]!.dataSync()];
      for (const [word, logProb] of (await firstLogProbs()).entries()) {
        const expected = (20 * ended * ((word === end ? 1 : 0) - Math.exp(logProb))) / sum(drawn);
        assert.ok(Math.abs(bias[word]! - expected) < 1e-3, `word ${word}: ${bias[word]}, by hand ${expected}`);
      }
    }
    const [action] = await drawEnd(policy);
    assert.ok(action!.logProb > before + 0.01, `${action!.logProb}, before ${before}`);
    policy.dispose();
  });
});

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** A program that ends at once, as the policy draws it now. */
async function drawEnd(policy: Awaited<ReturnType<typeof open>>) {
  const streams = Array.from({ length: 400 }, (_, i) => createRandom("again", i));
  const actions = await policy.act(
    streams.map(() => ({ task: "a" })),
    streams,
  );
  return actions.filter(({ choice }) => (choice as number[])[0] === end);
}
