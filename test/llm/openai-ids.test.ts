/** Ids of tokens as servers tell them, and what a server is asked with: the client is a fake that keeps the request. */

import assert from "node:assert/strict";
import { Garbage, goOn, idsOf } from "../../src/llm/openai-ids.ts";

type Client = Parameters<typeof goOn>[0];

/** A client whose server answers with this, and what it was asked with. */
function answering(answer: unknown): { client: Client; asked: { [name: string]: unknown }[] } {
  const asked: { [name: string]: unknown }[] = [];
  const create = async (request: { [name: string]: unknown }) => {
    asked.push(request);
    return answer;
  };
  return { client: { completions: { create } } as unknown as Client, asked };
}

describe("the token ids of a server's answer", () => {
  it("are found in each of the three ways in which servers tell them, the plainest first", () => {
    const content = (...ids: unknown[]) => ids.map((id) => ({ id, token: "a", logprob: -1 }));
    const named = (...tokens: string[]) => tokens.map((token) => ({ token, logprob: -1 }));
    const cases: [choice: object, ids: number[] | undefined][] = [
      [{ token_ids: [3, 0] }, [3, 0]],
      [{ token_ids: [1], logprobs: { content: content(2) } }, [1]],
      [{ logprobs: { content: content(7, 8) } }, [7, 8]],
      [{ logprobs: { content: named("token_id:17", "token_id:0") } }, [17, 0]],
      [{ logprobs: { tokens: ["token_id:5"] } }, [5]],
      [{ token_ids: [], logprobs: { tokens: ["token_id:5"] } }, [5]],
      [{ token_ids: [-1], logprobs: { content: content(4) } }, [4]],
      // Not told of all, or none at all: then of none.
      [{ token_ids: [1, 2.5] }, undefined],
      [{ token_ids: [1, null] }, undefined],
      [{ token_ids: "12" }, undefined],
      [{ logprobs: { content: content(1, undefined) } }, undefined],
      [{ logprobs: { content: named("token_id:1", "b") } }, undefined],
      [{ logprobs: { tokens: ["xtoken_id:1"] } }, undefined],
      [{ logprobs: { tokens: [] } }, undefined],
      [{ logprobs: null }, undefined],
      [{}, undefined],
    ];
    for (const [choice, ids] of cases) assert.deepEqual(idsOf(choice), ids, JSON.stringify(choice));
  });

  it("go out as ids, with no cut but what the question asks for", async () => {
    const { client, asked } = answering({ choices: [{ text: "" }] });
    const ids = [1, 2];
    await goOn(client, { model: "m" }, { ids } as never);
    const plain = {
      ...{ model: "m", prompt: [1, 2], max_tokens: 512, temperature: 1, logprobs: 1, stream: false },
      ...{ top_k: -1, top_p: 1, min_p: 0, repetition_penalty: 1, return_token_ids: true },
    };
    assert.deepEqual(asked.pop(), plain);
    await goOn(client, { model: "m", temperature: 0.5, maxTokens: 9 }, { ids, stop: [], seed: 0 } as never);
    assert.deepEqual(asked.pop(), { ...plain, temperature: 0.5, max_tokens: 9, seed: 0 });
    const own = { ids, temperature: 0, maxTokens: 3, topP: 0.25, stop: [";"], seed: 7 };
    await goOn(client, { model: "m", temperature: 0.5, maxTokens: 9 }, own as never);
    const said = { temperature: 0, max_tokens: 3, top_p: 0.25, stop: [";"], seed: 7 };
    assert.deepEqual(asked.pop(), { ...plain, ...said });
    // The longest answer: what the question asks for, and no more than the model's own.
    for (const [of, maxTokens, most] of [
      [undefined, 700, 700],
      [700, undefined, 700],
      [9, 20, 9],
      [20, 9, 9],
    ] as const) {
      await goOn(client, { model: "m", ...(of && { maxTokens: of }) }, { ids, maxTokens } as never);
      assert.equal(asked.pop()!.max_tokens, most, `${of} ${maxTokens}`);
    }
  });

  it("come with the answer's text, usage, log-probabilities and end, and none of them is made up", async () => {
    const told: string[] = [];
    const whole = {
      model: "served",
      usage: { prompt_tokens: 2, completion_tokens: 1 },
      choices: [
        { text: "ab", finish_reason: "length", token_ids: [4], logprobs: { tokens: ["ab"], token_logprobs: [-2] } },
      ],
    };
    const question = { ids: [1], onText: (text: string) => void told.push(text), seed: 3 } as never;
    assert.deepEqual(await goOn(answering(whole).client, { model: "m" }, question), {
      ...{ text: "ab", model: "served", usage: { promptTokens: 2, completionTokens: 1 } },
      ...{ tokens: [{ text: "ab", logProb: -2 }], ids: [4], seed: 3, finish: "length" },
    });
    assert.deepEqual(told, ["ab"]);
    const bare = answering({ choices: [{ text: "", finish_reason: "content_filter" }] }).client;
    assert.deepEqual(await goOn(bare, { model: "m" }, { ids: [1] } as never), {
      ...{ text: "", model: "unknown", usage: { promptTokens: 0, completionTokens: 0 } },
    });
    const empty = answering({ choices: [{ text: "", token_ids: [], logprobs: { tokens: [], token_logprobs: [] } }] });
    assert.deepEqual(await goOn(empty.client, { model: "m" }, { ids: [1] } as never), {
      ...{ text: "", model: "unknown", usage: { promptTokens: 0, completionTokens: 0 } },
    });
    for (const garbage of [undefined, null, {}, { choices: [] }, { choices: [{ text: 5 }] }])
      await assert.rejects(goOn(answering(garbage).client, { model: "m" }, { ids: [1] } as never), Garbage);
  });
});
