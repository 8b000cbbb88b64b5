/** When an evaluation compares bodies: where the environments of its splits differ in nothing else. */

import assert from "node:assert/strict";
import { type Environment, rewards, SurvivalEnv, type SurvivalEnvOptions } from "../../src/environment/index.ts";
import { evaluate } from "../../src/evaluation/index.ts";
import type { Sandbox } from "../../src/sandbox/index.ts";
import { fakeSandbox } from "../sandbox/fake.ts";
import { nameEnv } from "../training/fixtures.ts";

describe("the bodies of an evaluation", () => {
  const tasks = ["a", "b"].map((id) => ({ id, ask: `Do ${id}.`, score: () => 1 }));
  const sandboxOf = (name: string, more: Partial<Sandbox> = {}): Sandbox => {
    const { sandbox } = fakeSandbox();
    return { ...sandbox, ...more, body: { ...sandbox.body, name } };
  };
  const env = (name: string, options: SurvivalEnvOptions = {}, more: Partial<Sandbox> = {}) =>
    new SurvivalEnv({ tasks, maxSteps: 2, sandbox: sandboxOf(name, more), ...options });
  const compared = async (one: Environment, other: Environment): Promise<string[]> => {
    const { bodies } = await evaluate({ it: () => "1" }, { env: { one, other }, episodes: 2, progress: false });
    return bodies.map(({ place, name, against, measure }) => `${place}: ${name} beside ${against}, ${measure}`);
  };
  const both = ["it: other beside one, survival", "it: other beside one, tasks done"];

  it("are compared where that is all that differs, and what agents begin with in their language", async () => {
    assert.deepEqual(await compared(env("x"), env("y")), both);
    const member = { name: "self.a", kind: "attribute", source: "1" } as const;
    const own = { kickstart: { n: 1 }, genome: [member], tasks: [...tasks] };
    assert.deepEqual(await compared(env("x"), env("y", own)), both);
    const limits = { stepMs: 90 };
    assert.deepEqual(await compared(env("x", { limits }), env("y", {}, { limits })), both, "judged alike, all told");
  });

  it("are not where anything else differs, which would be taken for theirs", async () => {
    class Own extends SurvivalEnv {}
    const others: [string, Environment][] = [
      ["tasks", env("y", { tasks: tasks.slice(1) })],
      ["the steps of an episode", env("y", { maxSteps: 3 })],
      ["limits", env("y", { limits: { stepMs: 90 } })],
      ["limits of the sandbox", env("y", {}, { limits: { stepMs: 90 } })],
      ["harm", env("y", { harm: { fs_read: "allow" } })],
      ["harm of the sandbox", env("y", {}, { harm: { fs_read: "allow" } })],
      ["the query", env("y", { query: "go" })],
      ["metabolism", env("y", { metabolism: { energy: 9 } })],
      ["rewards", env("y", { rewards: [rewards.survival] })],
      ["the class", new Own(env("y").options)],
      ["an environment that says nothing of a body", nameEnv(2)],
      ["nothing", env("x")],
    ];
    for (const [what, other] of others) {
      assert.deepEqual(await compared(env("x"), other), [], what);
      assert.deepEqual(await compared(other, env("x")), [], what);
    }
    const { bodies } = await evaluate({ it: () => "1" }, { env: { one: env("x") }, episodes: 2, progress: false });
    assert.deepEqual(bodies, []);
  });
});
