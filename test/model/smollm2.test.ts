/** SmolLM2-135M-Instruct, where `npm run setup:smollm2` has put it, against Transformers and its tokenizer. */

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder, type Decoder, generate, openModel } from "../../src/model/index.ts";
import { createRandom } from "../../src/random/index.ts";
import { leaveOut } from "../support.ts";
import { distance } from "./shared.ts";

interface Expected {
  prompts: { text: string; ids: number[]; hidden: number[]; every64thLogit: number[]; greedy: number[] }[];
  snippets: [string, number[]][];
}

describe("SmolLM2", function () {
  this.timeout(120_000);
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

  it("gives a row the same bits in batches of 1, 2, 5 and 16, at the prompt and at the tokens after it", async () => {
    const rows = Array.from({ length: 16 }, (_, i) => prompts[i % prompts.length]!.ids);
    const draw = (some: readonly number[]) =>
      generate(decoder!, {
        prompts: some.map((i) => rows[i]!),
        streams: some.map((i) => createRandom(5, i)),
        maxTokens: 6,
        padTo: 16,
      });
    const all = await draw(rows.map((_, i) => i));
    for (const some of [[4], [9, 4], [3, 1, 4, 15, 9]])
      assert.deepEqual(
        await draw(some),
        some.map((i) => all[i]),
      );
  });
});
