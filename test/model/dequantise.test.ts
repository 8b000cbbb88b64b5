/** Blocks of GGUF files against what the Python package `gguf` makes of the same bytes. */

import assert from "node:assert/strict";
import { blockTypes, dequantise } from "../../src/model/dequantise.ts";
import { reference } from "./shared.ts";

describe("blocks of weights", () => {
  for (const [name, { bytes, values }] of Object.entries(reference.blocks))
    it(`of ${name} become the floats that the reference makes of them`, () => {
      const type = [...blockTypes.values()].find((known) => known.name === name)!;
      const found = dequantise(Buffer.from(bytes, "hex"), type);
      assert.deepEqual(found, Float32Array.from(values));
    });

  it("are refused if they are not whole", () => {
    assert.throws(() => dequantise(new Uint8Array(35), blockTypes.get(8)!), {
      message: "Expected blocks of 34 bytes of Q8_0, got 35 bytes",
    });
  });
});
