/** SmolLM2-135M-Instruct, where `npm run setup:smollm2` has put it, against Transformers and its tokenizer. */

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder, chatText, type Decoder, generate, type KVCache, openModel } from "../../src/model/index.ts";
import { createRandom } from "../../src/random/index.ts";
import { leaveOut } from "../support.ts";
import { distance } from "./shared.ts";

interface Expected {
  prompts: { text: string; ids: number[]; hidden: number[]; every64thLogit: number[]; greedy: number[] }[];
  snippets: [string, number[]][];
}

describe("SmolLM2", () => {
  const { prompts, snippets } = JSON.parse(
    readFileSync(join(import.meta.dirname, "fixtures", "smollm2.json"), "utf8"),
  ) as Expected;
  let decoder: Decoder | undefined;

  before(async function () {
    if (!existsSync(join(cacheFolder(), "models", "smollm2", "card.json")))
      leaveOut(this, "SmolLM2 is not there: run `npm run setup:smollm2`");
    decoder = await openModel("smollm2", { threads: 2 });
  });
  after(() => decoder?.dispose());

  it("cuts 500 snippets into the ids that the reference tokenizer gives, and puts them together again", () => {
    for (const [text, ids] of snippets) {
      assert.deepEqual(decoder!.tokenizer.encode(text), ids, JSON.stringify(text));
      if (!ids.some((id) => decoder!.tokenizer.end.includes(id))) assert.equal(decoder!.tokenizer.decode(ids), text);
    }
    assert.equal(snippets.length, 500);
  });

  it("sees the conversation that its own template writes, with the system turn that stands there by default", () => {
    const { text, stop, plain } = chatText(decoder!.tokenizer, [{ role: "user", content: "hi" }]);
    assert.equal(
      text,
      "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n",
    );
    assert.deepEqual({ stop, plain }, { stop: ["<|im_end|>"], plain: false });
  });

  it("cuts numbers of other scripts where Rust's tokenizer does", () => {
    const { encode } = decoder!.tokenizer;
    // Of `tokenizers` 0.23.3 on the tokenizer.json that the GGUF file comes down to.
    assert.deepEqual(
      [encode(" ½"), encode("a ²")],
      [
        [216, 16738],
        [81, 216, 19133],
      ],
    );
  });

  it("has the hidden states and logits that Transformers computes", async () => {
    for (const { ids, hidden, every64thLogit } of prompts) {
      const found = await decoder!.forward({ tokens: Int32Array.from(ids), batch: 1 });
      const some = every64thLogit.map((_, i) => found.logits[64 * i]!);
      assert.ok(distance(found.hidden, hidden) < 1e-4, `hidden ${distance(found.hidden, hidden)}`);
      assert.ok(distance(some, every64thLogit) < 1e-4, `logits ${distance(some, every64thLogit)}`);
    }
  });

  it("writes the same 64 tokens when the most likely one is taken, three prompts in one batch", async () => {
    const found = await generate(decoder!, {
      prompts: prompts.map(({ ids }) => ids),
      streams: prompts.map((_, i) => createRandom(1, i)),
      temperature: 0,
      maxTokens: 64,
    });
    for (const [i, { greedy, text }] of prompts.entries()) {
      const end = greedy.findIndex((id) => decoder!.tokenizer.end.includes(id));
      assert.deepEqual(found[i]!.ids, end < 0 ? greedy : greedy.slice(0, end + 1), text);
    }
  });

  it("in 8 bits is nearly the same model: the likeliest token at 5 places of 6, distributions 0.03 nats apart", async () => {
    const eight = await openModel("smollm2", { threads: 2, dtype: "q8" });
    const places = { all: 0, same: 0, nats: 0 };
    for (const { ids, greedy } of prompts) {
      let [a, b] = [undefined, undefined] as (KVCache[] | undefined)[];
      for (const tokens of [ids, ...greedy.slice(0, 24).map((id) => [id])]) {
        const input = { tokens: Int32Array.from(tokens), batch: 1 };
        const [exact, near] = [
          await decoder!.forward({ ...input, ...(a && { past: a }) }),
          await eight.forward({ ...input, ...(b && { past: b }) }),
        ];
        [a, b] = [exact.past, near.past];
        const [p, q] = [logShares(exact.logits), logShares(near.logits)];
        places.all++;
        places.same +=
          p.indexOf(p.reduce((x, y) => Math.max(x, y))) === q.indexOf(q.reduce((x, y) => Math.max(x, y))) ? 1 : 0;
        places.nats += p.reduce((sum, value, i) => sum + Math.exp(value) * (value - q[i]!), 0);
      }
    }
    await eight.dispose();
    assert.ok(places.same / places.all > 5 / 6, `the same at ${places.same} of ${places.all}`);
    assert.ok(places.nats / places.all < 0.03, `${places.nats / places.all} nats apart`);
    assert.ok(places.nats / places.all > 0, "it is another model");
  });

  it("gives a row the same bits alone and in batches of 2, 5 and 16 with rows of other lengths and ages", async () => {
    const rows = Array.from({ length: 16 }, (_, i) => prompts[i % prompts.length]!.ids.slice(0, 3 + i));
    const draw = (some: readonly number[], batch: number) =>
      generate(decoder!, {
        prompts: some.map((i) => rows[i]!),
        streams: some.map((i) => createRandom(5, i)),
        maxTokens: 70,
        padTo: some.map((i) => 8 * Math.ceil(rows[i]!.length / 8)),
        batch,
      });
    const all = await draw([...rows.keys()], 16);
    assert.ok(new Set(all.map(({ ids }) => ids.length)).size > 2, "they do not end together");
    assert.deepEqual(await draw([...rows.keys()], 5), all);
    for (const some of [[4], [9, 4], [3, 1, 4, 15, 9]])
      assert.deepEqual(
        await draw(some, 16),
        some.map((i) => all[i]),
      );
  });
});

/** Log-probabilities, in nats. */
function logShares(logits: Float32Array): Float64Array {
  const top = logits.reduce((a, b) => Math.max(a, b));
  const total = Math.log(logits.reduce((sum, value) => sum + Math.exp(value - top), 0)) + top;
  return Float64Array.from(logits, (value) => value - total);
}
