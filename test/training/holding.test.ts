/** Weights that change while episodes are lived, and two trainings of one policy: errors that say so, and what still goes. */

import assert from "node:assert/strict";
import type { Environment } from "../../src/environment/index.ts";
import { type EditMenu, editMenu, tf, tokenPolicy } from "../../src/policy/index.ts";
import { rollout } from "../../src/rollout/index.ts";
import { policyGradientLoss, type TrainOptions, train, type Update } from "../../src/training/index.ts";
import { toyDecoder } from "../policy/token/toy.ts";
import { menu, nameEnv } from "./fixtures.ts";

async function updatesOf(options: TrainOptions): Promise<Update[]> {
  const all: Update[] = [];
  for await (const update of train(options)) all.push(update);
  return all;
}

const weightsOf = (policy: EditMenu): number[] => [...policy.variables[0]!.dataSync()];

/** The environment of names, with something done at one step of its lives. */
function meddling(at: number, meddle: () => void, count = { steps: 0 }): Environment<number> {
  const inner = nameEnv();
  return {
    ...inner,
    async step(program) {
      if (count.steps++ === at) meddle();
      return inner.step(program);
    },
    clone: () => meddling(at, meddle, count),
  };
}

describe("weights that are changed while episodes are lived", () => {
  const common = { updates: 2, episodes: 6, seed: 4, concurrency: 1 };
  const assign = (policy: EditMenu) => () => tf.tidy(() => policy.variables[0]!.assign(tf.tensor1d([1, 2, 3])));
  const changed = (what: string) =>
    `The weights of the policy edit menu were changed during ${what}: change them before or after, or play with \`policy.frozen()\`, a copy that stays as it is`;

  it("end the training with an error, and stay as they were assigned", async () => {
    const policy = editMenu(menu);
    const env = meddling(2, assign(policy));
    await assert.rejects(updatesOf({ env, policy, ...common }), { name: "Error", message: changed("a rollout") });
    assert.deepEqual(weightsOf(policy), [1, 2, 3]);
    policy.dispose();
  });

  it("are seen after the last draw too, before they are learned from", async () => {
    const policy = editMenu(menu);
    const meddle = assign(policy);
    const estimator: TrainOptions["estimator"] = (lives) => {
      meddle();
      return lives.map(({ steps }) => steps.map(() => 1));
    };
    await assert.rejects(updatesOf({ env: nameEnv(), policy, estimator, ...common }), {
      message: changed("an update of its training"),
    });
    assert.deepEqual(weightsOf(policy), [1, 2, 3]);
    // Between the gradient and the step, while numbers are read.
    const loss: TrainOptions["loss"] = (terms) => {
      queueMicrotask(meddle);
      return policyGradientLoss(terms);
    };
    await assert.rejects(updatesOf({ env: nameEnv(), policy, loss, ...common }), {
      message: changed("an update of its training"),
    });
    assert.deepEqual(weightsOf(policy), [1, 2, 3]);
    policy.dispose();
  });

  it("end a rollout too, of a head as of a menu; a frozen copy plays on", async () => {
    const policy = editMenu(menu);
    const meddled = (of: EditMenu) => meddling(1, assign(of));
    await assert.rejects(rollout(meddled(policy), policy, { episodes: 6, concurrency: 1 }), {
      message: changed("a rollout"),
    });
    const calm = await rollout(meddled(policy), policy.frozen(), { episodes: 6, concurrency: 1 });
    assert.equal(calm.episodes.length, 6);
    const prompt = { name: "toy", version: 1, examples: [], before: "/", after: "\n", separator: "\n", primed: "a." };
    const design = { ...prompt, stop: [";"], maxTokens: 6 };
    const head = await tokenPolicy(toyDecoder(), { asks: ["a"], prompt: design, samples: 8, rank: 2 });
    const bias = head.variables[2]!;
    const env = meddling(1, () => tf.tidy(() => bias.assign(tf.ones(bias.shape))));
    const always: Environment<number> = {
      ...env,
      clone: () => ({ ...env, step: async (p) => endless(await env.step(p)) }),
    };
    await assert.rejects(
      rollout(always, head, { episodes: 2 }),
      /^Error: The weights of the policy head on gpt2 toy-1-6 were changed/,
    );
    for (const one of [policy, head]) one.dispose();
  });

  it("that were given back meanwhile are said to be", async () => {
    const policy = editMenu(menu);
    await assert.rejects(updatesOf({ env: meddling(2, () => policy.dispose()), policy, ...common }), {
      message: "The policy edit menu was disposed of during a rollout: dispose of it when that has ended",
    });
  });

  it("between two updates are the caller's to change", async () => {
    const policy = editMenu(menu);
    for await (const _ of train({ env: nameEnv(), policy, ...common })) assign(policy)();
    assert.deepEqual(weightsOf(policy), [1, 2, 3]);
    policy.dispose();
  });
});

/** A transition that goes on, whatever was written. */
function endless<T extends { terminated: boolean; truncated: boolean }>(transition: T): T {
  return { ...transition, terminated: false, truncated: false };
}

describe("one policy in two training loops", () => {
  const common = { env: nameEnv(), updates: 4, episodes: 4, seed: 2 };
  const busy =
    "The policy edit menu is being trained by another loop: wait until that has ended, or give each loop a policy of its own";

  it("at once: the second is refused, and the first ends as it would alone", async () => {
    const [policy, alone] = [editMenu(menu), editMenu(menu)];
    await updatesOf({ ...common, policy: alone });
    const first = updatesOf({ ...common, policy });
    await assert.rejects(updatesOf({ ...common, policy }), { name: "Error", message: busy });
    await assert.rejects(updatesOf({ ...common, policy: { ...policy, learningRate: 1 } }), { message: busy }, "a copy");
    await first;
    assert.deepEqual(weightsOf(policy), weightsOf(alone));
    await updatesOf({ ...common, policy });
    for (const one of [policy, alone]) one.dispose();
  });

  it("at once: the second is refused while an update is under way, not the first alone", async () => {
    const policy = editMenu(menu);
    let refused = 0;
    const trainBeside = async (): Promise<void> => {
      await assert.rejects(updatesOf({ ...common, policy }), { message: busy });
      refused++;
    };
    await updatesOf({ ...common, policy, onUpdate: trainBeside });
    assert.equal(refused, common.updates);
    policy.dispose();
  });

  it("in turns: who comes back is told", async () => {
    const policy = editMenu(menu);
    const [one, two] = [train({ ...common, policy }), train({ ...common, policy })];
    await one.next();
    await two.next();
    await assert.rejects(one.next(), {
      message:
        "Another loop has trained the policy edit menu since this one's last update: give each loop a policy of its own, or go on from a checkpoint with `resume`",
    });
    assert.equal((await two.next()).done, false);
    await two.return();
    policy.dispose();
  });

  it("one after the other: a loop that was left, failed or forgotten holds nothing", async () => {
    const policy = editMenu(menu);
    for await (const _ of train({ ...common, policy })) break;
    await train({ ...common, policy }).next();
    await assert.rejects(updatesOf({ ...common, policy, estimator: () => [] }), /advantages for 0 of 4 episodes/);
    assert.equal((await updatesOf({ ...common, policy })).length, 4);
    policy.dispose();
  });
});
