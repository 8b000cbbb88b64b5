/** What a life asks a model and is shown of its budget, step by step; and a bare life whose steps are told one by one. */

import assert from "node:assert/strict";
import { compareSteps } from "../../src/episode/compare.ts";
import { describeDifference, environmentOf, lifeEnvironment, listenTo, type Step } from "../../src/episode/index.ts";
import { fakeSandbox } from "../sandbox/fake.ts";

describe("who listens to a life", () => {
  it("hears of each step what it asked, in order, errors among answers, and the budget that it was shown", async () => {
    const callModel = async (query: string): Promise<string> => {
      if (query === "b") throw new Error("no b");
      return `${query}!`;
    };
    const { options, heard } = listenTo({ callModel, budget: () => ({ left: 2, of: 3 }) });
    assert.equal(await options.callModel!("a"), "a!");
    await assert.rejects(options.callModel!("b"), { message: "no b" });
    await options.callModel!("c");
    assert.deepEqual(options.budget!(), { left: 2, of: 3 });
    const calls = [
      { query: "a", answer: "a!" },
      { query: "b", error: "no b" },
      { query: "c", answer: "c!" },
    ];
    assert.deepEqual(heard(), { calls, budget: '{"left":2,"of":3}' });
    assert.deepEqual(heard(), { calls: [] }, "the next one has asked nothing and was shown nothing");
    const plain = listenTo({ seed: 3 });
    assert.deepEqual([plain.options, plain.heard()], [{ seed: 3 }, { calls: [] }]);
  });
});

describe("a bare life", () => {
  it("tells of many steps at once what each of them asked and was shown, as of one by one", async () => {
    let left = 9;
    const { sandbox } = fakeSandbox((program, { options }) => {
      options.budget?.();
      void options.callModel?.(program);
      return program === "die" ? { verdict: "inert" } : {};
    });
    const env = lifeEnvironment(sandbox, {
      ...{ budget: () => left--, callModel: async () => "yes" },
      setupOf: (step) => (step === 1 ? "self.a = 1" : undefined),
    });
    await env.reset();
    const lived = await env.stepMany!(["a", "b", "die", "c"]);
    assert.deepEqual(
      lived.map(({ info: { evidence, report } }) => [evidence!.budget, evidence!.setup, report!.verdict]),
      [
        ["9", undefined, "survived"],
        ["8", "self.a = 1", "survived"],
        ["7", undefined, "inert"],
      ],
    );
    const asked = lived.map(({ info }) => info.evidence!.calls!.map(({ query }) => query));
    assert.deepEqual(asked.flat().slice(0, 2), ["a", "b"], "no step has those of all");
    assert.ok(asked.every((queries) => queries.length <= 1));
    await env.close();
  });

  it("of a recorded episode is shown a budget where any of its steps was, and its setups", async () => {
    const step = (more: object) => ({ program: "", calls: [], ...more }) as unknown as Step;
    for (const [steps, shown] of [
      [[step({ budget: '{"left":1}' }), step({})], true],
      [[step({}), step({ budget: '{"left":1}' })], true],
      [[step({}), step({})], false],
    ] as const) {
      const fake = fakeSandbox();
      const env = environmentOf({ start: { asks: false }, steps }, fake.sandbox, async () => "");
      await env.reset();
      assert.equal("budget" in fake.opened[0]!, shown);
      await env.close();
    }
  });
});

describe("two plays of a step", () => {
  it("differ where one asked more than the other, whichever it was", () => {
    const asking = (...queries: string[]) => ({ calls: queries.map((query) => ({ query })) }) as unknown as Step;
    const compared = (was: Step, is: Step) => compareSteps(3, was, is, ["calls"]);
    assert.equal(compared(asking("a"), asking("a")), null);
    const field = "calls[1].query";
    assert.deepEqual(compared(asking("a", "b"), asking("a")), { step: 3, field, recorded: "b", replayed: null });
    const more = compared(asking("a"), asking("a", "b"))!;
    assert.deepEqual(more, { step: 3, field, recorded: null, replayed: "b" });
    assert.equal(describeDifference(more), 'step 3 differs in calls[1].query: recorded null, replayed "b"');
  });
});
