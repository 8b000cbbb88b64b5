/** A policy that writes another language than the agents are made of: refused before anything is played. */

import assert from "node:assert/strict";
import { lineOfEnvironment, SurvivalEnv } from "../../src/environment/index.ts";
import { evaluate } from "../../src/evaluation/index.ts";
import { editMenu, type Policy, paperMenu, policies, pythonMenu } from "../../src/policy/index.ts";
import { collect } from "../../src/rollout/index.ts";
import { train } from "../../src/training/index.ts";
import { fakeSandbox } from "../sandbox/fake.ts";
import { nameEnv } from "../training/fixtures.ts";

describe("a policy's language", () => {
  const told = (name: string, writes: string, own: string, menu: string) =>
    `The policy ${name} writes ${writes}, and the environment's agents are made of ${own}: give it \`${menu}\` of this package, as in \`policies.random(${menu})\` or \`policies.editMenu(${menu})\``;
  const javascript = (name: string) => told(name, "javascript", "python", "pythonMenu");

  it("is known of the library's own menus, of parts of them too, and of no other", () => {
    for (const [edits, body] of [
      [undefined, "javascript"],
      [paperMenu, "javascript"],
      [paperMenu.slice(2, 4), "javascript"],
      [pythonMenu, "python"],
      [pythonMenu.slice(0, 5), "python"],
      // Good in both.
      [[paperMenu[5]!], undefined],
      [[pythonMenu[0]!, paperMenu[1]!], undefined],
      [[{ name: "own", effect: "harmless", program: "self.x = 1" } as const], undefined],
    ] as const) {
      const learning = editMenu(edits);
      for (const policy of [policies.random(edits), learning, learning.frozen()]) assert.equal(policy.body, body);
      learning.dispose();
    }
  });

  it("is refused where agents are made of the other: a rollout, a training, an evaluation of both bodies", async () => {
    const env = new SurvivalEnv({ body: "python" });
    const menu = editMenu();
    await assert.rejects(collect(env, policies.random(), { episodes: 2 }), { message: javascript("random") });
    await assert.rejects(collect(new SurvivalEnv(), policies.random(pythonMenu), { episodes: 2 }), {
      message: told("random", "python", "javascript", "paperMenu"),
    });
    await assert.rejects(train({ env, policy: menu, updates: 1, episodes: 2, panel: false }).run(), {
      message: javascript("edit menu"),
    });
    const both = { javascript: new SurvivalEnv(), python: env };
    await assert.rejects(evaluate({ menu }, { env: both, episodes: 2 }), { message: javascript("edit menu, frozen") });
    menu.dispose();
  });

  it("is nobody's affair where one of the two is not told, or the body is somebody's own", async () => {
    const { sandbox } = fakeSandbox();
    const env = new SurvivalEnv({ sandbox, maxSteps: 1 });
    assert.equal((await collect(env, policies.random(), { episodes: 1 })).length, 1);
    const own: Policy = { ...policies.random(), name: "own" };
    const { body: _, ...untold } = own;
    assert.equal((await collect(env, untold, { episodes: 1 })).length, 1);
    for (const options of [{ body: "robot" }, { level: 3 }, null, undefined, 5]) {
      const foreign = Object.assign(nameEnv(), { options });
      assert.equal((await collect(foreign, policies.random(pythonMenu), { episodes: 1 })).length, 1);
      assert.equal((await collect(foreign, () => "good", { episodes: 1 })).length, 1);
      assert.match(lineOfEnvironment(foreign), /code of its own [0-9a-f]{8}/);
    }
  });
});
