/**
 * Gradients as sums of parts: equal to that of the whole batch but for rounding, and to the bit here and where parts are played
 * elsewhere. Those that workers in other processes take: test/workers/redis.test.ts.
 */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SurvivalEnv } from "../../src/environment/index.ts";
import { type Action, editMenu, policies, type TrainablePolicy, tf } from "../../src/policy/index.ts";
import { openPlan } from "../../src/policy/open-plan.ts";
import { collect, type Elsewhere } from "../../src/rollout/index.ts";
import { importanceOf } from "../../src/training/importance.ts";
import { policyGradientLoss, readCheckpoint, type TrainOptions, train, type Update } from "../../src/training/index.ts";
import { withDefaults } from "../../src/training/settings.ts";
import { openSumming, type SumSettings } from "../../src/training/sums.ts";
import { packPart, unpackPart } from "../../src/workers/lives.ts";
import { partsOf, playPart } from "../../src/workers/part.ts";
import { fakeSandbox, infrastructureError } from "../sandbox/fake.ts";
import { menu, nameEnv, updatesOf, weightsOf } from "./fixtures.ts";

/** Plays parts as a worker does: by a policy that was opened from its plan, the results as bytes. `asked`: what came back of each. */
function nearby(asked: string[] = []): Elsewhere {
  return {
    async *play(env, policy, batch, { traces, sums }) {
      const { weights, ...plan } = await policy.plan!();
      const opened = await openPlan(plan, async () => assert.fail("a menu has no model"));
      const own = opened.withWeights(weights) as TrainablePolicy;
      const summing = sums && (await openSumming(own, sums.by as unknown as SumSettings));
      for (const range of partsOf(batch, sums?.part ?? 2)) {
        asked.push(`${range.first}+${range.episodes}${sums ? " sums" : ""}${traces ? " traces" : ""}`);
        const sum = summing && ((plays: Parameters<typeof summing.ofLives>[0]) => summing.ofLives(plays));
        const part = await playPart({ env, policy: own }, range, { sum });
        yield unpackPart(packPart(part, { traces, worker: "w", seconds: 0 }).bytes);
      }
      await summing?.dispose();
      opened.dispose();
    },
  };
}

type Given = Parameters<typeof withDefaults>[0];

/** What an update says, and the weights after it, all in numbers. */
async function runOf(options: Omit<TrainOptions, "policy">) {
  const policy = editMenu(menu, { logits: [0.5, 0, -0.5] });
  const updates = await updatesOf({ ...options, policy });
  const figures = updates.map(({ loss, gradientNorm, policyEntropy, kl, tokens, masked, advantages }) => ({
    ...{ loss, gradientNorm, policyEntropy, kl },
    ...Object.fromEntries(advantages.flat().map((value, i) => [`advantage ${i}`, value])),
    told: JSON.stringify([tokens, masked]),
  }));
  const weights = weightsOf(policy);
  policy.dispose();
  return { figures, weights };
}

type Run = Awaited<ReturnType<typeof runOf>>;

/** Equal to 1e-5 of what they are; counts to the digit. */
function close(found: Run, expected: Run, what: string): void {
  const near = (a: number, b: number, name: string) =>
    assert.ok(Math.abs(a - b) <= 1e-5 * Math.max(1, Math.abs(b)), `${what}: ${name} ${a}, expected ${b}`);
  for (const [i, { told, ...numbers }] of expected.figures.entries()) {
    assert.equal(found.figures[i]!.told, told, what);
    for (const [name, value] of Object.entries(numbers)) near(found.figures[i]![name as "loss"], value as number, name);
  }
  for (const [i, value] of expected.weights.entries()) near(found.weights[i]!, value, `weight ${i}`);
}

describe("gradients as sums of parts", () => {
  const common = {
    env: nameEnv(),
    episodes: 24,
    group: 4,
    updates: 3,
    seed: 5,
    optimizer: "sgd",
    learningRate: 0.2,
  } as const;
  const parts = { gradients: { part: 8 } } as const;

  it("are those of the whole batch, for each estimator, its group or none, entropy, divergence and masks", async () => {
    const settings: Partial<TrainOptions>[] = [
      { estimator: "leave-one-out" },
      { estimator: "leave-one-out", entropyBonus: 0.1, klCoef: 0.3 },
      { estimator: "mean", klIn: "reward", klCoef: 0.2, entropyBonus: 0 },
      { estimator: "reinforce++", klCoef: 0.1 },
      { estimator: "reinforce++", group: 1, entropyBonus: 0, mask: ["truncated"] },
      { estimator: "raw-return", group: 1, learningRate: 1e-4 },
    ];
    for (const one of settings) {
      const whole = await runOf({ ...common, ...one });
      const summed = await runOf({ ...common, ...one, ...parts });
      close(summed, whole, JSON.stringify(one));
      assert.ok(whole.figures.some(({ gradientNorm }) => gradientNorm > 1e-3));
    }
  });

  it("are the same to the bit where the parts are played elsewhere, and no traces come back", async () => {
    const asked: string[] = [];
    const here = await runOf({ ...common, ...parts, klCoef: 0.1 });
    assert.deepEqual(await runOf({ ...common, ...parts, klCoef: 0.1, on: nearby(asked) }), here);
    assert.deepEqual(asked.slice(0, 3), ["0+8 sums", "8+8 sums", "16+8 sums"]);
    assert.equal(asked.length, 9);
  });

  it("are taken from the lives themselves where a part alone cannot know what the batch does", async () => {
    // One life of each pair is spoiled for good: nobody shares a group any more, so the batch is one.
    const { sandbox } = fakeSandbox((program, { options, step }) => {
      if (step === 0 && spoiled.has(options as object)) return infrastructureError;
      return program === "good" ? {} : { verdict: "runtime_error", cause: "it died" };
    });
    const spoiled = new WeakSet<object>();
    const counts = new Map<number, number>();
    const env = new SurvivalEnv({
      sandbox: {
        ...sandbox,
        open: (options = {}) => {
          // The second, third and so on of one seed: the first life of a group stays, whoever is second is spoiled both times.
          const seed = options.seed ?? 0;
          const times = (counts.get(seed) ?? 0) + 1;
          counts.set(seed, times);
          if (times > 1) spoiled.add(options);
          return sandbox.open(options);
        },
      },
      maxSteps: 4,
    });
    const how = { ...common, env, episodes: 8, group: 2, updates: 1, concurrency: 1, entropyBonus: 0.05 };
    const run = async (more: Partial<TrainOptions>) => {
      counts.clear();
      return runOf({ ...how, ...more });
    };
    const whole = await run({});
    assert.match(whole.figures[0]!.told, /"faults":4/);
    assert.ok(whole.figures[0]!.gradientNorm > 1e-3);
    close(await run({ gradients: { part: 2 } }), whole, "here");
    const asked: string[] = [];
    close(await run({ gradients: { part: 2 }, on: forgetful(nearby(asked), counts) }), whole, "elsewhere");
    assert.deepEqual(
      asked.filter((one) => one.endsWith("traces")),
      ["0+2 traces", "2+2 traces", "4+2 traces", "6+2 traces"],
    );
  });

  /** Each part is played by itself: whoever plays one again sees its lives anew. */
  function forgetful(on: Elsewhere, counts: Map<number, number>): Elsewhere {
    return {
      async *play(...asked) {
        counts.clear();
        yield* on.play(...asked);
      },
    };
  }

  it("go on from a checkpoint as without a break, and not in the other way unless that is meant", async () => {
    const folder = mkdtempSync(join(tmpdir(), "sums-"));
    try {
      const save = join(folder, "run.safetensors");
      const straight = await runOf({ ...common, ...parts, updates: 4 });
      await runOf({ ...common, ...parts, updates: 2, save });
      const rest = await runOf({ ...common, ...parts, updates: 4, resume: save, on: nearby() });
      assert.deepEqual(rest.weights, straight.weights);
      assert.deepEqual(rest.figures, straight.figures.slice(2));
      const { settings } = await readCheckpoint(save);
      assert.equal(settings!.gradients, "parts of 8");
      await assert.rejects(runOf({ ...common, updates: 4, resume: save }), {
        message:
          'The checkpoint\'s run had other settings: `gradients` was parts of 8 and is whole batch. Give those of then, or go on with these by `resumeWith: "changed settings"`',
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("are chosen by size: where an update's traces would be a burden, and sums are smaller", () => {
    const wayOf = (traceBytes: number | undefined, more: Partial<TrainOptions> = {}) => {
      const policy = { ...editMenu(menu), ...(traceBytes !== undefined && { traceBytes }) };
      return withDefaults({ ...common, policy, on: nearby(), ...more } as Given).gradients;
    };
    // 24 lives of 5 steps of one megabyte are 120 MB; of half of one 60.
    const env = { ...nameEnv(5), maxSteps: 5 };
    assert.deepEqual(wayOf(1_000_000, { env }), { part: 8 });
    assert.equal(wayOf(500_000, { env }), "whole batch");
    assert.equal(wayOf(undefined, { env }), "whole batch");
    assert.deepEqual(wayOf(1_000_000, { env, group: 3 }), { part: 6 });
    assert.deepEqual(wayOf(1_000_000, { env, group: 12 }), { part: 12 });
    assert.equal(wayOf(1_000_000, { env, gradients: "whole batch" }), "whole batch");
    assert.equal(wayOf(1_000_000, { env, group: 1 }), "whole batch");
    assert.equal(wayOf(1_000_000, { env, estimator: "learned" }), "whole batch");
    const asking = { ...env, tasks: [{ id: "a", ask: "a" }] };
    const reading = { ...editMenu(menu), traceBytes: 1_000_000, read: async () => [] };
    assert.equal(wayOf(1_000_000, { env: asking, policy: reading, replay: 4 }), "whole batch");
    reading.dispose();
    const policy = { ...editMenu(menu), traceBytes: 1_000_000 };
    assert.equal(withDefaults({ ...common, env, policy }).gradients, "whole batch", "without workers");
  });

  it("are refused where they cannot be had: the cure is named", () => {
    const refused = (more: Partial<TrainOptions>, message: string) =>
      assert.throws(() => withDefaults({ ...common, policy: editMenu(menu), ...parts, ...more } as Given), { message });
    const names = "parts can be summed with raw-return, mean, leave-one-out, reinforce++";
    const given = 'got {"part":8}';
    refused(
      { loss: policyGradientLoss },
      `Expected \`gradients\` to be "whole batch" with a \`loss\` of your own, which may be no sum over steps, ${given}`,
    );
    refused(
      { estimator: "learned" },
      `Expected \`gradients\` to be "whole batch" with the estimator learned: ${names}, ${given}`,
    );
    refused(
      { estimator: () => [] },
      `Expected \`gradients\` to be "whole batch" with an estimator of your own: ${names}, ${given}`,
    );
    refused(
      { group: 1 },
      `Expected \`gradients\` to be "whole batch" with the estimator leave-one-out and no groups, which compares each episode with all others: set \`group\`, ${given}`,
    );
    refused({ group: 3, episodes: 24 }, "Expected `gradients.part` to be a multiple of `group`, which is 3, got 8");
    refused(
      { gradients: { part: 0 } },
      'Expected `gradients` to be "whole batch", or episodes a part such as { part: 8 }, got {"part":0}',
    );
    refused(
      { gradients: "parts" as never },
      'Expected `gradients` to be "whole batch", or episodes a part such as { part: 8 }, got "parts"',
    );
  });

  it("of a head and an adapter are those of the whole batch, and what they draw weighs 1 for them (`stale`)", async () => {
    const env = new SurvivalEnv({
      ...{ sandbox: fakeSandbox().sandbox, maxSteps: 2 },
      rewards: [{ name: "length", score: ({ report }) => (report.genome.length + (report.step % 2)) / 7 }],
    });
    for (const more of [{ samples: 16 }, { adapter: { blocks: 1, rank: 4 } }]) {
      const policy = await policies.fromPretrained("tiny", { ...more, seed: 2 });
      const born = policy.variables.map((variable) => variable.arraySync());
      const run = async (options: Partial<TrainOptions>): Promise<{ update: Update; weights: number[] }> => {
        for (const [i, variable] of policy.variables.entries()) variable.assign(tf.tensor(born[i] as number[]));
        const update = await train({
          ...{ env, policy, episodes: 8, group: 4, updates: 1, seed: 1, estimator: "reinforce++" },
          ...{ optimizer: "sgd", learningRate: 1, entropyBonus: 0.01, klCoef: 0.05, ...options },
        }).run();
        return { update: update!, weights: policy.variables.flatMap((variable) => [...variable.dataSync()]) };
      };
      const [whole, summed] = [await run({}), await run({ gradients: { part: 4 } })];
      assert.ok(whole.update.gradientNorm > 1e-4);
      const apart = whole.weights.map((value, i) => Math.abs(value - summed.weights[i]!));
      assert.ok(Math.max(...apart) < 1e-5, `${Math.max(...apart)}`);
      for (const name of ["loss", "gradientNorm", "policyEntropy"] as const)
        assert.ok(Math.abs(whole.update[name] - summed.update[name]) < 1e-4, name);
      const drawn: Action[] = [];
      await collect(env, policy, { episodes: 2, listen: () => ({ onEnd: (_, own) => void drawn.push(...own) }) });
      const { weights, spread } = await importanceOf(policy, drawn, 2);
      assert.ok(weights.length === 4 && spread.deviation < 1e-3 && Math.abs(spread.mean - 1) < 1e-3, `${weights}`);
      await policy.decoder.dispose();
    }
  });
});
