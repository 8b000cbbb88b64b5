/** A run that begins from a model that is there. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { collectTokens, drawTexts } from "../../corpus/index.ts";
import { writeModel } from "../../corpus/pretrain/files.ts";
import { startFrom } from "../../corpus/pretrain/start.ts";
import { initialWeights, type ModelSize } from "../../corpus/pretrain/transformer.ts";
import { readSafetensorsHeader, readTensor, type TokenTable } from "../../src/model/index.ts";
import { createRandom } from "../../src/random/index.ts";
import { temporaryFolder } from "../model/shared.ts";

describe("a pretraining", () => {
  it("begins from a model that is there: token by token what both tables have, all else as it is, the rest as drawn", async () => {
    const table = collectTokens(drawTexts(1, 100), { least: 4 });
    using folder = temporaryFolder();
    const folderOf = join(folder.path, "begun");
    const random = createRandom("begun");
    const sizeFor = ({ ids }: TokenTable): ModelSize => ({
      context: 24,
      width: 16,
      layers: 2,
      heads: 2,
      vocabulary: ids.length,
    });
    writeModel(folderOf, sizeFor(table), initialWeights(sizeFor(table), random.child("there")), table);
    // Another table: without one token of the first, with one that it lacks.
    const absent = Array.from({ length: 5000 }, (_, id) => id).find((id) => !table.ids.includes(id))!;
    const ids = [...table.ids.slice(0, 260), absent, ...table.ids.slice(261)];
    const other = { ...table, ids };
    const size = sizeFor(other);
    const drawn = initialWeights(size, random.child("drawn"));
    const begun = await startFrom(folderOf, { size, table: other, drawn });
    const { places } = await readSafetensorsHeader(join(folderOf, "model.safetensors"));
    const there = await readTensor(places.get("transformer.wte.weight")!);
    const row = (values: Float32Array, i: number) => [...values.subarray(i * 16, (i + 1) * 16)];
    assert.deepEqual(row(begun.weights, 259), row(there, 259));
    assert.deepEqual(row(begun.weights, 260), row(drawn, 260));
    assert.deepEqual(row(begun.weights, ids.length - 1), row(there, table.ids.length - 1));
    const positions = await readTensor(places.get("transformer.wpe.weight")!);
    assert.deepEqual([...begun.weights.subarray(ids.length * 16, ids.length * 16 + positions.length)], [...positions]);
    assert.deepEqual([begun.steps, Math.max(...begun.mean), Math.max(...begun.square)], [0, 0, 0]);
    await assert.rejects(startFrom(folderOf, { size: { ...size, width: 8 }, table: other, drawn }), {
      name: "RangeError",
      message: /to have \d+ numbers as transformer\.wte\.weight, got \d+/,
    });
    await assert.rejects(startFrom(folderOf, { size: { ...size, layers: 3 }, table: other, drawn }), {
      name: "RangeError",
      message: `Expected ${folderOf} to have 16 numbers as transformer.h.2.ln_1.weight, got none`,
    });
  });
});
