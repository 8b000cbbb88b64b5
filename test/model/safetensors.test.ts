/** The header of a safetensors file: what it says of each tensor, and in which words a file that lies is refused. */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ModelFailure } from "../../src/model/index.ts";
import { packSafetensors, readSafetensorsHeader, readTensor } from "../../src/model/safetensors.ts";
import { temporaryFolder } from "./shared.ts";

/** A file of a header, whatever it is, and so many bytes of data. */
const fileOf = (header: unknown, data = 24): Buffer => {
  const text = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, Buffer.alloc(data)]);
};

describe("a safetensors file", () => {
  it("is refused in words that say which tensor lies and what would fit", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "model.safetensors");
    const tensor = (more: object) => ({ w: { dtype: "F32", shape: [2, 3], data_offsets: [0, 24], ...more } });
    for (const [bytes, reason] of [
      [Buffer.alloc(5), "it has 5 bytes, a safetensors file has at least 8"],
      [Buffer.from([9, 0, 0, 0, 0, 0, 0, 0, 1]), "its header claims 9 bytes, the file has 9"],
      [fileOf("{"), "its header is not JSON"],
      [fileOf("[]"), "its header is not a JSON object"],
      [fileOf("null"), "its header is not a JSON object"],
      [fileOf({ w: null }), 'tensor "w" has no dtype'],
      [fileOf(tensor({ shape: [2, -3] })), 'tensor "w" has the shape [2,-3]'],
      [fileOf(tensor({ shape: [1, 1, 1, 1, 1, 1, 1, 2, 3] })), 'tensor "w" has the shape [1,1,1,1,1,1,1,2,3]'],
      [fileOf(tensor({ data_offsets: [0] })), 'tensor "w" has the offsets [0]'],
      [fileOf(tensor({ data_offsets: [0.5, 24] })), 'tensor "w" has the offsets [0.5,24]'],
      [
        fileOf(tensor({ data_offsets: [24, 0] })),
        'tensor "w" lies at 24 to 0, outside of the file\'s 24 bytes of data',
      ],
      [
        fileOf(tensor({ data_offsets: [8, 32] })),
        'tensor "w" lies at 8 to 32, outside of the file\'s 24 bytes of data',
      ],
      [fileOf(tensor({ shape: [2, 4] })), 'tensor "w" has 24 bytes, its shape [2,4] of F32 needs 32'],
      [fileOf(tensor({ dtype: "BF16" })), 'tensor "w" has 24 bytes, its shape [2,3] of BF16 needs 12'],
      [
        fileOf({ ...tensor({}), v: { dtype: "F16", shape: [2], data_offsets: [20, 24] } }),
        'tensors "w" and "v" overlap',
      ],
    ] as const) {
      writeFileSync(path, bytes);
      const found = await readSafetensorsHeader(path).catch((error: unknown) => error);
      assert.ok(found instanceof ModelFailure, reason);
      assert.ok(found.message.includes(reason), `${found.message}\nexpected: ${reason}`);
    }
  });

  it("has its tensors where they lie, up to eight dimensions and none at all, and names those of other types", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "model.safetensors");
    const header = {
      __metadata__: { made: "by hand" },
      scalar: { dtype: "F32", shape: [], data_offsets: [0, 4] },
      deep: { dtype: "BF16", shape: [1, 1, 1, 1, 1, 1, 1, 2], data_offsets: [4, 8] },
      empty: { dtype: "F16", shape: [0, 4], data_offsets: [8, 8] },
      counts: { dtype: "I64", shape: [2], data_offsets: [8, 24] },
    };
    const bytes = fileOf(header);
    const start = bytes.length - 24;
    bytes.writeFloatLE(1.5, start);
    bytes.writeUInt16LE(0x3fc0, start + 4); // 1.5 in BF16, the upper half of its float32
    bytes.writeUInt16LE(0xc000, start + 6); // -2
    writeFileSync(path, bytes);
    const { places, others, metadata } = await readSafetensorsHeader(path);
    assert.deepEqual(metadata, { made: "by hand" });
    assert.deepEqual([...others], [["counts", "I64"]]);
    assert.deepEqual(
      [...places.values()].map(({ at, bytes, shape }) => [at - start, bytes, shape.length]),
      [
        [0, 4, 0],
        [4, 4, 8],
        [8, 0, 2],
      ],
    );
    assert.deepEqual([...(await readTensor(places.get("scalar")!))], [1.5]);
    assert.deepEqual([...(await readTensor(places.get("deep")!))], [1.5, -2]);
    assert.deepEqual([...(await readTensor(places.get("empty")!))], []);
  });

  it("that is written is read, in full and in half precision", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "model.safetensors");
    const tensors = [
      { name: "a", shape: [2, 1], values: Float32Array.of(0.1, -3) },
      { name: "b", shape: [1], values: Float32Array.of(65_504) },
    ];
    for (const [type, first] of [
      ["F32", Math.fround(0.1)],
      ["F16", 0.0999755859375],
    ] as const) {
      writeFileSync(path, packSafetensors(tensors, { type, metadata: { steps: "3" } }));
      const { places, metadata } = await readSafetensorsHeader(path);
      assert.deepEqual(metadata, { steps: "3" });
      assert.deepEqual([...(await readTensor(places.get("a")!))], [first, -3]);
      assert.deepEqual([...(await readTensor(places.get("b")!))], [65_504]);
    }
  });
});
