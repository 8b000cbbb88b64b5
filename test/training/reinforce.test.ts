import assert from "node:assert/strict";
import { SurvivalEnv } from "../../src/environment/index.ts";
import type { Episode } from "../../src/episode/index.ts";
import { editMenu, randomPolicy, tf } from "../../src/policy/index.ts";
import { rollout } from "../../src/rollout/index.ts";
import { mean } from "../../src/statistics/index.ts";
import { type Estimator, estimators, study, type TrainOptions, train, type Update } from "../../src/training/index.ts";
import { menu, nameEnv } from "./fixtures.ts";

async function updatesOf(options: TrainOptions): Promise<Update[]> {
  const all: Update[] = [];
  for await (const update of train(options)) all.push(update);
  return all;
}

const softmax = (logits: number[]): number[] => {
  const powers = logits.map(Math.exp);
  return powers.map((p) => p / powers.reduce((a, b) => a + b));
};

/** The policy gradient of sum(advantage * log pi) for a softmax, by hand: sum(A * (onehot - pi)). */
function gradientByHand(logits: number[], lives: Episode[], advantages: number[][]): number[] {
  const pi = softmax(logits);
  const gradient = logits.map(() => 0);
  for (const [i, { steps }] of lives.entries())
    for (const [t, { action }] of steps.entries())
      for (const k of logits.keys()) gradient[k]! += advantages[i]![t]! * ((action.choice === k ? 1 : 0) - pi[k]!);
  return gradient;
}

describe("train", () => {
  it("makes the literal loop's step by hand: plain ascent on raw returns, summed", async () => {
    const start = [0.3, -0.2, 0.1];
    const policy = editMenu(menu, { logits: start });
    const [update] = await updatesOf({
      env: nameEnv(),
      policy,
      estimator: "raw-return",
      updates: 1,
      episodes: 6,
      seed: 3,
    });
    const G = estimators["raw-return"](update!.episodes, { gamma: 0.99 });
    const gradient = gradientByHand(start, update!.episodes, G);
    const moved = [...policy.variables[0]!.dataSync()];
    for (const k of start.keys()) {
      const expected = start[k]! + 1e-4 * gradient[k]!;
      assert.ok(Math.abs(moved[k]! - expected) < 1e-5, `logit ${k}: ${moved[k]}, by hand ${expected}`);
    }
    policy.dispose();
  });

  it("makes Adam's first step by hand: the learning rate, in the direction of each gradient", async () => {
    const start = [0.3, -0.2, 0.1];
    const policy = editMenu(menu, { logits: start });
    const options = { updates: 1, episodes: 6, seed: 3, learningRate: 0.05, entropyBonus: 0, maxGradNorm: 0 };
    const [update] = await updatesOf({ env: nameEnv(), policy, estimator: "mean", ...options });
    const gradient = gradientByHand(start, update!.episodes, update!.advantages);
    for (const [k, value] of policy.variables[0]!.dataSync().entries())
      assert.ok(Math.abs(value - (start[k]! + 0.05 * Math.sign(gradient[k]!))) < 1e-4, `logit ${k}: ${value}`);
    policy.dispose();
  });

  it("differentiates as finite differences do, log-probabilities and entropy alike", () => {
    const logits = [0.4, -1.1, 0.25];
    const actions = [0, 2, 1, 0].map((choice) => ({ choice, program: "", label: "", logProb: 0 }));
    const weights = [0.7, -1.3, 0.2, 2];
    const value = (at: number[]): number => {
      const policy = editMenu(menu, { logits: at });
      const result = tf.tidy(
        () =>
          tf
            .add(
              tf.sum(tf.mul(policy.evaluate(actions).logProbs, weights)),
              tf.mul(tf.mean(policy.evaluate(actions).entropy), 0.5),
            )
            .dataSync()[0]!,
      );
      policy.dispose();
      return result;
    };
    const policy = editMenu(menu, { logits });
    const { grads } = tf.variableGrads(
      () =>
        tf.add(
          tf.sum(tf.mul(policy.evaluate(actions).logProbs, weights)),
          tf.mul(tf.mean(policy.evaluate(actions).entropy), 0.5),
        ) as tf.Scalar,
    );
    const exact = [...Object.values(grads)[0]!.dataSync()];
    const h = 1e-2; // float32: the error of the difference is about 1e-4
    for (const k of logits.keys()) {
      const nudged = (by: number) => logits.map((x, i) => (i === k ? x + by : x));
      const slope = (value(nudged(h)) - value(nudged(-h))) / (2 * h);
      assert.ok(Math.abs(exact[k]! - slope) < 2e-3, `logit ${k}: ${exact[k]}, by differences ${slope}`);
    }
    policy.dispose();
  });

  it("gives the same weights to the last bit when repeated, whatever the concurrency", async () => {
    const run = async (concurrency: number): Promise<number[]> => {
      const policy = editMenu(menu);
      await updatesOf({ env: nameEnv(), policy, updates: 5, episodes: 8, seed: 11, concurrency });
      const weights = [...policy.variables[0]!.dataSync()];
      policy.dispose();
      return weights;
    };
    assert.deepEqual(await run(1), await run(8));
  });

  it("takes an estimator of one's own, and says where it is wrong before anything is changed", async () => {
    type Wrong = (lives: Parameters<Estimator>[0]) => unknown;
    const wanted = ": it must give one list for each episode, with one finite number for each step";
    const tries: [Wrong, told: string, cure?: string][] = [
      [() => 5, "5 for the batch of 4 episodes"],
      [() => null, "null for the batch of 4 episodes"],
      [() => undefined, "undefined for the batch of 4 episodes"],
      [async () => [], "a Promise for the batch of 4 episodes", ", at once: leave `async` out"],
      [() => Float32Array.of(1, 2, 3, 4), "a Float32Array for the batch of 4 episodes"],
      [() => [], "[], advantages for 0 of 4 episodes"],
      [() => [5], "[5], advantages for 1 of 4 episodes"],
      [() => [null, 1, 2, 3], "null for episode 0 of 2 steps"],
      [(lives) => lives.map(async () => [0]), "a Promise for episode 0 of 2 steps", ", at once: leave `async` out"],
      [(lives) => lives.map(() => []), "[], advantages for 0 of 2 steps of episode 0"],
      [(lives) => lives.map(({ steps }) => steps.map(() => Number.NaN)), "NaN for step 0 of episode 0"],
      [(lives) => lives.map(({ steps }) => steps.map(() => "1")), '"1" for step 0 of episode 0'],
    ];
    for (const [wrong, told, cure = ""] of tries) {
      const estimator = wrong as Estimator;
      const message = `The estimator gave ${told}${wanted}${cure}`;
      const policy = editMenu(menu);
      await assert.rejects(updatesOf({ env: nameEnv(), policy, estimator, updates: 1, episodes: 4 }), {
        name: "RangeError",
        message,
      });
      assert.deepEqual([...policy.variables[0]!.dataSync()], [0, 0, 0]);
      policy.dispose();
    }
    const own = editMenu(menu);
    await updatesOf({
      env: nameEnv(),
      policy: own,
      updates: 2,
      episodes: 4,
      // As TF.js' dataSync() gives it, for one of them.
      estimator: (l) =>
        l.map((e, i) => (i === 0 ? Float32Array.from(e.steps, () => 1) : e.steps.map(() => 1)) as number[]),
    });
    assert.notDeepEqual([...own.variables[0]!.dataSync()], [0, 0, 0]);
    own.dispose();
  });

  it("refuses options that make no sense, naming the value", async () => {
    const options = { env: nameEnv(), policy: editMenu(menu) };
    await assert.rejects(updatesOf({ ...options, updates: 0 }), {
      message: "Expected `updates` to be a positive integer, got 0",
    });
    await assert.rejects(updatesOf({ ...options, gamma: 2 }), {
      message: "Expected `gamma` to be between 0 and 1, got 2",
    });
    await assert.rejects(
      updatesOf({ ...options, learningRate: Number.NaN }),
      /`learningRate` to be a positive number, got NaN/,
    );
  });

  it("stops between two updates when its signal is aborted, and keeps what was learned", async () => {
    const policy = editMenu(menu);
    const stop = new AbortController();
    let seen = 0;
    for await (const _ of train({ env: nameEnv(), policy, updates: 50, episodes: 4, signal: stop.signal }))
      if (++seen === 3) stop.abort();
    assert.equal(seen, 3);
    assert.notDeepEqual([...policy.variables[0]!.dataSync()], [0, 0, 0]);
    policy.dispose();
  });
});

describe("learning to live, in the real sandbox, 5 seeds", () => {
  it("leave-one-out beats the random policy, and the literal loop at its small step falls below it", async () => {
    const env = new SurvivalEnv({ maxSteps: 20 });
    const random = await rollout(env, randomPolicy(), { episodes: 200, seed: 99 });
    const lessons = await study({
      env,
      makePolicy: () => editMenu(),
      variants: {
        literal: { estimator: "raw-return", updates: 30 },
        "leave-one-out": { estimator: "leave-one-out", updates: 22 },
      },
      seeds: [1, 2, 3, 4, 5],
      evaluationEpisodes: 60,
    });
    const survival = (name: string): number[] => lessons.of(name).map((run) => run.survival);
    const bar = random.summary.survival.estimate;
    assert.ok(
      survival("leave-one-out").every((s) => s > 2 * bar),
      `leave-one-out ${survival("leave-one-out")}, random ${bar}`,
    );
    assert.ok(mean(survival("literal")) < bar, `literal ${survival("literal")}, random ${bar}`);
    assert.ok(
      random.summary.survival.low < 5 / 3 && random.summary.survival.high > 5 / 3,
      "5/8 + (5/8)^2 + ... = 1.67",
    );
  });
});
