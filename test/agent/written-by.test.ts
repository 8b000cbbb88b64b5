/** When a server is brought the weights: a policy that only says what it is given. With a real one: `served.test.ts`. */

import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import { writtenBy } from "../../src/agent/index.ts";
import type { WrittenByOptions } from "../../src/agent/written-by.ts";
import type { LanguageModel } from "../../src/llm/index.ts";
import type { TokenPolicy } from "../../src/policy/index.ts";
import { createRandom } from "../../src/random/index.ts";

/** Answers of a server as a policy reads them, whose ids are their own letters and whose log-probabilities are all -1. */
function learner(answers: readonly object[], end: readonly number[], options: WrittenByOptions = {}) {
  const written: object[] = [];
  const policy = {
    ...{ name: "learner", variables: [] },
    decoder: { tokenizer: { end, decode: (ids: readonly number[]) => ids.filter((id) => id < 8).join("") } },
    asked: async () => ({ prompts: answers.map(() => [1]), stop: ["23"], maxTokens: 4, temperature: 1, topP: 1 }),
    read: async (_: unknown, all: readonly { ids: readonly number[] }[]) => {
      written.push(...all);
      return all.map(({ ids }) => ({ action: {}, modelLogProbs: ids.map(() => -1) }));
    },
  } as unknown as TokenPolicy;
  const told = answers.map((one) => ({ tokens: (one as { ids: number[] }).ids.map(() => ({ logProb: -1 })), ...one }));
  const model = { name: "server", complete: async () => told.shift() } as unknown as LanguageModel;
  const act = () =>
    writtenBy(policy, model, options).act(
      answers,
      answers.map((_, i) => createRandom(i)),
    );
  return { written, act };
}

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

  it("learns from all ids that were drawn: the one that ended an answer is put behind it where the server keeps it to itself", async () => {
    const end = 9;
    for (const [what, told, ends, ids] of [
      ["ended by its end, which is told", { ids: [1, 2, end], text: "12" }, [end], [1, 2, end]],
      ["ended by its end, which is not told", { ids: [1, 2], text: "12" }, [end], [1, 2, end]],
      ["cut", { ids: [1, 2], text: "12", finish: "length" }, [end], [1, 2]],
      ["empty", { ids: [], text: "" }, [end], []],
      ["ended by a stop text, which is left out", { ids: [1, 2, 3], text: "1" }, [end], [1, 2, 3]],
      ["a stop text in the middle of it", { ids: [1, 2, 3], text: "123" }, [end], [1, 2, 3, end]],
      ["another text than that of its ids", { ids: [1, 4], text: "1" }, [end], [1, 4, end]],
      ["ended by one of two ends, which is told", { ids: [1, 8], text: "1" }, [8, end], [1, 8]],
    ] as const) {
      const { written, act } = learner([{ finish: "stop", ...told }], ends);
      await act();
      assert.deepEqual(written, [{ ids, text: told.text, cut: "finish" in told }], what);
    }
    await assert.rejects(learner([{ ids: [1], text: "1", finish: "stop" }], [8, end]).act(), {
      name: "LanguageModelFailure",
      message: /did not tell the token that ended it with its answer/,
    });
  });

  it("takes a server whose log-probabilities are as far away as it was told, and no further", async () => {
    const answers = [
      { ids: [1, 2], text: "12", finish: "length", tokens: [{ logProb: -1 }, { logProb: -1.5 }] },
      { ids: [1], text: "1", finish: "length", tokens: [{ logProb: -1.25 }] },
    ];
    // Each is read as -1: a quarter of a nat a token in the mean of the three.
    await learner(answers, [9], { tolerance: 0.25 }).act();
    for (const [options, most] of [
      [{ tolerance: 0.24 }, 0.24],
      [{}, 0.01],
    ] as const)
      await assert.rejects(learner(answers, [9], options).act(), {
        message: new RegExp(`log-probabilities are 0\\.25 nats a token apart \\(at most ${most}\\)`),
      });
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
