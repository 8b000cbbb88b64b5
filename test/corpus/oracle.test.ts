/** The small models that ship, and the loss that pretraining lowers, against Transformers and PyTorch (oracle.py). */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Tensor } from "@tensorflow/tfjs";
import { crossEntropy, type ModelSize, sizeOf, weightShapes } from "../../corpus/pretrain/transformer.ts";
import { dataPath } from "../../src/data/index.ts";
import { openModel } from "../../src/model/index.ts";
import { tf } from "../../src/policy/index.ts";
import { prepareBackend } from "../../src/training/index.ts";
import { distance } from "../model/shared.ts";

interface Oracle {
  shipped: {
    [name: string]: {
      sha256: string;
      parameters: number;
      rows: { ids: number[]; every16thLogit: number[]; every4thHidden: number[] }[];
    };
  };
  gradient: {
    size: ModelSize;
    ids: number[];
    targets: number[];
    loss: number;
    names: string[];
    gradients: number[][];
  };
}

const oracle = JSON.parse(readFileSync(resolve(import.meta.dirname, "fixtures/oracle.json"), "utf8")) as Oracle;

describe("a small model's folder", () => {
  for (const name of ["tiny", "tiny-python"])
    it(`${name}: opens in Transformers, and gives the same numbers here at every length up to the whole context`, async () => {
      const { sha256, rows } = oracle.shipped[name]!;
      const weights = readFileSync(dataPath("models", name, "model.safetensors"));
      const found = createHash("sha256").update(weights).digest("hex");
      assert.equal(found, sha256, `data/models/${name} was replaced: run test/corpus/oracle.py again`);
      const decoder = await openModel(dataPath("models", name), { threads: 1 });
      assert.equal(rows.at(-1)!.ids.length, decoder.config.context);
      for (const { ids, every16thLogit, every4thHidden } of rows) {
        const { logits, hidden } = await decoder.forward({ tokens: Int32Array.from(ids), batch: 1 });
        const far = [distance(every(16, logits), every16thLogit), distance(every(4, hidden), every4thHidden)];
        assert.ok(Math.max(...far) < 1e-4, `${ids.length} tokens: logits and hidden state ${far} of their size away`);
      }
      await decoder.dispose();
    });
});

describe("the loss of pretraining", () => {
  it("and its gradient in every weight are PyTorch's", async () => {
    await prepareBackend({ backend: "cpu" });
    const { size, ids, targets, loss, names, gradients } = oracle.gradient;
    const shapes = weightShapes(size);
    assert.deepEqual(
      shapes.map(({ name }) => name),
      names,
    );
    const weights = shapes.map(({ name, shape }, k) => tf.tensor(formula(k, name, sizeOf(shape)), shape));
    const rows = [2, size.context] as [number, number];
    const { value, grads } = tf.valueAndGrads((...now: Tensor[]) =>
      crossEntropy(tf, size, now, tf.tensor2d(ids, rows, "int32"), tf.tensor2d(targets, rows, "int32")),
    )(weights);
    assert.ok(Math.abs((await value.data())[0]! / loss - 1) < 1e-6, `${await value.data()}, expected ${loss}`);
    // Against the size of the whole gradient: a bias of the keys has none, and single precision's noise is no error.
    const most = Math.max(...gradients.flat().map(Math.abs));
    for (const [k, expected] of gradients.entries()) {
      const found = await grads[k]!.data();
      assert.equal(found.length, expected.length);
      const far = Math.max(...expected.map((slope, i) => Math.abs(slope - found[i]!))) / most;
      assert.ok(far < 1e-5, `${names[k]}: ${far} of the gradient's size away`);
    }
  });
});

function every(step: number, values: Float32Array): Float32Array {
  return values.filter((_, i) => i % step === 0);
}

/** The weights of oracle.py's model. */
function formula(k: number, name: string, count: number): Float32Array {
  const scale = name.includes(".ln_") && name.endsWith("weight") ? 1 : 0;
  return Float32Array.from({ length: count }, (_, i) => 0.2 * Math.sin(0.7 * k + 0.37 * i) + scale);
}
