/** What the trainer's options do, each seen in numbers. */

import assert from "node:assert/strict";
import type { Environment } from "../../src/environment/index.ts";
import { editMenu, tf } from "../../src/policy/index.ts";
import { rockReason } from "../../src/statistics/index.ts";
import { estimators, learnedBaseline, type TrainOptions, train, type Update } from "../../src/training/index.ts";
import { panelBundle, panelRow, sparkline } from "../../src/training/panel.ts";
import { rateAt, withDefaults } from "../../src/training/settings.ts";
import { menu, nameEnv } from "./fixtures.ts";

async function updatesOf(options: TrainOptions): Promise<Update[]> {
  const all: Update[] = [];
  for await (const update of train(options)) all.push(update);
  return all;
}

/** The environment of names, with the reward of each step put through `reward`. */
function altered(reward: (program: string, step: number) => number | undefined): Environment<number> {
  const inner = nameEnv();
  let step = 0;
  return {
    ...inner,
    reset: (options) => {
      step = 0;
      return inner.reset(options);
    },
    async step(program) {
      const transition = await inner.step(program);
      return { ...transition, reward: reward(program, step++) ?? transition.reward };
    },
    clone: () => altered(reward),
  };
}

const weightsOf = (policy: ReturnType<typeof editMenu>): number[] => [...policy.variables[0]!.dataSync()];

describe("the trainer's options", () => {
  it("decay: the rate falls to zero over the updates, in a line or as a cosine", () => {
    const at = (decay: "none" | "linear" | "cosine", update: number) =>
      rateAt(withDefaults({ env: nameEnv(), policy: editMenu(menu), updates: 10, learningRate: 2, decay }), update);
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

  it("what suits a policy is the default, what is told goes before it, and the literal loop knows neither", () => {
    const policy = { ...editMenu(menu), suits: { episodes: 48, group: 8, klWeight: 0.05, decay: "linear" as const } };
    const of = (more: object) => {
      const { episodes, group, klWeight, decay, gamma } = withDefaults({ env: nameEnv(), policy, ...more });
      return [episodes, group, klWeight, decay, gamma];
    };
    assert.deepEqual(of({}), [48, 8, 0.05, "linear", 0.99]);
    assert.deepEqual(of({ klWeight: 0, gamma: 0.5 }), [48, 8, 0, "linear", 0.5]);
    assert.deepEqual(of({ episodes: 12 }), [12, 1, 0.05, "linear", 0.99], "groups of 8 do not divide 12 lives");
    assert.deepEqual(of({ estimator: "seed" }), [16, 1, 0, "none", 0.99]);
  });

  it("decay: Adam and plain descent really step by the rate of the update", async () => {
    for (const optimizer of ["adam", "sgd"] as const) {
      const policy = editMenu(menu);
      const constant = editMenu(menu);
      const common = { env: nameEnv(), optimizer, updates: 4, episodes: 6, learningRate: 0.1, seed: 2 };
      const last = (await updatesOf({ ...common, policy, decay: "linear" })).at(-1)!;
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

  it("klWeight: holds the policy near its start, in the loss or in the reward, and is logged either way", async () => {
    const run = async (options: Partial<TrainOptions>) => {
      const policy = editMenu(menu);
      const all = await updatesOf({ env: nameEnv(), policy, updates: 25, episodes: 16, entropyBonus: 0, ...options });
      policy.dispose();
      return all.at(-1)!.kl;
    };
    const free = await run({});
    assert.ok(free > 0.3, `${free}`);
    assert.ok((await run({ klWeight: 5 })) < free / 2);
    assert.ok((await run({ klWeight: 1000, klIn: "reward" })) < free / 2);
    await assert.rejects(run({ klWeight: -1 }), {
      message: "Expected `klWeight` to be 0 or a positive number, got -1",
    });
    await assert.rejects(run({ klIn: "both" as never }), { message: "Expected `klIn` to be loss or reward, got both" });
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
      /`mask` to be a list of cut and truncated, got short/,
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
      ["1", '"1" (string)'],
      [1n, "1 (bigint)"],
      [true, "true (boolean)"],
      [{ survival: 1 }, "[object Object] (object)"],
    ] as const)
      await assert.rejects(run(reward), {
        name: "TypeError",
        message: `Step 0 of episode 0 earned ${told}: a reward must be a number. Let the environment's step() give one, by Number(...) say, or NaN where the step cannot be scored`,
      });
    const large = altered((program) => (program === "good" ? 1e15 : -1e15));
    for (const estimator of ["seed", "mean", "leave-one-out", "reinforce++", "learned"] as const) {
      const options = { env: large, policy, updates: 2, episodes: 12, optimizer: "adam", clip: 1, estimator } as const;
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
      [() => 3 as never, /to return a TF.js scalar, got number/],
      [() => tf.scalar(1), /The loss function's result does not depend on the policy: make it of `logProbs`/],
      [({ options }) => tf.scalar(options.klWeight), /does not depend on the policy/],
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

  /** Squares by which returns of later updates are missed, predicted by nothing, by the mean of earlier ones, and by what was learned. */
  const missedBy = async (env: Environment<number>) => {
    const policy = editMenu(menu);
    const baseline = learnedBaseline();
    const missed = { none: 0, mean: 0, learned: 0 };
    const seen: number[] = [];
    // The policy hardly changes: what was fitted to earlier updates is about what the next one brings.
    const options = { env, policy, updates: 12, episodes: 24, learningRate: 1e-6, seed: 5 };
    for await (const { episodes } of train(options)) {
      const returns = estimators.seed(episodes, { gamma: 0.99 });
      const predicted = baseline.predict(episodes);
      assert.equal(predicted === null, seen.length === 0, "nothing is known at first");
      const mean = seen.reduce((a, b) => a + b, 0) / seen.length;
      for (const [i, list] of (predicted ?? []).entries())
        for (const [t, value] of list.entries()) {
          missed.none += returns[i]![t]! ** 2;
          missed.mean += (returns[i]![t]! - mean) ** 2;
          missed.learned += (returns[i]![t]! - value) ** 2;
        }
      baseline.fit(episodes, returns);
      seen.push(...returns.flat());
    }
    policy.dispose();
    return missed;
  };

  it("estimator learned: beats no baseline at predicting, and the mean of what was where the step tells more", async () => {
    const dull = await missedBy(nameEnv());
    assert.ok(dull.learned < 0.7 * dull.none, JSON.stringify(dull));
    const telling = await missedBy(altered((_, step) => 100 * step));
    assert.ok(telling.learned < 0.8 * telling.mean && telling.learned < telling.none, JSON.stringify(telling));
  });

  it("estimator learned: goes through a checkpoint", async () => {
    const [one, two] = [editMenu(menu), editMenu(menu)];
    const common = { env: nameEnv(), updates: 6, episodes: 8, estimator: "learned" as const, seed: 5 };
    await updatesOf({ ...common, policy: one });
    let saved: Awaited<ReturnType<Update["checkpoint"]>> | undefined;
    for await (const update of train({ ...common, policy: two })) {
      saved = JSON.parse(JSON.stringify(await update.checkpoint()));
      if (update.update === 2) break;
    }
    const resumed = editMenu(menu);
    await updatesOf({ ...common, policy: resumed, resume: saved! });
    assert.deepEqual(weightsOf(resumed), weightsOf(one));
    for (const policy of [one, two, resumed]) policy.dispose();
  });
});

describe("the live panel", () => {
  it("holds first value, last value and course of each figure, flags a rock, and ends in curves", async () => {
    const policy = editMenu(menu);
    const rows = (await updatesOf({ env: nameEnv(), policy, updates: 12, episodes: 16 })).map(panelRow);
    const live = panelBundle(rows.slice(0, 5), { updates: 12, name: "edit menu", ended: false });
    assert.match(
      String(live["text/plain"]),
      /^edit menu: update 5 of 12, 80 lives, [\d.]+ s an update, about \d+ s left\n/,
    );
    for (const what of ["return, mean", "steps survived", "attempted harm", "entropy", "divergence", "tokens a second"])
      assert.ok(String(live["text/html"]).includes(what), what);
    assert.equal(live["application/vnd.plotly.v1+json"], undefined);
    const ended = panelBundle(rows, { updates: 12, name: "edit menu", ended: true });
    assert.ok(ended["application/vnd.plotly.v1+json"]);
    const rock = panelBundle([...rows, { ...rows[0]!, entropy: 0.01 }], { updates: 13, name: "menu", ended: false });
    assert.match(String(rock["text/plain"]), /A rock: entropy 0\.010 nats: it does one thing only/);
    policy.dispose();
  });

  it("opens by itself where there is a display, updates in place, and is closed by a break", async () => {
    const shown: string[] = [];
    const scope = globalThis as { display?: unknown };
    const text = (value: unknown) =>
      String(
        (value as { [key: symbol]: () => { [type: string]: string } })[Symbol.for("Jupyter.display")]!()["text/plain"],
      );
    scope.display = async (value: unknown) => {
      shown.push(`new ${text(value)}`);
      return { update: async (next: unknown) => void shown.push(`again ${text(next)}`) };
    };
    try {
      const policy = editMenu(menu);
      for await (const { update } of train({ env: nameEnv(), policy, updates: 9, episodes: 4 }))
        if (update === 2) break;
      policy.dispose();
    } finally {
      delete scope.display;
    }
    assert.equal(shown.filter((line) => line.startsWith("new")).length, 1);
    assert.match(shown[2]!, /^again edit menu: update 3 of 9/);
    assert.equal(shown.length, 4);
  });

  it("draws a course as blocks, lowest to highest", () => {
    assert.equal(sparkline([0, 1, 2, 3, 4, 5, 6, 7]), "▁▂▃▄▅▆▇█");
    assert.equal(sparkline([3, 3]), "▁▁");
    assert.equal(sparkline(Array.from({ length: 100 }, (_, i) => i)).length, 32);
  });

  it("knows a rock by its entropy or by its edits that change nothing", () => {
    assert.equal(rockReason({ entropy: 0.8, changed: 0.5 }), null);
    assert.equal(rockReason({ entropy: 0.8, changed: null }), null);
    assert.equal(rockReason({ entropy: 0.049 }), "entropy 0.049 nats: it does one thing only");
    assert.equal(rockReason({ entropy: 0.8, changed: 0.05 }), "95 % of its edits change nothing");
  });
});
