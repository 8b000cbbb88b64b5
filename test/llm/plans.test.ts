/** What a model is opened by in another process: the plan of each kind, and why some have none. */

import assert from "node:assert/strict";
import { type LanguageModel, type LocalSource, type ModelPlan, models } from "../../src/llm/index.ts";
import { openModelPlan } from "../../src/llm/open-plan.ts";
import { toyDecoder } from "../policy/token/toy.ts";

const none = {
  decoder: async () => assert.fail("it stands on no decoder"),
  policy: async () => assert.fail("it stands on no policy"),
};
const travelled = async (model: LanguageModel) => JSON.parse(JSON.stringify(await model.plan!())) as ModelPlan;
const toy = toyDecoder();
const freeText = async () => ({ decoder: toy, temperature: 0.5, topK: 0, topP: 1, fingerprint: toy.hash });

describe("the plan of a model", () => {
  it("that draws programs is how it draws, and so are its answers there", async () => {
    for (const options of [{}, { seed: 3, body: "python" }] as const) {
      const [here, plan] = [models.random(options), await travelled(models.random(options))];
      assert.deepEqual(plan, { kind: "random", options });
      const there = await openModelPlan(plan, none);
      assert.deepEqual(
        [there.name, await there.complete({ prompt: "x" })],
        [here.name, await here.complete({ prompt: "x" })],
      );
    }
  });

  it("on a server is how it is asked, without the key", async () => {
    const options = { model: "m", baseURL: "http://127.0.0.1:9/v1", temperature: 0.5, maxTokens: 3, system: null };
    const model = models.openai({ ...options, apiKey: "secret" });
    const plan = await travelled(model);
    assert.deepEqual(plan, { kind: "openai", options });
    const there = await openModelPlan(plan, none);
    assert.deepEqual([there.name, there.maxTokens], ["m", 3]);
    assert.equal(await there.fingerprint!(), await model.fingerprint!());
  });

  it("on this machine stands on a decoder's plan, or a policy's, and has those as they are opened there", async () => {
    const [decoder, policy] = [{ name: "tiny" }, { kind: "own", about: {}, tensors: {}, weights: [] }];
    const sources: [LocalSource, ModelPlan["source"]][] = [
      [{ ...toy, plan: decoder } as never, { decoder } as never],
      [{ name: "own", freeText, plan: async () => policy } as never, { policy } as never],
    ];
    for (const [source, expected] of sources) {
      const here = models.local(source, { prompt: "plain", maxTokens: 5, threads: 1 });
      const plan = await travelled(here);
      assert.deepEqual(plan, { kind: "local", source: expected, options: { prompt: "plain", maxTokens: 5 } });
      const opened: unknown[] = [];
      const open = async (told: unknown) => {
        opened.push(told);
        return source as never;
      };
      const there = await openModelPlan(plan, { decoder: open, policy: open });
      assert.deepEqual(opened, Object.values(expected!));
      const question = { prompt: "abc", seed: 2 };
      assert.deepEqual(await there.complete(question), await here.complete(question));
    }
  });

  it("is none where there is nothing to open it by, and says so", async () => {
    const cases: [LocalSource, string][] = [
      [toy, "its model was opened from no name or path, so that no worker could open it"],
      [{ name: "own", freeText } as never, "the policy that writes it has no plan that workers could open"],
    ];
    for (const [source, message] of cases)
      await assert.rejects(models.local(source, { prompt: "plain" }).plan!(), { name: "TypeError", message });
    for (const model of [models.scripted([]), models.recorded([]), models.recording(models.random())])
      assert.equal(model.plan, undefined, model.name);
    for (const kind of ["local", "another"])
      await assert.rejects(openModelPlan({ kind, options: {} } as never, none), {
        name: "TypeError",
        message: `The plan of a model is of the kind "${kind}", which is not known here`,
      });
  });
});
