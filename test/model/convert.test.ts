/** Converting a model: what is looked at before anything is read, and what is left when it fails. */

import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { convert, writeBeside } from "../../src/model/convert.ts";
import { decoderGraph } from "../../src/model/graph.ts";
import { readSource } from "../../src/model/open.ts";
import { weightsOf } from "../../src/model/source.ts";
import { reference, temporaryFolder, writeFolder } from "./shared.ts";

describe("a conversion", () => {
  it("of more than the disk has room for reads and writes nothing, and says how much is needed", async () => {
    using folder = temporaryFolder();
    using cache = temporaryFolder();
    writeFolder(folder.path, reference.models.llama!);
    const source = await readSource(folder.path);
    const { vocabulary } = source.config;
    const huge = 2 ** 40;
    const read = () => assert.fail("a weight was read");
    const grown = {
      ...source,
      config: { ...source.config, vocabulary: huge },
      weights: new Map(
        [...source.weights].map(([name, weight]) => {
          const shape = weight.shape.map((count) => (count === vocabulary ? huge : count));
          return [name, { ...weight, shape, read }];
        }),
      ),
    };
    const models = join(cache.path, "models");
    await assert.rejects(convert(grown, "huge", { folder: cache.path }), (error: Error) => {
      const [, free, needed] = / has (\d+) MiB free, and the converted model needs (\d+): /.exec(error.message) ?? [];
      assert.ok(Number(needed) > (huge * 4) / 2 ** 20 && Number(free) < Number(needed), error.message);
      return error.name === "ModelFailure";
    });
    assert.deepEqual(readdirSync(models), []);
  });

  it("of one model that is asked for twice at once is done, and a graph beside it, for both", async () => {
    using folder = temporaryFolder();
    using cache = temporaryFolder();
    writeFolder(folder.path, reference.models.llama!);
    const source = await readSource(folder.path);
    const paths = await Promise.all([1, 2, 3].map(() => convert(source, "twice", { folder: cache.path })));
    assert.equal(new Set(paths).size, 1);
    assert.deepEqual(readdirSync(join(cache.path, "models")).length, 1);
    const before = readdirSync(dirname(paths[0]!));
    const graph = decoderGraph(source.config, weightsOf(source));
    const write = () => writeBeside(paths[0]!, "fused.onnx", graph, graph);
    const beside = await Promise.all([write(), write(), write()]);
    assert.deepEqual(new Set(beside), new Set([join(dirname(paths[0]!), "fused.onnx")]));
    assert.deepEqual(readdirSync(dirname(paths[0]!)).sort(), [...before, "fused.onnx"].sort());
  });

  it("tells how far it is, and is found when it is asked for again", async () => {
    using folder = temporaryFolder();
    using cache = temporaryFolder();
    writeFolder(folder.path, reference.models.llama!);
    const told: { done: number; total: number }[] = [];
    const options = { folder: cache.path, onProgress: (progress: (typeof told)[number]) => void told.push(progress) };
    const path = await convert(await readSource(folder.path), "small", options);
    assert.ok(existsSync(path) && existsSync(join(path, "../weights.bin")));
    assert.equal(told.at(-1)!.done, told.at(-1)!.total);
    for (const [i, { done, total }] of told.entries()) assert.ok(done > (told[i - 1]?.done ?? 0) && done <= total);
    const count = told.length;
    assert.equal(await convert(await readSource(folder.path), "small", options), path);
    assert.equal(told.length, count, "it is not converted twice");
  });
});
