/** The files of a pretraining: a model's folder, and the checkpoint of a run that is under way. */

import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { readCheckpoint, writeCheckpoint, writeModel } from "../../corpus/pretrain/files.ts";
import { initialWeights, sizeOf, weightShapes } from "../../corpus/pretrain/transformer.ts";
import { readSafetensorsHeader, readTensor } from "../../src/model/index.ts";
import { createRandom } from "../../src/random/index.ts";
import { temporaryFolder } from "../model/shared.ts";

const state = (steps: number) => ({
  ...{ weights: Float32Array.of(1, -2, 1e-30), mean: Float32Array.of(3, 4, 5), square: Float32Array.of(6, 7, 8) },
  steps,
});

describe("the checkpoint of a pretraining", () => {
  it("is read as it was written, to the last bit, and only by a run of its settings", async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, "work", "run.safetensors");
    assert.equal(await readCheckpoint(file, { seed: 1 }), null);
    writeCheckpoint(file, state(6), { seed: 1, steps: 10 });
    assert.deepEqual(await readCheckpoint(file, { seed: 1, steps: 10 }), state(6));
    for (const other of [{ seed: 2, steps: 10 }, { seed: 1 }, {}, { seed: 1, steps: 10, batch: 2 }])
      assert.equal(await readCheckpoint(file, other), null, JSON.stringify(other));
    assert.deepEqual(readdirSync(join(folder.path, "work")), ["run.safetensors"]);
  });

  it("is the one before where the next could not be written", async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, "run.safetensors");
    writeCheckpoint(file, state(6), {});
    mkdirSync(`${file}.part`);
    assert.throws(() => writeCheckpoint(file, state(7), {}), { code: "EISDIR" });
    assert.deepEqual(await readCheckpoint(file, {}), state(6));
    rmSync(`${file}.part`, { recursive: true });
    writeCheckpoint(file, state(7), {});
    assert.deepEqual(await readCheckpoint(file, {}), state(7));
  });
});

describe("the folder of a pretrained model", () => {
  it("has each weight under its name in half precision, its shape as Hugging Face calls it, and its table", async () => {
    using folder = temporaryFolder();
    const size = { vocabulary: 5, context: 8, width: 4, layers: 2, heads: 2 };
    const weights = initialWeights(size, createRandom("files"));
    const path = join(folder.path, "models", "one");
    const table = { encoding: "r50k_base", ids: [1, 2, 3, 4, 5], end: 4 };
    writeModel(path, size, weights, table as never);
    assert.deepEqual(readdirSync(path).toSorted(), ["config.json", "model.safetensors", "tokens.json"]);
    assert.deepEqual(JSON.parse(readFileSync(join(path, "tokens.json"), "utf8")), table);
    const { vocab_size, n_ctx, n_positions, n_embd, n_layer, n_head, bos_token_id, eos_token_id, tie_word_embeddings } =
      JSON.parse(readFileSync(join(path, "config.json"), "utf8"));
    assert.deepEqual([vocab_size, n_ctx, n_positions, n_embd, n_layer, n_head], [5, 8, 8, 4, 2, 2]);
    assert.deepEqual([bos_token_id, eos_token_id, tie_word_embeddings], [4, 4, true]);
    const { places } = await readSafetensorsHeader(join(path, "model.safetensors"));
    const shapes = weightShapes(size);
    assert.deepEqual([...places.keys()].toSorted(), shapes.map(({ name }) => name).toSorted());
    let at = 0;
    for (const { name, shape } of shapes) {
      const expected = weights.slice(at, at + sizeOf(shape));
      const there = await readTensor(places.get(name)!);
      assert.equal(there.length, expected.length, name);
      // Half precision has eleven bits.
      for (const [i, value] of expected.entries())
        assert.ok(Math.abs(there[i]! - value) <= Math.abs(value) / 2 ** 11 + 2 ** -24, `${name} ${i}`);
      at += expected.length;
    }
    assert.equal(at, weights.length);
    const file = readFileSync(join(path, "model.safetensors"));
    assert.equal(file.length - 8 - Number(file.readBigUInt64LE()), 2 * weights.length, "two bytes each");
  });
});
