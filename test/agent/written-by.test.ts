/** When a server is brought the weights: a policy that only says what it is given. With a real one: `served.test.ts`. */

import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import { writtenBy } from "../../src/agent/index.ts";
import type { LanguageModel } from "../../src/llm/index.ts";
import type { TokenPolicy } from "../../src/policy/index.ts";

describe("a policy that a server writes for", () => {
  const told: string[] = [];
  let weights = {};
  const policy = {
    name: "learner",
    get variables() {
      return [{ dataId: weights }];
    },
    asked: async () => {
      told.push("asked");
      return { prompts: [], stop: [], maxTokens: 4, temperature: 1, topP: 1 };
    },
    read: async () => [],
    plan: async () => {
      told.push("planned");
      return { kind: "token", about: {}, tensors: {}, weights: [] };
    },
  } as unknown as TokenPolicy;
  const model = {
    ...{ name: "server", complete: async () => assert.fail("nothing is asked") },
    plan: async () => ({ kind: "openai", options: {} }),
  } as unknown as LanguageModel;
  const sync = async () => {
    await turn();
    told.push("brought");
  };
  /** What is done, in its order, and told by then. */
  const doneBy = async (work: () => Promise<unknown>): Promise<string[]> => {
    told.length = 0;
    await work();
    return [...told];
  };

  it("has its weights at the server before it is asked or sent anywhere, once for each change", async () => {
    for (const way of ["act", "plan"] as const) {
      const written = writtenBy(policy, model, { sync });
      const go = () => (way === "act" ? written.act([], []) : written.plan!());
      const own = way === "act" ? "asked" : "planned";
      weights = {};
      assert.deepEqual(await doneBy(go), ["brought", own], way);
      assert.deepEqual(await doneBy(go), [own], `${way}: the server has them`);
      weights = {};
      assert.deepEqual(await doneBy(go), ["brought", own], `${way}: they are others now`);
    }
  });

  it("brings the weights again where the server did not take them", async () => {
    let fails = true;
    const written = writtenBy(policy, model, {
      sync: async () => {
        await sync();
        if (fails) throw new Error("the server fell over");
      },
    });
    await assert.rejects(written.act([], []), { message: "the server fell over" });
    fails = false;
    assert.deepEqual(await doneBy(() => written.act([], [])), ["brought", "asked"]);
  });
});
