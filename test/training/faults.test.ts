/** Training in a sandbox that fails, the trainer's own clipping, and its options at their edges and by default. */

import assert from "node:assert/strict";
import { SurvivalEnv } from "../../src/environment/index.ts";
import { type EditMenu, editMenu } from "../../src/policy/index.ts";
import { type Estimator, estimators, type TrainOptions, train, type Update } from "../../src/training/index.ts";
import { withDefaults } from "../../src/training/settings.ts";
import { fakeSandbox, infrastructureError } from "../sandbox/fake.ts";
import { menu, nameEnv } from "./fixtures.ts";

async function updatesOf(options: TrainOptions): Promise<Update[]> {
  const all: Update[] = [];
  for await (const update of train(options)) all.push(update);
  return all;
}

const weightsOf = (policy: EditMenu): number[] => [...policy.variables[0]!.dataSync()];

/** Sum of advantage times (one-hot - pi), at a uniform policy of three. */
function gradientByHand({ episodes, advantages }: Pick<Update, "episodes" | "advantages">): number[] {
  const gradient = [0, 0, 0];
  for (const [i, { steps }] of episodes.entries())
    for (const [t, { action }] of steps.entries())
      for (const k of gradient.keys()) gradient[k]! += advantages[i]![t]! * ((action.choice === k ? 1 : 0) - 1 / 3);
  return gradient;
}

describe("training in a sandbox that fails", () => {
  /** The menu's lives, but for those whose seed is spoiled: their second step crashes, each time. */
  const spoiled = (isSpoiled: (seed: number) => boolean) => {
    const { sandbox } = fakeSandbox((program, { step, options }) => {
      if (step === 1 && isSpoiled(options.seed ?? 0)) return infrastructureError;
      return program === "good" ? {} : { verdict: "runtime_error", cause: "it died" };
    });
    return new SurvivalEnv({ sandbox, maxSteps: 4 });
  };
  const common = { updates: 1, episodes: 16, seed: 2, optimizer: "sgd", learningRate: 0.5, maxGradNorm: 0 } as const;
  const options = { ...common, entropyBonus: 0, estimator: "mean" } as const;

  it("leaves a life that was spoiled out, counts it, and learns from the others as if it had not been", async () => {
    const calm = editMenu(menu);
    const [seen] = await updatesOf({ ...options, env: spoiled(() => false), policy: calm });
    // A life of more than one step: the fault comes at its second.
    const long = seen!.episodes.find(({ steps }) => steps.length > 1)!;
    const policy = editMenu(menu);
    const [update] = await updatesOf({ ...options, env: spoiled((seed) => seed === long.seed), policy });
    assert.deepEqual(update!.masked, { faults: 1, unscored: 0, cut: 0, truncated: 0, alike: 0 });
    assert.deepEqual([update!.episodesSoFar, update!.episodes.length], [16, 15]);
    const others = seen!.episodes.filter(({ index }) => index !== long.index);
    assert.deepEqual(
      update!.episodes.map(({ index, steps }) => [index, steps.map(({ action }) => action.label)]),
      others.map(({ index, steps }) => [index, steps.map(({ action }) => action.label)]),
    );
    const tokens = others.reduce((sum, { steps }) => sum + steps.length, 0);
    assert.deepEqual(update!.tokens, { drawn: tokens, learned: tokens });
    const advantages = estimators.mean(others, { gamma: 0.99 });
    const gradient = gradientByHand({ episodes: others, advantages });
    for (const [k, value] of weightsOf(policy).entries())
      assert.ok(Math.abs(value - (0.5 * gradient[k]!) / tokens) < 1e-6, `logit ${k}: ${value}`);
    for (const one of [calm, policy]) one.dispose();
  });

  it("learns nothing where every life was spoiled, says so, and leaves the policy as it is", async () => {
    const policy = editMenu([menu[0]!]);
    await assert.rejects(updatesOf({ ...options, episodes: 5, env: spoiled(() => true), policy }), {
      name: "RangeError",
      message:
        "None of the batch's 5 episodes can be learned from: 5 were faults of the sandbox, 0 had a reward that is not a number",
    });
    assert.deepEqual(weightsOf(policy), [0]);
    policy.dispose();
  });
});

describe("the gradient's clip", () => {
  const options = { env: nameEnv(), updates: 1, episodes: 6, seed: 3, optimizer: "sgd", entropyBonus: 0 } as const;
  /** Advantages of a thousand times the returns: the gradient is long. */
  const steep =
    (by: number): Estimator =>
    (lives) =>
      estimators["raw-return"](lives, { gamma: 0.99 }).map((list) => list.map((value) => by * value));
  const run = async (more: Partial<TrainOptions>) => {
    const policy = editMenu(menu);
    const [update] = await updatesOf({ ...options, policy, learningRate: 0.5, estimator: steep(1), ...more });
    const moved = weightsOf(policy);
    policy.dispose();
    const gradient = gradientByHand(update!).map((value) => value / update!.tokens.drawn);
    return { moved, length: Math.hypot(...moved), gradient, norm: Math.hypot(...gradient), update: update! };
  };
  const near = (found: number, expected: number, what: string) =>
    assert.ok(Math.abs(found - expected) <= 1e-5 * Math.abs(expected), `${what}: ${found}, expected ${expected}`);

  it("shortens a longer gradient to just that norm, in its own direction; the figure is of the whole", async () => {
    const { moved, length, gradient, norm, update } = await run({ maxGradNorm: 0.1 });
    near(length, 0.5 * 0.1, "step");
    near(update.gradientNorm, norm, "norm");
    for (const [k, value] of moved.entries()) near(value, (0.05 * gradient[k]!) / norm, `logit ${k}`);
  });

  it("is 1 by default, and none for the literal loop", async () => {
    near((await run({})).length, 0.5, "step");
    near((await run({ estimator: steep(1e-9) })).length, 0.5 * (await run({ estimator: steep(1e-9) })).norm, "short");
    const literal = await run({ estimator: "raw-return", learningRate: 1e-4 });
    near(literal.length, 1e-4 * literal.norm * literal.update.tokens.drawn, "literal step");
  });

  it("leaves a gradient alone that is not longer, and every one where it is 0 or infinite", async () => {
    for (const maxGradNorm of [0, Infinity, 1e9]) {
      const { length, norm } = await run({ maxGradNorm });
      assert.ok(norm > 1);
      near(length, 0.5 * norm, `maxGradNorm ${maxGradNorm}`);
    }
  });
});

describe("the trainer's options", () => {
  const policy = { ...editMenu(menu), learningRate: 0.125 };
  after(() => policy.dispose());
  const told = { env: nameEnv(), policy };

  it("have the defaults that their comments say, and others for the literal loop", () => {
    const usual = {
      ...{ estimator: "leave-one-out", updates: 100, episodes: 16, group: 1, gamma: 0.99, optimizer: "adam" },
      curriculum: "drawn",
      ...{
        learningRate: 0.125,
        lrSchedule: "none",
        maxGradNorm: 1,
        entropyBonus: 0.02,
        klCoef: 0,
        klIn: "loss",
        mask: [],
        gradients: "whole batch",
        stale: 0,
        mostImportance: 2,
        replay: 0,
        seed: 0,
      },
    };
    assert.deepEqual(withDefaults(told), { ...told, ...usual });
    const literal = { estimator: "raw-return", optimizer: "sgd", learningRate: 1e-4, maxGradNorm: 0, entropyBonus: 0 };
    assert.deepEqual(withDefaults({ ...told, estimator: "raw-return" }), { ...told, ...usual, ...literal });
    assert.deepEqual(withDefaults({ ...told, gamma: undefined as never, maxGradNorm: undefined as never }), {
      ...told,
      ...usual,
    });
    assert.equal(withDefaults({ ...told, estimator: "raw-return", maxGradNorm: 2 }).maxGradNorm, 2);
  });

  const whole = "a positive integer";
  const edges: [name: keyof TrainOptions, expected: string, right: unknown[], wrong: unknown[]][] = [
    ["updates", whole, [1], [0, -1, 1.5, Infinity, Number.NaN, "3"]],
    ["episodes", whole, [2], [0, -1, 1.5, Infinity, Number.NaN]],
    [
      ...([
        "episodes",
        '2 at least with the estimator leave-one-out, which compares episodes (or take `estimator: "raw-return"`)',
      ] as const),
      [2],
      [1],
    ],
    ["group", whole, [1, 16], [0, -1, 1.5, Infinity, Number.NaN]],
    ["group", "a divisor of `episodes`, which is 16", [2, 8], [3, 17, 32]],
    ["gamma", "between 0 and 1", [0, 1], [-1e-9, 1 + 1e-9, Infinity, Number.NaN]],
    ["learningRate", "a positive number", [1e-12], [0, -1, Infinity, Number.NaN]],
    ["maxGradNorm", "0 (none) or a positive number", [0, 1e-12, Infinity], [-1e-12, -Infinity, Number.NaN]],
    ["entropyBonus", "a finite number", [0, -1], [Infinity, -Infinity, Number.NaN]],
    ["klCoef", "0 or a positive number", [0, 1e-12], [-1e-12, Infinity, Number.NaN]],
    ["optimizer", "adam or sgd", ["adam", "sgd"], ["rmsprop", ""]],
    ["lrSchedule", "none, linear or cosine", ["none", "linear", "cosine"], ["step"]],
    ["klIn", "loss or reward", ["loss", "reward"], ["both"]],
  ];
  for (const [name, expected, right, wrong] of edges)
    it(`${name}: ${expected}, and nothing else`, () => {
      for (const value of right)
        assert.equal(withDefaults({ ...told, [name]: value })[name as "seed"], value as number, `${value}`);
      for (const value of wrong)
        assert.throws(() => withDefaults({ ...told, [name]: value }), {
          name: "RangeError",
          message: `Expected \`${name}\` to be ${expected}, got ${typeof value === "string" ? `"${value}"` : value}`,
        });
    });

  it("estimator: a name that is none is refused with those that are", async () => {
    await assert.rejects(updatesOf({ ...told, estimator: "rloo" as never }), {
      name: "RangeError",
      message: 'Unknown estimator "rloo": use raw-return, mean, leave-one-out, reinforce++, learned or a function',
    });
  });
});
