/** The tasks of an environment: what their scores may be, and which are asked. */

import assert from "node:assert/strict";
import { SurvivalEnv } from "../../src/environment/index.ts";
import { SandboxFailure } from "../../src/sandbox/index.ts";
import { fakeSandbox } from "../sandbox/fake.ts";

describe("an environment with tasks", () => {
  it("names the task whose score threw or was no number, and scores by a promise, by nothing and by any number", async () => {
    const scored = async (score: () => unknown) => {
      const task = { id: "odd", ask: "Be odd.", score: score as () => number };
      const env = new SurvivalEnv({ sandbox: fakeSandbox().sandbox, tasks: [task], maxSteps: 2 });
      await env.reset({ seed: 1 });
      const { info } = await env.step("self.a = 1");
      return [info.task, info.score, info.solved];
    };
    const whole = ": a score must be a finite number, or null where the step cannot be scored";
    for (const [value, shown] of [
      [Number.NaN, "NaN"],
      [Number.POSITIVE_INFINITY, "Infinity"],
      ["1", '"1"'],
      [undefined, "undefined"],
      [true, "true"],
    ] as const)
      await assert.rejects(() => scored(() => value), { message: `The task "odd" scored ${shown}${whole}` });
    const threw = { name: "EnvironmentFailure", message: 'The score of the task "odd" threw: no oddness' };
    await assert.rejects(
      () =>
        scored(() => {
          throw new Error("no oddness");
        }),
      threw,
    );
    await assert.rejects(() => scored(async () => Promise.reject("no oddness")), threw);
    const failure = new SandboxFailure({ kind: "option", name: "it", expected: "there", value: 1 });
    await assert.rejects(
      () =>
        scored(() => {
          throw failure;
        }),
      (error) => error === failure,
      "a fault of the sandbox's is told as it is",
    );
    assert.deepEqual(await scored(async () => 1), ["odd", 1, true]);
    assert.deepEqual(await scored(() => 0.999), ["odd", 0.999, false]);
    assert.deepEqual(await scored(() => -3), ["odd", -3, false]);
    assert.deepEqual((await scored(() => null)).slice(0, 2), ["odd", null]);
  });

  it("is asked the tasks that a reset names, in that order, and says which are not there", async () => {
    const tasks = ["a", "b", "c"].map((id) => ({ id, ask: `Do ${id}.`, score: () => 1 }));
    const { sandbox, closed } = fakeSandbox();
    const env = new SurvivalEnv({ sandbox, tasks, maxSteps: 3 });
    assert.deepEqual(
      env.tasks.map(({ id }) => id),
      ["a", "b", "c"],
    );
    await env.reset({ seed: 1, options: { tasks: ["c", "a", "c"] } });
    const asked: unknown[] = [];
    for (let i = 0; i < 3; i++) asked.push((await env.step("self.a = 1")).info.task);
    assert.deepEqual(asked, ["c", "a", "c"]);
    await env.reset({ seed: 1, options: { tasks: ["b", "c"] } });
    await env.step("self.a = 1");
    const before = closed();
    await assert.rejects(env.reset({ seed: 1, options: { tasks: ["a", "d"] } }), {
      message: /Expected `tasks` to be ids of the environment's 3 tasks, got "d"/,
    });
    const { observation, info } = await env.step("self.a = 2");
    const lives = closed() - before;
    assert.deepEqual([observation.step, info.task, lives], [2, "c", 0], "what is refused leaves the episode as it was");
    for (const given of [{ tasks }, 3])
      assert.throws(
        () => new SurvivalEnv({ tasks: given as never }),
        /Expected `tasks` to be a list of tasks, got (\{|3)/,
      );
    assert.throws(() => new SurvivalEnv({ tasks: [null as never] }), {
      message: "Micro-task 0: Expected an object, got null",
    });
    assert.throws(() => new SurvivalEnv({ metabolism: { energy: 3 } }), {
      message: /Expected `tasks` to be given where there is a metabolism: only solved tasks give energy/,
    });
  });
});
