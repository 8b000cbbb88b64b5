/** Decoders from every file format against what Transformers computed, and against themselves in other batches. */

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Decoder, generate, type KVCache, openModel, randomModel, runPrefix } from "../../src/model/index.ts";
import { createRandom } from "../../src/random/index.ts";
import { distance, endId, ggufOf, reference, temporaryFolder, writeFolder } from "./shared.ts";

const one = { threads: 1 };

describe("a decoder", () => {
  for (const [name, model] of Object.entries(reference.models)) {
    it(`of the shape ${name} computes what Transformers does`, async () => {
      using folder = temporaryFolder();
      writeFolder(folder.path, model);
      await equalsReference(await openModel(folder.path, one), model);
    });

    // A GGUF file does not say which activation there is: it is always the family's own.
    if (model.config.activation_function === "relu") continue;
    it(`of the shape ${name} computes the same from a GGUF file`, async () => {
      using folder = temporaryFolder();
      const file = join(folder.path, "model.gguf");
      writeFileSync(file, ggufOf(model));
      await equalsReference(await openModel(file, one), model);
    });
  }

  for (const type of ["F16", "BF16"] as const)
    it(`computes the same from ${type} weights in three shards, and in a GGUF file`, async () => {
      using folder = temporaryFolder();
      const model = reference.models.llama!;
      writeFolder(folder.path, model, { type, shards: 3 });
      await equalsReference(await openModel(folder.path, one), model);
      const file = join(folder.path, "model.gguf");
      writeFileSync(file, ggufOf(model, type === "F16" ? 1 : 30));
      await equalsReference(await openModel(file, one), model);
    });

  it("of more than 64 MB is converted once, and gives the same numbers from its cache", async () => {
    using folder = temporaryFolder();
    using cache = temporaryFolder();
    const { config, shapes } = reference.models.llama!;
    const vocabulary = 260_000;
    const model = {
      config: { ...config, vocab_size: vocabulary },
      shapes: Object.fromEntries(
        Object.entries(shapes).map(([name, shape]) => [name, shape[0] === 48 ? [vocabulary, shape[1]!] : shape]),
      ),
      rows: [],
    };
    writeFolder(folder.path, model, { type: "F16" });
    const options = { ...one, cacheFolder: cache.path };
    const shares: number[] = [];
    const older = (hash: string) => join(cache.path, "models", `${hash}-1`);
    const small = await openModel(folder.path, { ...options, dtype: "q8" });
    const hash = small.hash.replace("-q8", "");
    mkdirSync(older(hash));
    const first = await openModel(folder.path, {
      ...options,
      onProgress: ({ done, total }) => shares.push(done / total),
    });
    const second = await openModel(folder.path, { ...options, onProgress: () => assert.fail("converted twice") });
    const input = { tokens: Int32Array.of(5, 1, 259_999), batch: 1 };
    const [a, b] = [await first.forward(input), await second.forward(input)];
    assert.deepEqual(a.logits, b.logits);
    assert.equal(shares.at(-1), 1);
    assert.ok(shares.every((share, i) => i === 0 || share > shares[i - 1]!));
    assert.ok(!existsSync(older(hash)), "what an older version made is removed");
    assert.deepEqual(readdirSync(join(cache.path, "models")).sort(), [`${hash}-3`, `${hash}-3-q8`]);
    await Promise.all([small.dispose(), first.dispose(), second.dispose()]);
  });

  for (const dtype of ["fp32", "q8"] as const)
    it(`gives a row the same bits whatever batch it is in, padded, after a prefix and step by step, ${dtype}`, async () => {
      using folder = temporaryFolder();
      for (const name of ["gpt2", "llama", "qwen2"]) {
        writeFolder(folder.path, reference.models[name]!);
        const decoder = await openModel(folder.path, { ...one, dtype });
        const { rows } = reference.models[name]!;
        const prompts = Array.from({ length: 16 }, (_, i) => rows[i % rows.length]!.ids);
        const prefix = await runPrefix(decoder, [3, 1, 4, 1, 5]);
        const draw = (some: number[]) =>
          generate(decoder, {
            prefix,
            prompts: some.map((i) => prompts[i]!),
            streams: some.map((i) => createRandom(1, "row", i)),
            maxTokens: 20,
            padTo: some.map((i) => 12 + (i % 4)),
          });
        const all = await draw(prompts.map((_, i) => i));
        for (const some of [[0], [3], [5, 2], [1, 0, 7], [12, 4, 9, 15, 8]])
          assert.deepEqual(
            await draw(some),
            some.map((i) => all[i]),
          );
        await decoder.dispose();
      }
    });

  it("draws the same with any pads before its prompt as with none: they are not seen", async () => {
    using folder = temporaryFolder();
    for (const name of ["gpt2", "llama", "qwen2"]) {
      writeFolder(folder.path, reference.models[name]!);
      const decoder = await openModel(folder.path, one);
      const prompts = reference.models[name]!.rows.map(({ ids }) => ids);
      const prefix = await runPrefix(decoder, [3, 1, 4, 1, 5]);
      const draw = (some: number[], padTo: number[]) =>
        generate(decoder, {
          ...{ prefix, padTo, maxTokens: 16 },
          prompts: some.map((i) => prompts[i]!),
          streams: some.map((i) => createRandom(2, "row", i)),
        });
      const together = await draw([0, 1, 2, 3], [12, 9, 17, 15]);
      for (const [i, padded] of together.entries()) {
        const [alone] = await draw([i], [prompts[i]!.length]);
        assert.deepEqual(padded.ids, alone!.ids, `${name}, row ${i}`);
        const off = distance(padded.logProbs, alone!.logProbs);
        assert.ok(off < 1e-5, `${name}, row ${i}: log-probabilities ${off} of their size away`);
      }
      await decoder.dispose();
    }
  });

  it("goes on twice from one past, and from some of its rows, as if each time had been the only one", async () => {
    using folder = temporaryFolder();
    for (const name of ["gpt2", "llama"]) {
      writeFolder(folder.path, reference.models[name]!);
      const decoder = await openModel(folder.path, one);
      const begin = () => decoder.forward({ tokens: Int32Array.of(1, 2, 3, 4, 5, 6), batch: 3 });
      const { past } = await begin();
      for (const { tokens, rows } of [
        { tokens: [7, 8, 9], rows: [0, 1, 2] },
        { tokens: [9, 9, 9], rows: [0, 1, 2] },
        { tokens: [3, 4], rows: [2, 0] },
        { tokens: [5], rows: [1] },
        { tokens: [5, 6], rows: [1, 1] },
      ]) {
        const path = { tokens: Int32Array.from(tokens), batch: rows.length };
        const [first, second] = [await begin(), past];
        const alone = await decoder.forward({ ...path, past: rows.map((row) => first.past[row]!) });
        const again = await decoder.forward({ ...path, past: rows.map((row) => second[row]!) });
        assert.deepEqual(again.logits, alone.logits);
        // What came after the fork belongs to its branch.
        const [a, b] = [
          await decoder.forward({ ...path, past: alone.past }),
          await decoder.forward({ ...path, past: again.past, donate: true }),
        ];
        assert.deepEqual(a.logits, b.logits);
        await assert.rejects(decoder.forward({ ...path, past: again.past }), /^Error: This KV cache was donated/);
      }
      await decoder.dispose();
    }
  });

  it("gives rows of any age, joined, split and moved, the bits that each has alone", async () => {
    using folder = temporaryFolder();
    const { config, ...rest } = reference.models.llama!;
    writeFolder(folder.path, { ...rest, config: { ...config, max_position_embeddings: 400 } });
    for (const dtype of ["fp32", "q8"] as const) {
      const decoder = await openModel(folder.path, { ...one, dtype });
      const { past: prefix } = await decoder.forward({ tokens: Int32Array.of(3, 1, 4, 1, 5), batch: 1 });
      const shared = { prefix: prefix[0]! };
      // Each row: when it joins, its prompt, pads before it, how many tokens after it.
      const random = createRandom(8);
      const rows = Array.from({ length: 14 }, (_, i) => ({
        joins: random.integer(40),
        prompt: Array.from({ length: 1 + random.integer(9) }, () => random.integer(38)),
        pads: random.integer(3),
        // Past one and two sizes of memory.
        after: Array.from({ length: i % 4 === 0 ? 150 : random.integer(70) }, () => random.integer(38)),
      }));
      const begin = ({ prompt, pads }: (typeof rows)[number]) => ({
        ...{ tokens: Int32Array.from([...new Array<number>(pads).fill(0), ...prompt]), batch: 1, ...shared },
        valid: Uint8Array.from([...new Array<number>(pads).fill(0), ...prompt.map(() => 1)]),
      });
      const alone: Float32Array[][] = [];
      for (const row of rows) {
        let { logits, past } = await decoder.forward(begin(row));
        const seen = [logits];
        for (const id of row.after) {
          ({ logits, past } = await decoder.forward({
            tokens: Int32Array.of(id),
            batch: 1,
            ...shared,
            past,
            donate: true,
          }));
          seen.push(logits.slice());
        }
        for (const one of past) one.release();
        alone.push(seen);
      }
      let running: { row: number; at: number; past: KVCache }[] = [];
      for (let step = 0; step < 200; step++) {
        if (running.length > 0) {
          const { logits, past } = await decoder.forward({
            tokens: Int32Array.from(running, ({ row, at }) => rows[row]!.after[at]!),
            ...{ batch: running.length, ...shared, past: running.map((one) => one.past), donate: true },
          });
          const { vocabulary } = decoder.config;
          for (const [i, one] of running.entries()) {
            one.past = past[i]!;
            one.at++;
            const own = logits.slice(i * vocabulary, (i + 1) * vocabulary);
            assert.deepEqual(own, alone[one.row]![one.at], `${dtype}, row ${one.row}, token ${one.at}, step ${step}`);
          }
        }
        for (const [row, how] of rows.entries()) {
          if (how.joins !== step) continue;
          const { logits, past } = await decoder.forward(begin(how));
          assert.deepEqual(logits, alone[row]![0]);
          running.push({ row, at: 0, past: past[0]! });
        }
        for (const { row, at, past } of running) if (at === rows[row]!.after.length) past.release();
        running = running.filter(({ row, at }) => at < rows[row]!.after.length);
      }
      assert.equal(running.length, 0);
      await decoder.dispose();
    }
  });

  it("ends a text at the model's own end, and decodes without it", async () => {
    using folder = temporaryFolder();
    writeFolder(folder.path, reference.models.gpt2!);
    const decoder = await openModel(folder.path, one);
    assert.deepEqual(decoder.tokenizer.end, [endId]);
    assert.deepEqual(decoder.tokenizer.encode("ab c"), [0, 1, 26, 2]);
    assert.equal(decoder.tokenizer.decode([0, 1, 26, 2, endId]), "ab c");
    await decoder.dispose();
  });

  it("with random weights is the same for the same seed, and another for another", async () => {
    using folder = temporaryFolder();
    writeFolder(folder.path, reference.models.llama!);
    const { config, tokenizer, dispose } = await openModel(folder.path, one);
    await dispose();
    const logits = async (seed: number) => {
      const decoder = await randomModel(config, tokenizer, { ...one, seed });
      const { logits: found } = await decoder.forward({ tokens: Int32Array.of(1, 2, 3), batch: 1 });
      await decoder.dispose();
      return found;
    };
    assert.deepEqual(await logits(3), await logits(3));
    assert.notDeepEqual(await logits(3), await logits(4));
  });
});

/** Each row alone, all rows padded in one batch, and the longest in two parts. */
async function equalsReference(decoder: Decoder, { rows }: (typeof reference.models)[string]): Promise<void> {
  const { width, vocabulary } = decoder.config;
  const close = (found: ArrayLike<number>, expected: number[], what: string) =>
    assert.ok(distance(found, expected) < 1e-5, `${what}: ${distance(found, expected)} of its size away`);
  for (const { ids, hidden, logits } of rows) {
    const found = await decoder.forward({ tokens: Int32Array.from(ids), batch: 1 });
    close(found.hidden, hidden, "hidden state");
    close(found.logits, logits, "logits");
  }
  const length = Math.max(...rows.map(({ ids }) => ids.length));
  const pads = rows.map(({ ids }) => length - ids.length);
  const tokens = Int32Array.from(rows.flatMap(({ ids }, row) => [...new Array<number>(pads[row]!).fill(0), ...ids]));
  const valid = Uint8Array.from(
    rows.flatMap(({ ids }, row) => [...new Array<number>(pads[row]!).fill(0), ...ids.map(() => 1)]),
  );
  const padded = await decoder.forward({ tokens, valid, batch: rows.length });
  const long = rows.at(-1)!.ids;
  const prefix = await runPrefix(decoder, long.slice(0, 3));
  const middle = await decoder.forward({ tokens: Int32Array.from(long.slice(3, 8)), batch: 1, prefix: prefix.past });
  const tail = Int32Array.from([...long.slice(8), ...long.slice(8)]);
  const parts = await decoder.forward({
    tokens: tail,
    batch: 2,
    prefix: prefix.past,
    past: [middle.past[0]!, middle.past[0]!],
  });
  for (const [row, { hidden, logits }] of rows.entries()) {
    close(padded.hidden.subarray(row * width, (row + 1) * width), hidden, "padded hidden state");
    close(padded.logits.subarray(row * vocabulary, (row + 1) * vocabulary), logits, "padded logits");
  }
  close(parts.logits.subarray(vocabulary), rows.at(-1)!.logits, "logits after a prefix and a past");
  await decoder.dispose();
}
