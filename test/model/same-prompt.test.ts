/** Rows of one prompt are read once, and each is the same to the bit as if it had been alone. */

import assert from "node:assert/strict";
import { createBatch } from "../../src/model/batch.ts";
import type { BatchRow, Generated } from "../../src/model/batch-types.ts";
import { type Decoder, generate, openModel, runPrefix } from "../../src/model/index.ts";
import { createRandom } from "../../src/random/index.ts";
import { reference, temporaryFolder, writeFolder } from "./shared.ts";

/** Two prompts of more than one part, one of a few tokens; of each row, which it has. */
const random = createRandom(4);
const tokens = (count: number): number[] => Array.from({ length: count }, () => random.integer(38));
const prompts = [tokens(150), tokens(150), tokens(7)];
const rows = [0, 0, 1, 2, 0, 2, 1, 2];

interface Drawn {
  results: Generated[];
  /** Of each row, what entered the adapted block, position by position. */
  entered: number[][];
}

/** A llama of the formula, and a count of the tokens that it was asked to read. */
async function counted(dtype: "fp32" | "q8"): Promise<{ decoder: Decoder; read: () => number }> {
  using folder = temporaryFolder();
  const { config, ...rest } = reference.models.llama!;
  writeFolder(folder.path, { ...rest, config: { ...config, max_position_embeddings: 400 } });
  const decoder = await openModel(folder.path, { threads: 1, dtype, ...(dtype === "fp32" && { adaptedBlocks: 1 }) });
  let read = 0;
  const forward: Decoder["forward"] = (input) => {
    if (input.tokens.length > input.batch) read += input.tokens.length;
    return decoder.forward(input);
  };
  return { decoder: { ...decoder, forward }, read: () => read };
}

async function draw(decoder: Decoder, some: readonly number[]): Promise<Drawn> {
  const entered = some.map((): number[] => []);
  const results = await generate(decoder, {
    prefix: await runPrefix(decoder, [3, 1, 4, 1, 5]),
    prompts: some.map((i) => prompts[rows[i]!]!),
    streams: some.map((i) => createRandom(1, "row", i)),
    padTo: some.map((i) => (rows[i] === 2 ? 16 : 160)),
    maxTokens: 6,
    ...(decoder.adapted && {
      onEntering({ rows: told, length, pads, entering }) {
        const width = entering.length / (told.length * length);
        for (const [at, row] of told.entries())
          entered[row]!.push(...entering.subarray((at * length + pads[at]!) * width, (at + 1) * length * width));
      },
    }),
  });
  return { results, entered };
}

describe("rows of one prompt", () => {
  for (const dtype of ["fp32", "q8"] as const)
    it(`are read once, and each draws and is told the bits that it has alone, ${dtype}`, async () => {
      const { decoder, read } = await counted(dtype);
      const all = await draw(decoder, [...rows.keys()]);
      // The prefix, and each of the three prompts with its pads.
      assert.equal(read(), 5 + 160 + 160 + 16);
      assert.equal(
        new Set(all.results.map(({ ids }) => ids.join(" "))).size,
        rows.length,
        "each draws by its own stream",
      );
      for (const i of rows.keys()) {
        const alone = await draw(decoder, [i]);
        assert.deepEqual(all.results[i], alone.results[0]);
        assert.deepEqual(all.entered[i], alone.entered[0]);
        assert.equal(all.entered[i]!.length > 0, dtype === "fp32");
      }
      await decoder.dispose();
    });

  it("go on when one of them leaves while they are read, or just after", async () => {
    const { decoder } = await counted("fp32");
    const rowOf = (seed: number, more: Partial<BatchRow> = {}): BatchRow => {
      return { prompt: prompts[0]!, maxTokens: 5, stream: createRandom(seed), ...more };
    };
    const runAll = async (given: readonly BatchRow[], leave: (step: number) => void): Promise<Generated[]> => {
      const batch = createBatch(decoder);
      const results: Generated[] = [];
      for (const row of given) batch.add(row);
      for (let step = 1; batch.running > 0; step++) {
        for (const { row, result } of await batch.step()) results[row] = result;
        leave(step);
      }
      return results;
    };
    const [alone] = await runAll([rowOf(2)], () => {});
    for (const leaves of [1, 2, 3, 4]) {
      const leaving = new AbortController();
      const results = await runAll(
        [rowOf(1, { signal: leaving.signal }), rowOf(2), rowOf(3, { maxTokens: 1 })],
        (step) => {
          if (step === leaves) leaving.abort();
        },
      );
      assert.equal(results[0]!.ended, "cancelled");
      assert.deepEqual(results[1], alone, `the first left after step ${leaves}`);
      assert.equal(results[2]!.ids.length, 1);
    }
    await decoder.dispose();
  });

  it("are read by themselves where each is told of its prompt's tokens", async () => {
    const { decoder, read } = await counted("fp32");
    const batch = createBatch(decoder);
    const told: number[][] = [[], []];
    for (const own of told)
      batch.add({ prompt: prompts[2]!, maxTokens: 0, stream: createRandom(1), onRead: (at) => void own.push(at) });
    while (batch.running > 0) await batch.step();
    assert.deepEqual(told, [
      [1, 2, 3, 4, 5, 6],
      [1, 2, 3, 4, 5, 6],
    ]);
    assert.equal(read(), 14);
    await decoder.dispose();
  });
});
