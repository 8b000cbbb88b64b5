/** What somebody makes of SurvivalEnv counts wherever it is played: a class of their own, a reward that is a function. */

import assert from "node:assert/strict";
import {
  checkEnv,
  type RewardContext,
  rewards,
  SurvivalEnv,
  type SurvivalEnvOptions,
  type SurvivalObservation,
  type Transition,
} from "../../src/environment/index.ts";
import { editMenu, policies } from "../../src/policy/index.ts";
import { rollout } from "../../src/rollout/index.ts";
import { createSandbox, type Sandbox } from "../../src/sandbox/index.ts";
import { train } from "../../src/training/index.ts";

/** A step costs a tenth. */
class Costly extends SurvivalEnv {
  override async step(program: string): Promise<Transition<SurvivalObservation>> {
    const told = await super.step(program);
    return {
      ...told,
      reward: told.reward - 0.1,
      info: { ...told.info, rewards: { ...told.info.rewards, cost: -0.1 } },
    };
  }
}

describe("a class of one's own", () => {
  let sandbox: Sandbox;
  let options: SurvivalEnvOptions;
  before(async () => {
    sandbox = await createSandbox({ workers: 2 });
    options = { sandbox, maxSteps: 4 };
  });
  after(() => sandbox.dispose());

  /** The returns of the same lives. */
  const returnsOf = async (env: SurvivalEnv, policy: Parameters<typeof rollout>[1] = policies.random()) => {
    const { episodes } = await rollout(env, policy, { episodes: 12, seed: 5 });
    return episodes.map((episode) => ({ steps: episode.steps.length, return: episode.return }));
  };
  const near = (a: number, b: number) => assert.ok(Math.abs(a - b) < 1e-9, `${a}, expected ${b}`);

  it("that overrides step changes a rollout, of a policy that looks at nothing and of one that looks", async () => {
    for (const policy of [policies.random(), () => ["self.a = 1", "self.b = 2", "nope()"]]) {
      const plain = await returnsOf(new SurvivalEnv(options), policy);
      const costly = await returnsOf(new Costly(options), policy);
      for (const [i, { steps, return: total }] of plain.entries()) near(costly[i]!.return, total - 0.1 * steps);
    }
  });

  it("changes training", async () => {
    const of = async (env: SurvivalEnv) => {
      const policy = editMenu();
      const last = await train({ env, policy, updates: 1, episodes: 8, panel: false }).run();
      policy.dispose();
      return last!;
    };
    const [plain, costly] = [await of(new SurvivalEnv(options)), await of(new Costly(options))];
    const steps = plain.episodes.map((episode) => episode.steps.length);
    near(costly.return, plain.return - (0.1 * steps.reduce((a, b) => a + b)) / steps.length);
  });

  it("is cloned with its own fields, a life's count begun anew, and its reset is heard", async () => {
    class Counting extends SurvivalEnv {
      count = 0;
      resets: number[] = [];
      override async reset(given: { seed?: number } = {}) {
        this.resets.push(given.seed ?? 0);
        return super.reset(given);
      }
      override async step(program: string) {
        this.count++;
        return super.step(program);
      }
    }
    const env = new Counting(options);
    await env.reset({ seed: 3 });
    await env.step("self.x = 1");
    const other = env.clone() as Counting;
    assert.ok(other instanceof Counting);
    assert.deepEqual([env.count, other.count, env.resets, other.resets], [1, 0, [3], []]);
    await Promise.all([env.close(), other.close()]);
  });

  it("is cloned with the tasks that it has, made and checked once, whatever becomes of the list that it was given", () => {
    class Own extends SurvivalEnv {}
    const tasks = ["a", "b"].map((id) => ({ id, ask: `do ${id}`, score: () => 1 }));
    const env = new Own({ sandbox, tasks });
    tasks.pop();
    const clone = env.clone();
    assert.deepEqual(
      [clone.tasks.map(({ id }) => id), clone.tasks === env.tasks, clone.clone().tasks === env.tasks],
      [["a", "b"], true, true],
    );
    // Not the tasks of the one that was cloned last, nor unchecked.
    assert.deepEqual(
      new Own(env.options).tasks.map(({ id }) => id),
      ["a"],
    );
    assert.throws(() => new Own({ ...env.options, maxSteps: 0 }), /maxSteps/);
  });

  it("whose constructor takes something else is refused when it is cloned, however it was made", async () => {
    class Priced extends SurvivalEnv {
      readonly cost: number;
      constructor(cost: number) {
        super(options);
        this.cost = cost;
      }
    }
    class Short extends SurvivalEnv {
      constructor(steps: number | object) {
        super({ ...options, maxSteps: typeof steps === "number" ? steps : 9 });
      }
    }
    class Strict extends SurvivalEnv {
      constructor(name: string) {
        super(options);
        name.toUpperCase();
      }
    }
    class Weighted extends SurvivalEnv {
      readonly weights: object;
      constructor(weights: object) {
        super(options);
        this.weights = weights;
      }
    }
    const patched = new SurvivalEnv(options);
    patched.step = async () => ({}) as never;
    for (const [env, name, fault] of [
      [new Priced(0.1), "Priced", "its `cost` would be "],
      [new Short(2), "Short", "its `maxSteps` would be 9, and is 2"],
      [new Strict("a"), "Strict", "that throws: name.toUpperCase is not a function"],
      [new Weighted({ a: 1 }), "Weighted", "its `weights` would be "],
      [patched, "SurvivalEnv", "its `step` would be undefined, and is a function"],
    ] as const)
      await assert.rejects(rollout(env, policies.random(), { episodes: 1 }), (error: Error) => {
        assert.equal(error.name, "EnvironmentFailure");
        const begins = `Another ${name} cannot be made by \`new ${name}(options)\` for lives side by side: ${fault}`;
        assert.ok(error.message.startsWith(begins), error.message);
        assert.match(
          error.message,
          /Give \w+ a constructor that takes the environment's options, or a clone\(\) of its own$/,
        );
        return true;
      });
    // With a clone of its own it is played.
    class Right extends Priced {
      override clone() {
        return new Right(this.cost);
      }
    }
    assert.equal((await rollout(new Right(0.1), () => "self.x = 1", { episodes: 1 })).episodes[0]!.steps.length, 4);
  });

  it("is passed by checkEnv as it is, and found out where a rollout would pass it by", async () => {
    assert.deepEqual(await checkEnv(new Costly(options)), []);
    class Plain extends Costly {
      override clone() {
        return new SurvivalEnv(options);
      }
    }
    assert.deepEqual(await checkEnv(new Plain(options)), [
      "clone() gives a SurvivalEnv, not a Plain: what Plain does otherwise, rollouts pass by",
    ]);
    class Many extends Costly {
      override async stepMany(programs: readonly string[]) {
        return new SurvivalEnv(options).stepMany(programs).catch(async () => {
          const all: Transition<SurvivalObservation>[] = [];
          for (const program of programs) all.push(await SurvivalEnv.prototype.step.call(this, program));
          return all;
        });
      }
    }
    assert.deepEqual(await checkEnv(new Many(options)), [
      "stepMany() gave other transitions than step() one by one: a policy that looks at nothing is played by it",
    ]);
  });
});

describe("a reward that is a function", () => {
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await createSandbox({ workers: 1 });
  });
  after(() => sandbox.dispose());

  const partsOf = async (given: SurvivalEnvOptions["rewards"], programs = ["self.a = 1", "self.a = 1"]) => {
    const env = new SurvivalEnv({ sandbox, maxSteps: 3, ...(given && { rewards: given }) });
    await env.reset({ seed: 1 });
    const told = await env.stepMany(programs);
    await env.close();
    return told.map(({ reward, info }) => ({ reward, ...info.rewards }));
  };

  it("is a part of its own name and weight 1, alone or beside others", async () => {
    const curious = ({ changed }: RewardContext) => (changed ? 0.5 : 0);
    assert.deepEqual(await partsOf(curious), [
      { reward: 0.5, curious: 0.5 },
      { reward: 0, curious: 0 },
    ]);
    assert.deepEqual(await partsOf([rewards.survival, ({ changed }) => (changed ? 2 : 0), curious]), [
      { reward: 3.5, survival: 1, "reward 2": 2, curious: 0.5 },
      { reward: 1, survival: 1, "reward 2": 0, curious: 0 },
    ]);
  });

  it("that is none, or has another's name, is named when it is given; one that is async when it is asked", async () => {
    const refuses = (given: unknown, message: string) =>
      assert.throws(() => new SurvivalEnv({ rewards: given as never }), { name: "EnvironmentFailure", message });
    const expected = "a reward: a function of the step, { name, score(step) }, or one of `rewards`";
    refuses("survival", 'Expected `rewards` to be at least one reward, got "survival"');
    refuses(["survival"], `Expected \`rewards[0]\` to be ${expected}, got "survival"`);
    refuses(
      [rewards.harm, { name: "mine" }],
      "Expected `rewards[1].score` to be a function of the step, got undefined",
    );
    refuses(
      [{ ...rewards.harm, wieght: 2 }],
      "There is no `rewards[0].wieght` in the options of SurvivalEnv: did you mean `rewards[0].weight`?",
    );
    refuses([{ ...rewards.harm, weight: "2" }], 'Expected `rewards[0].weight` to be a finite number, got "2"');
    refuses(
      [rewards.harm, { ...rewards.harm, weight: 2 }],
      'Expected `rewards` to be parts of different names, got ["harm","harm"]',
    );
    const unheard: unknown[] = [];
    const hear = (reason: unknown) => void unheard.push(reason);
    process.on("unhandledRejection", hear);
    const late = async () => {
      throw new Error("nobody waits for it");
    };
    for (const [name, given] of [
      ["reward 1", [async () => 1]],
      ["late", late],
    ] as const)
      await assert.rejects(partsOf(given as never), {
        message: `The reward \`${name}\` gave a Promise: a reward must be a finite number, at once: leave \`async\` out`,
      });
    await new Promise((resolve) => setImmediate(resolve));
    process.off("unhandledRejection", hear);
    assert.deepEqual(unheard, [], "what is no reward ends no process");
  });
});
