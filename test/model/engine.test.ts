/** An engine whose decoder fails, or is asked for too much: a decoder of two words, no model behind it. */

import assert from "node:assert/strict";
import { createEngine, type Decoder, type DecoderInput } from "../../src/model/index.ts";
import { splitHash } from "../../src/model/open.ts";
import { createRandom } from "../../src/random/index.ts";

/** A decoder that always says word 1; `fails` says which passes do not come to an end. */
function twoWords(fails: (pass: number) => boolean = () => false) {
  const passes: DecoderInput[] = [];
  const kept = new Set<object>();
  const decoder = {
    config: { vocabulary: 2, context: 64, layers: 1, hidden: 1 },
    tokenizer: { end: [], decode: (ids: number[]) => ids.join(""), encode: () => [] },
    async forward(input: DecoderInput) {
      passes.push(input);
      if (fails(passes.length)) throw new Error("out of memory");
      if (input.donate) for (const one of input.past ?? []) kept.delete(one);
      const logits = new Float32Array(input.batch * 2);
      for (let row = 0; row < input.batch; row++) logits[row * 2 + 1] = 100;
      const past = Array.from({ length: input.batch }, () => {
        const one = { release: () => void kept.delete(one) };
        kept.add(one);
        return one;
      });
      return { logits, past, hidden: new Float32Array(input.batch) };
    },
  } as unknown as Decoder;
  return { decoder, passes, kept };
}
const job = (seed: number) => ({ prompt: [0, 1], maxTokens: 2, stream: createRandom(seed) });

describe("an engine", () => {
  it("tells everyone of a pass that failed, and answers whoever asks next", async () => {
    const { decoder, passes } = twoWords((pass) => pass === 1);
    const engine = createEngine(decoder, { maxBatch: 4 });
    const ends = await Promise.allSettled([engine.submit(job(1)), engine.submit(job(2))]);
    assert.deepEqual(
      ends.map((end) => (end.status === "rejected" ? String(end.reason) : end.status)),
      ["Error: out of memory", "Error: out of memory"],
    );
    const { ids } = await engine.submit(job(3));
    assert.deepEqual([ids, engine.waiting], [[1, 1], 0]);
    assert.ok(passes.length >= 3);
  });

  it("lets go of what a row has seen when it has ended, or was cancelled", async () => {
    const { decoder, kept } = twoWords();
    const engine = createEngine(decoder, { maxBatch: 4 });
    const stop = new AbortController();
    const onToken = () => stop.abort();
    const cancelled = { ...job(1), maxTokens: 9, signal: stop.signal, onToken };
    // Some of one prompt, one of another.
    const jobs = [cancelled, job(2), { ...job(3), maxTokens: 1 }, { ...job(4), prompt: [1, 0, 0] }];
    const ends = await Promise.all(jobs.map((one) => engine.submit(one)));
    assert.deepEqual(
      ends.map(({ ended }) => ended),
      ["cancelled", "length", "length", "length"],
    );
    assert.equal(kept.size, 0);
  });

  it("refuses whoever finds too many waiting, and takes as many as may wait", async () => {
    const engine = createEngine(twoWords().decoder, { maxBatch: 1, maxWaiting: 2 });
    const asked = [engine.submit(job(1)), engine.submit(job(2))];
    assert.deepEqual([engine.waiting, engine.room], [2, 0]);
    await assert.rejects(engine.submit(job(3)), { name: "EngineFull" });
    assert.deepEqual(
      (await Promise.all(asked)).map(({ ids }) => ids),
      [
        [1, 1],
        [1, 1],
      ],
    );
    assert.equal(engine.room, 2);
  });
});

describe("a decoder's hash", () => {
  it("says of which weights it is, and in which numbers they are kept", () => {
    assert.deepEqual(splitHash("abc"), { weights: "abc", dtype: "fp32" });
    assert.deepEqual(splitHash("abc-q8"), { weights: "abc", dtype: "q8" });
    assert.deepEqual(splitHash("a-b-q8"), { weights: "a-b", dtype: "q8" });
    assert.deepEqual(splitHash("q8"), { weights: "q8", dtype: "fp32" });
  });
});
