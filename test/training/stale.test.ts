/** Batches that are one update old: which weights draw them, what they weigh, and that a run goes on with what was in flight. */

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type EditMenu, editMenu, type TrainablePolicy } from "../../src/policy/index.ts";
import { openPlan } from "../../src/policy/open-plan.ts";
import type { Elsewhere } from "../../src/rollout/index.ts";
import { importanceOf } from "../../src/training/importance.ts";
import { metricsOf, type TrainOptions, train, type Update } from "../../src/training/index.ts";
import { playPart } from "../../src/workers/part.ts";
import { menu, nameEnv, weightsOf } from "./fixtures.ts";

/** Plays as workers do, by the plan as it is told when a batch is sent; later than whoever trains goes on. */
const nearby: Elsewhere = {
  async *play(env, policy, batch) {
    const { weights, ...plan } = await policy.plan!();
    const opened = await openPlan(plan, async () => assert.fail("a menu has no model"));
    await new Promise((resolve) => setTimeout(resolve, 30));
    yield await playPart({ env, policy: opened.withWeights(weights) as TrainablePolicy }, batch);
    opened.dispose();
  },
};

const common = { env: nameEnv(), episodes: 12, group: 4, updates: 4, seed: 3, learningRate: 0.3 } as const;

/** Programs by update, figures and weights. */
async function runOf(options: Partial<TrainOptions>) {
  const policy = editMenu(menu);
  const updates: Update[] = [];
  const weights: number[][] = [weightsOf(policy)];
  for await (const update of train({ ...common, policy, ...options })) {
    updates.push(update);
    weights.push(weightsOf(policy));
  }
  policy.dispose();
  return { updates, weights };
}

const figures = ({ updates, weights }: Awaited<ReturnType<typeof runOf>>) => ({
  weights: weights.at(-1),
  told: updates.map(({ loss, gradientNorm, kl, importance, episodes }) => [
    ...[loss, gradientNorm, kl, importance],
    episodes.map(({ steps }) => steps.map(({ action }) => [action.label, action.logProb])),
  ]),
});

const softmax = (logits: readonly number[]): number[] => {
  const powers = logits.map(Math.exp);
  return powers.map((power) => power / powers.reduce((a, b) => a + b));
};

describe("batches that are one update old", () => {
  it("weigh a program by its odds of now over those that drew it, cut at the largest", async () => {
    // Drawn at 1/3 each; now the odds are 3/4, 1/8, 1/8: 9/4 and 3/8.
    const policy = editMenu(menu, { logits: [Math.log(6), 0, 0] });
    const drawn = [0, 1, 2, 0].map((choice) => ({ choice, program: "", label: "", logProb: Math.log(1 / 3) }));
    const { weights, spread } = await importanceOf(policy, drawn, 2);
    const near = (found: readonly number[], expected: readonly number[]) =>
      assert.ok(
        found.length === expected.length && found.every((one, i) => Math.abs(one - expected[i]!) < 1e-6),
        `${found}`,
      );
    near(weights, [2, 0.375, 0.375, 2]);
    // Mean (2 x 2.25 + 2 x 0.375) / 4, each 0.9375 away from it.
    near([spread.mean, spread.deviation, spread.largest, spread.cut], [1.3125, 0.9375, 2.25, 0.5]);
    policy.dispose();
  });

  it("make an update what it is by hand: the step is along advantage times weight", async () => {
    const how = {
      optimizer: "sgd",
      entropyBonus: 0,
      maxGradNorm: 0,
      mostImportance: 1.05,
      learningRate: 0.01,
    } as const;
    const { updates, weights } = await runOf({ ...how, updates: 2, stale: 1, estimator: "mean", group: 1 });
    const [first, second] = updates;
    assert.equal(first!.importance, null);
    const [drawing, now] = [softmax(weights[0]!), softmax(weights[1]!)];
    const gradient = [0, 0, 0];
    let tokens = 0;
    for (const [i, { steps }] of second!.episodes.entries())
      for (const [t, { action }] of steps.entries()) {
        const choice = action.choice as number;
        assert.ok(Math.abs(action.logProb - Math.log(drawing[choice]!)) < 1e-6, "drawn by the weights of before");
        const weight = Math.min(1.05, now[choice]! / drawing[choice]!);
        tokens++;
        for (const k of gradient.keys())
          gradient[k]! += second!.advantages[i]![t]! * weight * ((choice === k ? 1 : 0) - now[k]!);
      }
    for (const [k, value] of weights[2]!.entries()) {
      const expected = weights[1]![k]! + (0.01 * gradient[k]!) / tokens;
      assert.ok(Math.abs(value - expected) < 1e-5, `${value}, expected ${expected}`);
    }
    const { cut, largest } = second!.importance!;
    assert.ok(cut > 0 && cut < 1 && largest > 1.05, "some are cut, some are not");
    assert.deepEqual(
      Object.entries(metricsOf(second!)).filter(([name]) => name.startsWith("importance/")),
      Object.entries(second!.importance!).map(([name, value]) => [`importance/${name}`, value]),
    );
  });

  it("are none where they are not asked for: 0 and no option are equal to the byte", async () => {
    const folder = mkdtempSync(join(tmpdir(), "stale-"));
    try {
      const saved = async (name: string, more: Partial<TrainOptions>) => {
        const save = join(folder, name);
        const told = figures(await runOf({ ...more, save }));
        return { told, bytes: readFileSync(save).toString("base64") };
      };
      const plain = await saved("plain", {});
      assert.deepEqual(await saved("zero", { stale: 0 }), plain);
      assert.notDeepEqual(await saved("one", { stale: 1 }), plain);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("are the same here, where they are played in turn, and on workers, which play while others are learned from", async () => {
    const here = await runOf({ stale: 1 });
    assert.deepEqual(figures(await runOf({ stale: 1, on: nearby })), figures(here));
    const inStep = await runOf({});
    assert.deepEqual(here.weights[1], inStep.weights[1], "the first batch is no older than its update");
    assert.notDeepEqual(here.weights[2], inStep.weights[2]);
  });

  it("are played again where a run goes on: what was in flight has the weights and seeds that it had", async () => {
    const folder = mkdtempSync(join(tmpdir(), "stale-"));
    try {
      const straight = figures(await runOf({ stale: 1 }));
      for (const on of [undefined, nearby]) {
        const save = join(folder, `run${on ? " on" : ""}.safetensors`);
        const more = { stale: 1, save, ...(on && { on }) } as const;
        await runOf({ ...more, updates: 2 });
        const rest = figures(await runOf({ ...more, resume: save }));
        assert.deepEqual(rest.told, straight.told.slice(2));
        assert.deepEqual(rest.weights, straight.weights);
      }
      await assert.rejects(runOf({ resume: join(folder, "run.safetensors") }), {
        message:
          'The checkpoint\'s run had other settings: `stale` was 1 and is 0. Give those of then, or go on with these by `resumeWith: "changed settings"`',
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("are left where the loop is: what is in flight is ended, and waited for", async () => {
    let ended = 0;
    const endless: Elsewhere = {
      async *play(env, policy, batch, how) {
        if (batch.seed === first || first === undefined) {
          first = batch.seed;
          return yield* nearby.play(env, policy, batch, how);
        }
        const end = (reject: (reason: unknown) => void) => setTimeout(() => reject(how.signal!.reason), 30);
        await new Promise((_, reject) => how.signal!.addEventListener("abort", () => end(reject)));
      },
    };
    let first: number | undefined;
    const counting: Elsewhere = {
      async *play(...asked) {
        try {
          yield* endless.play(...asked);
        } catch (error) {
          ended++;
          throw error;
        }
      },
    };
    const policy: EditMenu = editMenu(menu);
    for await (const { update } of train({ ...common, policy, stale: 1, on: counting })) {
      assert.equal(update, 0);
      break;
    }
    assert.equal(ended, 1);
    policy.dispose();
  });

  it("are refused where they cannot be had", async () => {
    const policy = { ...editMenu(menu), isWrittenElsewhere: true };
    const refused = (more: Partial<TrainOptions>, message: string) =>
      assert.rejects(async () => train({ ...common, policy, stale: 1, ...more }).run(), { message });
    await refused(
      { gradients: { part: 4 } },
      "Expected `stale` to be 0 with `gradients` of parts, which are taken by the weights that drew, not by those that learn, got 1",
    );
    await refused(
      { on: nearby },
      "Expected `stale` to be 0 for a policy that a server writes for: that has one set of weights at a time, got 1",
    );
    await refused(
      { policy: { ...policy, isEvaluatedAsDrawn: true } },
      "Expected `stale` to be 0 for a policy that knows its programs' odds by the weights alone that drew them, as `policies.temperature` does, got 1",
    );
    await refused({ stale: 2 as never }, "Expected `stale` to be 0 or 1, got 2");
  });
});
