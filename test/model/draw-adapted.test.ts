/** Programs drawn where the model runs with an adapter, against the host's token by token with the same one: tokens, and what entered. */

import assert from "node:assert/strict";
import { adaptedMatrices } from "../../src/model/adapter.ts";
import { createDecoder } from "../../src/model/decoder.ts";
import { drawGraph } from "../../src/model/draw-graph.ts";
import { canFuse } from "../../src/model/fused-pass.ts";
import { decoderGraph } from "../../src/model/graph.ts";
import { type AdapterWeights, type Decoder, generate, runPrefix } from "../../src/model/index.ts";
import { readSource } from "../../src/model/open.ts";
import { weightsOf } from "../../src/model/source.ts";
import { openPretrained } from "../../src/policy/index.ts";
import { emptyHead } from "../../src/policy/token/draw-rows.ts";
import { createRandom } from "../../src/random/index.ts";
import { requestOf } from "./requests.ts";
import { distance, reference, temporaryFolder, writeFolder } from "./shared.ts";

const rounds = 6;
const temperature = 0.8;

describe("programs drawn on the device with an adapter", () => {
  for (const [name, model] of Object.entries(reference.models))
    it(`are the host's, with what entered the first adapted block: a model of the shape ${name}`, async () => {
      using folder = temporaryFolder();
      writeFolder(folder.path, model);
      const source = await readSource(folder.path);
      const { config } = source;
      const written = async (graph: { chunks(): Promise<Uint8Array[]> }) => Buffer.concat(await graph.chunks());
      for (const blocks of new Set([1, config.layers]))
        for (const fused of canFuse(config) ? [false, true] : [false]) {
          const weight = weightsOf(source);
          const graph = await written(decoderGraph(config, weight, { adaptedBlocks: blocks }));
          const drawing = await written(drawGraph(config, weight, { fused, adaptedBlocks: blocks }));
          const parts = { graph, drawing, config, tokenizer: await source.openTokenizer(), hash: "" };
          const decoder = await createDecoder({ ...parts, adapted: { blocks, weight } }, { threads: 1 });
          await compare(decoder, blocks, `${name}, ${blocks} blocks, ${fused ? "few operations" : "plain"}`);
          await decoder.dispose();
        }
    });

  it("are refused what a decoder without adapters cannot tell", async () => {
    const decoder = await openPretrained("tiny", { threads: 1, draws: "device" });
    const request = requestOf([[1, 2]], rounds, temperature, emptyHead(decoder.config.width));
    await assert.rejects(
      decoder.draw!({ ...request, entering: true }),
      /^Error: This decoder was not opened to be adapted: open it with `adaptedBlocks`/,
    );
    await decoder.dispose();
  });
});

async function compare(decoder: Decoder, blocks: number, what: string): Promise<void> {
  const { vocabulary, width } = decoder.config;
  const random = createRandom(3, "draw", what);
  const held = decoder.adapted!.hold(drawnAdapter(decoder, blocks, random));
  const idsOf = (count: number) => Array.from({ length: count }, () => random.integer(vocabulary - 1) + 1);
  const prefixIds = idsOf(5);
  const prompts = [3, 5, 5, 1].map(idsOf);
  const request = requestOf(prompts, rounds, temperature, emptyHead(width));
  const without = await decoder.draw!(request, (await runPrefix(decoder, prefixIds)).past);
  const prefix = await runPrefix(decoder, prefixIds, { adapter: held });
  const drawn = await decoder.draw!({ ...request, adapter: held, entering: true }, prefix.past);
  assert.ok(distance(drawn.logProb.subarray(0, 4), without.logProb.subarray(0, 4)) > 1e-3, `${what}: it changes much`);
  assert.equal(without.entering, undefined);
  assert.equal(without.entered, undefined);
  const states = prompts.map((): number[] => []);
  const endless = { ...decoder, tokenizer: { ...decoder.tokenizer, end: [] } };
  const byHost = await generate(endless, {
    ...{ prefix, prompts, maxTokens: rounds, temperature, padTo: 5, adapter: held },
    streams: prompts.map((_, row) => createRandom(1, "row", row)),
    onEntering({ rows, length, pads, entering }) {
      for (const [at, row] of rows.entries())
        states[row]!.push(...entering.subarray((at * length + pads[at]!) * width, (at + 1) * length * width));
    },
  });
  const positions = 5 + rounds - 1;
  assert.equal(drawn.entering!.length, prompts.length * positions * width);
  assert.deepEqual(
    [...drawn.entered!],
    prompts.flatMap((_, row) => new Array<number>(positions).fill(row)),
  );
  for (const [row, { ids, logProbs }] of byHost.entries()) {
    const line = (values: ArrayLike<number>) => ids.map((_, at) => values[at * prompts.length + row]!);
    assert.deepEqual(line(drawn.ids), ids, what);
    assert.ok(distance(line(drawn.logProb), logProbs) < 2e-5, `${what}: ${distance(line(drawn.logProb), logProbs)}`);
    const first = row * positions + 5 - prompts[row]!.length;
    const entered = drawn.entering!.subarray(first * width, (row + 1) * positions * width);
    assert.ok(distance(entered, states[row]!) < 2e-5, `${what}, entering: ${distance(entered, states[row]!)}`);
  }
}

/** An adapter that changes much. */
function drawnAdapter({ config }: Decoder, blocks: number, random: { normal(): number }): AdapterWeights {
  const normal = (count: number) => Float32Array.from({ length: count }, () => 0.2 * random.normal());
  const matrices = Array.from({ length: blocks }, () => adaptedMatrices(config)).flat();
  return { pairs: matrices.map(({ from, to }) => ({ rank: 2, A: normal(2 * from), B: normal(2 * to) })) };
}
