/** Answers of several rows, of which one fails, from an engine that does what a test says; and a server's load. */

import assert from "node:assert/strict";
import { answerStream, answerWhole } from "../../../src/serve/model/answer.ts";
import type { GenerationRequest, Served } from "../../../src/serve/model/request.ts";
import { serve } from "../../../src/serve/model/server.ts";
import { toyDecoder } from "../../policy/token/toy.ts";
import { until } from "../../waiting.ts";

const decoder = toyDecoder();
const [prompt] = [decoder.tokenizer.encode("ab")];
const two = {
  ...{ chat: false, prompts: [prompt!], echoes: null, choices: 2, maxTokens: 8, temperature: 1, topK: 0, topP: 1 },
  ...{ stop: [], primed: "", seed: 1, tokenIds: false, logProbs: null, stream: true, usage: false },
} satisfies GenerationRequest;

interface Asked extends PromiseWithResolvers<never> {
  signal: AbortSignal;
  onToken(drawn: { id: number }, logits: Float32Array, soFar: { ids: number[] }): void;
}

/** What is served, and what its engine was asked for. */
function failing() {
  const asked: Asked[] = [];
  const engine = {
    ...{ room: 9, waiting: 0 },
    submit(job: Pick<Asked, "signal" | "onToken">) {
      const own = { ...Promise.withResolvers<never>(), signal: job.signal, onToken: job.onToken };
      asked.push(own);
      return own.promise;
    },
  };
  const logged: unknown[] = [];
  const answering = { signal: new AbortController().signal, onError: (error: unknown) => void logged.push(error) };
  return { served: { name: "toy", decoder, engine, temperature: 1 } as unknown as Served, asked, answering, logged };
}
const draw = ({ onToken }: Asked): void => {
  onToken({ id: prompt![0]! }, new Float32Array(decoder.tokenizer.size), { ids: [prompt![0]!] });
};

describe("an answer of which one row fails", () => {
  const fault = new Error("no memory is left");

  it("ends in a stream: the other rows are left, and what they still draw is told to nobody", async () => {
    const { served, asked, answering, logged } = failing();
    const coming = answerStream(served, two, answering);
    draw(asked[0]!);
    const response = await coming;
    asked[0]!.reject(fault);
    const text = await response.text();
    assert.match(
      text,
      /^data: \{.*"text":"a".*\}\n\ndata: \{"error":\{"message":"The server failed: look at its log".*\}\n\n$/,
    );
    assert.deepEqual(logged, [fault]);
    assert.ok(asked[1]!.signal.aborted);
    draw(asked[1]!);
  });

  it("is none where it was to be whole, and the other rows are left", async () => {
    const { served, asked, answering } = failing();
    const coming = answerWhole(served, { ...two, stream: false }, answering);
    assert.ok(!asked[1]!.signal.aborted);
    asked[0]!.reject(fault);
    await assert.rejects(coming, fault);
    assert.ok(asked[1]!.signal.aborted);
  });
});

describe("the load of a server", () => {
  it("counts what was asked before its weights were others", async () => {
    const go = Promise.withResolvers<void>();
    const toy = toyDecoder();
    const slow = {
      ...toy,
      forward: (...given: Parameters<typeof toy.forward>) => go.promise.then(() => toy.forward(...given)),
    };
    await using server = await serve(slow, { name: "toy", port: 0 });
    const asked = fetch(`${server.url}/completions`, {
      ...{ method: "POST", headers: { "content-type": "application/json" } },
      body: JSON.stringify({ model: "toy", prompt: "ab", max_tokens: 2 }),
    });
    const total = (): number => server.load.running + server.load.waiting;
    assert.ok(await until(() => total() === 1));
    server.steer({});
    server.steer({});
    assert.equal(total(), 1);
    go.resolve();
    assert.equal((await asked).status, 200);
    assert.ok(await until(() => total() === 0));
  });
});
