/** What the trainer's options do, each seen in numbers. */

import assert from "node:assert/strict";
import { editMenu, tf } from "../../src/policy/index.ts";
import { type TrainOptions, train } from "../../src/training/index.ts";
import { rateAt } from "../../src/training/rate.ts";
import { withDefaults } from "../../src/training/settings.ts";
import { altered, menu, nameEnv, updatesOf, weightsOf } from "./fixtures.ts";

describe("the trainer's options", () => {
  it("lrSchedule: the rate falls to zero over the updates, in a line or as a cosine", () => {
    const at = (lrSchedule: "none" | "linear" | "cosine", update: number) =>
      rateAt(
        withDefaults({ env: nameEnv(), policy: editMenu(menu), updates: 10, learningRate: 2, lrSchedule }),
        update,
      );
    assert.deepEqual(
      [0, 5, 9].map((u) => at("none", u)),
      [2, 2, 2],
    );
    assert.deepEqual(
      [0, 5, 9].map((u) => Number(at("linear", u).toFixed(9))),
      [2, 1, 0.2],
    );
    assert.deepEqual(
      [0, 5].map((u) => Number(at("cosine", u).toFixed(9))),
      [2, 1],
    );
    assert.ok(at("cosine", 9) < at("linear", 9));
  });

  it("what a policy recommends is the default, what is told goes before it, and the literal loop knows neither", () => {
    const policy = {
      ...editMenu(menu),
      recommended: { episodes: 48, group: 8, klCoef: 0.05, lrSchedule: "linear" as const },
    };
    const of = (more: object) => {
      const { episodes, group, klCoef, lrSchedule, gamma } = withDefaults({ env: nameEnv(), policy, ...more });
      return [episodes, group, klCoef, lrSchedule, gamma];
    };
    assert.deepEqual(of({}), [48, 8, 0.05, "linear", 0.99]);
    assert.deepEqual(of({ klCoef: 0, gamma: 0.5 }), [48, 8, 0, "linear", 0.5]);
    assert.deepEqual(of({ episodes: 12 }), [12, 1, 0.05, "linear", 0.99], "groups of 8 do not divide 12 lives");
    assert.deepEqual(of({ estimator: "raw-return" }), [16, 1, 0, "none", 0.99]);
    for (const [group, own] of [
      [8, 8],
      [6, 1],
    ] as const)
      assert.equal(
        withDefaults({ env: nameEnv(), policy: { ...policy, recommended: { group } } }).group,
        own,
        "the usual 16 lives",
      );
  });

  it("lrSchedule: Adam and plain descent really step by the rate of the update", async () => {
    for (const optimizer of ["adam", "sgd"] as const) {
      const policy = editMenu(menu);
      const constant = editMenu(menu);
      const common = { env: nameEnv(), optimizer, updates: 4, episodes: 6, learningRate: 0.1, seed: 2 };
      const last = (await updatesOf({ ...common, policy, lrSchedule: "linear" })).at(-1)!;
      await updatesOf({ ...common, policy: constant });
      assert.ok(Math.abs(last.learningRate - 0.025) < 1e-9);
      const norm = (p: ReturnType<typeof editMenu>) => Math.hypot(...weightsOf(p));
      assert.ok(norm(policy) < norm(constant), optimizer);
      for (const p of [policy, constant]) p.dispose();
    }
  });

  it("group: episodes of a group begin with one seed, and are each other's baseline", async () => {
    const policy = editMenu(menu);
    const [update] = await updatesOf({ env: nameEnv(), policy, updates: 1, episodes: 12, group: 4, estimator: "mean" });
    const { episodes, advantages } = update!;
    assert.deepEqual(
      episodes.map(({ group }) => group),
      [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2],
    );
    for (const group of [0, 1, 2]) {
      const own = episodes.filter((episode) => episode.group === group);
      assert.equal(new Set(own.map(({ seed }) => seed)).size, 1);
      const first = advantages.filter((_, i) => episodes[i]!.group === group).map((list) => list[0]!);
      assert.ok(Math.abs(first.reduce((a, b) => a + b)) < 1e-6, `group ${group}: ${first}`);
    }
    assert.equal(new Set(episodes.map(({ seed }) => seed)).size, 3);
    assert.ok(new Set(episodes.map(({ steps }) => steps.map(({ action }) => action.label).join())).size > 1);
    await assert.rejects(updatesOf({ env: nameEnv(), policy, episodes: 10, group: 4 }), {
      message: "Expected `group` to be a divisor of `episodes`, which is 10, got 4",
    });
    policy.dispose();
  });

  it("klCoef: holds the policy near its start, in the loss or in the reward, and is logged either way", async () => {
    const run = async (options: Partial<TrainOptions>) => {
      const policy = editMenu(menu);
      const all = await updatesOf({ env: nameEnv(), policy, updates: 25, episodes: 16, entropyBonus: 0, ...options });
      policy.dispose();
      return all.at(-1)!.kl;
    };
    const free = await run({});
    assert.ok(free > 0.3, `${free}`);
    assert.ok((await run({ klCoef: 5 })) < free / 2);
    assert.ok((await run({ klCoef: 1000, klIn: "reward" })) < free / 2);
    await assert.rejects(run({ klCoef: -1 }), {
      message: "Expected `klCoef` to be 0 or a positive number, got -1",
    });
    await assert.rejects(run({ klIn: "both" as never }), {
      message: 'Expected `klIn` to be loss or reward, got "both"',
    });
  });

  it("mask: steps of lives that the time limit ended teach nothing, and are counted", async () => {
    const policy = editMenu(menu, { logits: [3, 0, 0] });
    const options = { env: nameEnv(3), policy, updates: 1, episodes: 20, estimator: "mean" as const };
    const [update] = await updatesOf({ ...options, mask: ["truncated"] });
    const long = update!.episodes.filter(({ truncated }) => truncated);
    assert.ok(long.length > 0);
    assert.equal(update!.masked.truncated, 3 * long.length);
    assert.equal(update!.tokens.learned, update!.tokens.drawn - 3 * long.length);
    await assert.rejects(
      updatesOf({ ...options, mask: ["short" as never] }),
      /`mask\[0\]` to be cut or truncated, got "short"/,
    );
    policy.dispose();
  });

  it("a reward that is not a number leaves its episode out and counts it; an infinite one is an error that says where", async () => {
    const policy = editMenu(menu);
    const unscored = altered((program) => (program === "harm" ? Number.NaN : undefined));
    const [update] = await updatesOf({ env: unscored, policy, updates: 1, episodes: 30 });
    assert.ok(update!.masked.unscored > 0);
    assert.equal(update!.episodes.length + update!.masked.unscored, 30);
    assert.ok(update!.episodes.every(({ steps }) => steps.every(({ reward }) => reward !== -1000)));
    const before = weightsOf(policy);
    const infinite = altered((program) => (program === "harm" ? Number.POSITIVE_INFINITY : undefined));
    await assert.rejects(
      updatesOf({ env: infinite, policy, updates: 1, episodes: 30 }),
      /^RangeError: Step \d+ of episode \d+ earned Infinity: rewards must be finite, and at most 1000000000000000 in size, because the update computes in 32 bits\. Scale them down$/,
    );
    for (const [reward, told] of [
      [1e300, "1e\\+300"],
      [-2e15, "-2000000000000000"],
    ] as const)
      await assert.rejects(
        updatesOf({
          env: altered((program) => (program === "harm" ? reward : undefined)),
          policy,
          updates: 1,
          episodes: 30,
        }),
        new RegExp(`^RangeError: Step \\d+ of episode \\d+ earned ${told}: rewards must be finite, and at most`),
      );
    const never = altered(() => Number.NaN);
    await assert.rejects(updatesOf({ env: never, policy, updates: 1, episodes: 5 }), {
      message:
        "None of the batch's 5 episodes can be learned from: 0 were faults of the sandbox, 5 had a reward that is not a number",
    });
    assert.deepEqual(weightsOf(policy), before);
    policy.dispose();
  });

  it("a reward of another type is an error that says where, and the cure; the largest that is allowed is learned from", async () => {
    const policy = editMenu(menu);
    const run = (reward: unknown, more: Partial<TrainOptions> = {}) =>
      updatesOf({ env: altered(() => reward as number), policy, updates: 1, episodes: 6, concurrency: 1, ...more });
    for (const [reward, told] of [
      ["1", '"1"'],
      [1n, "1n"],
      [true, "true"],
      [[1], "[1]"],
      [{ survival: 1 }, '{"survival":1}'],
      [Object.create(null), "{}"],
    ] as const)
      await assert.rejects(run(reward), {
        name: "TypeError",
        message: `Step 0 of episode 0 earned ${told}: a reward must be a number. Let the environment's step() give one, by Number(...) say, or NaN where the step cannot be scored`,
      });
    const large = altered((program) => (program === "good" ? 1e15 : -1e15));
    for (const estimator of ["raw-return", "mean", "leave-one-out", "reinforce++", "learned"] as const) {
      const options = {
        env: large,
        policy,
        updates: 2,
        episodes: 12,
        optimizer: "adam",
        maxGradNorm: 1,
        estimator,
      } as const;
      const before = weightsOf(policy);
      for (const { gradientNorm } of await updatesOf(options))
        assert.ok(gradientNorm > 0, `${estimator} ${gradientNorm}`);
      assert.ok(weightsOf(policy)[0]! > before[0]!, estimator);
    }
    policy.dispose();
  });

  it("loss: one of the reader's own is what is made smaller; one that throws or is no scalar is named, nothing changed", async () => {
    const own = editMenu(menu);
    const ready = editMenu(menu);
    const common = { env: nameEnv(), updates: 3, episodes: 8, entropyBonus: 0, seed: 4 };
    await updatesOf({ ...common, policy: ready });
    await updatesOf({
      ...common,
      policy: own,
      loss: ({ logProbs, advantages }) => tf.neg(tf.mean(tf.mul(logProbs, advantages))) as tf.Scalar,
    });
    for (const [k, value] of weightsOf(own).entries()) assert.ok(Math.abs(value - weightsOf(ready)[k]!) < 1e-5);
    const wrong: [NonNullable<TrainOptions["loss"]>, RegExp][] = [
      [
        () => {
          throw new Error("no such thing");
        },
        /^Error: The loss function threw: no such thing$/,
      ],
      [({ logProbs }) => logProbs as never, /to return a scalar, got shape \[\d+\]: end it with tf.mean or tf.sum/],
      [() => 3 as never, /to return a TF.js scalar, got 3$/],
      [() => null as never, /to return a TF.js scalar, got null$/],
      [() => [1] as never, /to return a TF.js scalar, got \[1\]$/],
      [() => Promise.resolve(1) as never, /to return a TF.js scalar, got a Promise$/],
      [() => tf.scalar(1), /The loss function's result does not depend on the policy: make it of `logProbs`/],
      [({ options }) => tf.scalar(options.klCoef), /does not depend on the policy/],
      [
        ({ logProbs }) => tf.mul(tf.mean(logProbs), Number.NaN) as tf.Scalar,
        /The gradient's norm is NaN: the policy was left as it is/,
      ],
    ];
    const before = weightsOf(own);
    const held = tf.memory().numTensors;
    for (const [loss, message] of wrong) await assert.rejects(updatesOf({ ...common, policy: own, loss }), message);
    assert.deepEqual(weightsOf(own), before);
    assert.equal(tf.memory().numTensors, held, "tensors are given back after an error");
    for (const policy of [own, ready]) policy.dispose();
  });

  it("keeps no tensors from update to update", async () => {
    const policy = editMenu(menu);
    const counts: number[] = [];
    for await (const _ of train({ env: nameEnv(), policy, updates: 6, episodes: 4 }))
      counts.push(tf.memory().numTensors);
    assert.equal(counts.at(-1), counts[1]);
    policy.dispose();
  });

  it("onUpdate: sees each update before the loop does, and its error ends training", async () => {
    const policy = editMenu(menu);
    const seen: number[] = [];
    await updatesOf({
      env: nameEnv(),
      policy,
      updates: 3,
      episodes: 4,
      onUpdate: ({ update }) => void seen.push(update),
    });
    assert.deepEqual(seen, [0, 1, 2]);
    const failing = () => {
      throw new Error("the disk is full");
    };
    await assert.rejects(
      updatesOf({ env: nameEnv(), policy, updates: 3, episodes: 4, onUpdate: failing }),
      /disk is full/,
    );
    policy.dispose();
  });
});
