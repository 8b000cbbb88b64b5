/** Decoders in 8 bits: the same function but for the bits, a row's own in every batch, and rotated without a change. */

import assert from "node:assert/strict";
import { createDecoder } from "../../src/model/decoder.ts";
import { decoderGraph } from "../../src/model/graph.ts";
import { type Decoder, openModel } from "../../src/model/index.ts";
import { orthogonal, rotateAll } from "../../src/model/rotation.ts";
import { createRandom } from "../../src/random/index.ts";
import { distance, reference, temporaryFolder, weightOf, writeFolder } from "./shared.ts";

const one = { threads: 1 };

describe("a decoder in 8 bits", () => {
  for (const [name, model] of Object.entries(reference.models))
    it(`of the shape ${name} computes what Transformers does, but for its bits`, async () => {
      using folder = temporaryFolder();
      writeFolder(folder.path, model);
      const decoder = await openModel(folder.path, { ...one, dtype: "q8" });
      const exact = await openModel(folder.path, one);
      assert.equal(decoder.hash, `${exact.hash}-q8`, "a head of one does not fit the other");
      const far = await distances(decoder, model);
      assert.ok(
        far.every((value) => value > 1e-5 && value < 0.05),
        String(far),
      );
      await Promise.all([decoder.dispose(), exact.dispose()]);
    });

  for (const name of ["llama", "llama-tied", "qwen2"])
    it(`of the shape ${name} is rotated without a change`, async () => {
      using folder = temporaryFolder();
      const model = reference.models[name]!;
      writeFolder(folder.path, model);
      const { config, tokenizer, dispose } = await openModel(folder.path, one);
      await dispose();
      const weight = (own: string, shape: readonly number[]) => async () => weightOf(own, shape);
      const graph = Buffer.concat(await decoderGraph(config, weight, { rotated: true }).chunks());
      const decoder = await createDecoder({ graph, config, tokenizer, hash: "rotated" }, one);
      const far = await distances(decoder, model);
      assert.ok(
        far.every((value) => value < 1e-5),
        String(far),
      );
      await decoder.dispose();
    });

  it("is refused where it does not run, and so are other numbers of bits", async () => {
    using folder = temporaryFolder();
    writeFolder(folder.path, reference.models.llama!);
    await assert.rejects(openModel(folder.path, { dtype: "q3" as never }), {
      name: "RangeError",
      message: 'Expected `dtype` to be fp32 or q8, got "q3"',
    });
    await assert.rejects(openModel(folder.path, { dtype: "q8", provider: "webgpu" }), {
      name: "RangeError",
      message: "`dtype` q8 runs on the provider cpu alone: take fp32 on webgpu",
    });
  });
});

describe("a rotation of a vector", () => {
  for (const size of [1, 2, 3, 8, 12, 72, 576])
    it(`of ${size} numbers keeps lengths and angles, and spreads a single large number`, () => {
      const rotation = orthogonal(size);
      const square = new Float32Array(size * size);
      for (let i = 0; i < size; i++) square[i * size + i] = 1;
      rotateAll(square, rotation);
      for (let a = 0; a < size; a++)
        for (let b = 0; b < size; b += 5) {
          let dot = 0;
          for (let i = 0; i < size; i++) dot += square[a * size + i]! * square[b * size + i]!;
          assert.ok(Math.abs(dot - (a === b ? 1 : 0)) < 1e-5, `rows ${a} and ${b}: ${dot}`);
        }
      const largest = square.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      assert.ok(largest <= 1.5 / Math.sqrt(size) + 1e-6, String(largest));
    });

  it("is the same for vectors that lie in columns", () => {
    const [size, columns] = [24, 5];
    const rotation = orthogonal(size);
    const random = createRandom(1);
    const rows = Float32Array.from({ length: size * columns }, () => random.normal());
    const rotated = Float32Array.from(rows, (_, i) => rows[(i % columns) * size + Math.floor(i / columns)]!);
    rotateAll(rows, rotation);
    rotateAll(rotated, rotation, columns);
    for (let i = 0; i < rows.length; i++)
      assert.ok(Math.abs(rotated[(i % size) * columns + Math.floor(i / size)]! - rows[i]!) < 1e-6);
  });
});

/** How far hidden states and logits are from the reference's, as shares of their size: each row alone, and all in one batch. */
async function distances(decoder: Decoder, { rows }: (typeof reference.models)[string]): Promise<number[]> {
  const result: number[] = [];
  for (const { ids, hidden, logits } of rows) {
    const found = await decoder.forward({ tokens: Int32Array.from(ids), batch: 1 });
    result.push(distance(found.hidden, hidden), distance(found.logits, logits));
  }
  return result;
}
