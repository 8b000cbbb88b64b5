/** Programs drawn where the model runs, against the same drawn by the host token by token, from the same numbers. */

import assert from "node:assert/strict";
import { createDecoder } from "../../src/model/decoder.ts";
import { drawGraph } from "../../src/model/draw-graph.ts";
import { canFuse } from "../../src/model/fused-pass.ts";
import { decoderGraph } from "../../src/model/graph.ts";
import { type EndsAcross, generate, openModel, randomModel, runPrefix } from "../../src/model/index.ts";
import { readSource } from "../../src/model/open.ts";
import { weightsOf } from "../../src/model/source.ts";
import { openPretrained } from "../../src/policy/index.ts";
import { emptyHead } from "../../src/policy/token/draw-rows.ts";
import { createRandom } from "../../src/random/index.ts";
import { requestOf } from "./requests.ts";
import { distance, reference, temporaryFolder, writeFolder } from "./shared.ts";

const there = { threads: 1, draws: "device" } as const;

describe("programs drawn on the device", () => {
  for (const [name, model] of Object.entries(reference.models))
    it(`are the host's by a model of the shape ${name}: behind a prefix, prompts of several lengths`, async () => {
      using folder = temporaryFolder();
      writeFolder(folder.path, model);
      const decoder = await openModel(folder.path, there).catch((error: Error) => error);
      if (decoder instanceof Error) {
        assert.match(decoder.message, /^Programs cannot be drawn on the device by a model with dynamic rotary scaling/);
        return;
      }
      const { vocabulary, width } = decoder.config;
      const random = createRandom(3, "draw", name);
      const idsOf = (count: number) => Array.from({ length: count }, () => random.integer(vocabulary - 1) + 1);
      const prefix = await runPrefix(decoder, idsOf(5));
      const prompts = [3, 5, 5, 1].map(idsOf);
      const rounds = 6;
      const request = requestOf(prompts, rounds, 0.8, emptyHead(width));
      const drawn = await decoder.draw!(request, prefix.past);
      const endless = { ...decoder, tokenizer: { ...decoder.tokenizer, end: [] } };
      const byHost = await generate(endless, {
        ...{ prefix, prompts, maxTokens: rounds, temperature: 0.8, padTo: 5 },
        streams: prompts.map((_, row) => createRandom(1, "row", row)),
      });
      for (const [row, { ids, logProbs }] of byHost.entries()) {
        const line = (values: ArrayLike<number>) => ids.map((_, at) => values[at * prompts.length + row]!);
        assert.deepEqual(line(drawn.ids), ids);
        assert.ok(distance(line(drawn.logProb), logProbs) < 2e-5, `${distance(line(drawn.logProb), logProbs)}`);
        // Without a head the token's own log-probability is the same.
        assert.ok(distance(line(drawn.outside), logProbs) < 2e-5);
      }
      await decoder.dispose();
    });

  it("are the same by the pass of few operations, which is a card's: of Llama's family, behind a prefix and without one", async () => {
    const fused: string[] = [];
    for (const [name, model] of Object.entries(reference.models)) {
      using folder = temporaryFolder();
      writeFolder(folder.path, model);
      const source = await readSource(folder.path);
      const { config } = source;
      if (!canFuse(config)) continue;
      fused.push(name);
      const written = async (graph: { chunks(): Promise<Uint8Array[]> }) => Buffer.concat(await graph.chunks());
      const graph = await written(decoderGraph(config, weightsOf(source)));
      const [plain, few] = await Promise.all(
        [false, true].map(async (isFused) => {
          const drawing = await written(drawGraph(config, weightsOf(source), { fused: isFused, adaptedBlocks: 0 }));
          const tokenizer = await source.openTokenizer();
          return createDecoder({ graph, drawing, config, tokenizer, hash: "" }, { threads: 1 });
        }),
      );
      assert.deepEqual(
        placesOf(drawGraph(config, weightsOf(source), { fused: true, adaptedBlocks: 0 })),
        placesOf(decoderGraph(config, weightsOf(source))),
      );
      const random = createRandom(3, "draw", name);
      const idsOf = (count: number) => Array.from({ length: count }, () => random.integer(config.vocabulary - 1) + 1);
      const prefixIds = idsOf(5);
      const request = requestOf([3, 5, 5, 1].map(idsOf), 6, 0.8, emptyHead(config.width));
      for (const ids of [prefixIds, []]) {
        const [one, other] = await Promise.all(
          [plain!, few!].map(async (decoder) => {
            const prefix = ids.length > 0 ? await runPrefix(decoder, ids) : undefined;
            return decoder.draw!(request, prefix?.past);
          }),
        );
        assert.deepEqual([...other!.ids], [...one!.ids]);
        for (const what of ["logProb", "outside", "logRest", "restEntropy", "base", "hidden"] as const)
          assert.ok(
            distance(other![what], one![what]) < 2e-5,
            `${name}, ${what}: ${distance(other![what], one![what])}`,
          );
      }
      await Promise.all([plain!.dispose(), few!.dispose()]);
    }
    assert.ok(
      ["llama", "llama-tied"].every((name) => fused.includes(name)),
      `fused: ${fused}`,
    );
  });

  it("follow a head's change of the logits, and tell of the frozen model's distribution what float64 says of it", async () => {
    const decoder = await openPretrained("tiny", there);
    const { width, vocabulary } = decoder.config;
    const random = createRandom(5, "head");
    const normal = (count: number, scale: number) =>
      Float32Array.from({ length: count }, () => scale * random.normal());
    const tokenSubset = Int32Array.from([2, 77, 300, 901]);
    const head = {
      ...{
        tokenSubset,
        rank: 2,
        mean: normal(width, 0.1),
        deviation: normal(width, 0.1).map((value) => 1 + value ** 2),
      },
      ...{ A: normal(2 * width, 1), B: normal(8, 3), bias: normal(4, 2) },
    };
    const prompts = [decoder.tokenizer.encode("// Add a method\n")];
    const temperature = 0.7;
    const drawn = await decoder.draw!(requestOf(prompts, 1, temperature, head));
    const { logits, hidden } = await decoder.forward({ tokens: Int32Array.from(prompts[0]!), batch: 1 });
    const x = Array.from(hidden, (value, i) => (value - head.mean[i]!) / (head.deviation[i]! * Math.sqrt(width)));
    const u = [0, 1].map((r) => x.reduce((sum, value, i) => sum + value * head.A[r * width + i]!, 0));
    const changed = Array.from(logits, Number);
    for (const [i, id] of tokenSubset.entries())
      changed[id]! += head.bias[i]! + u[0]! * head.B[2 * i]! + u[1]! * head.B[2 * i + 1]!;
    const logSum = (values: number[]) => {
      const most = Math.max(...values);
      return most + Math.log(values.reduce((sum, value) => sum + Math.exp(value - most), 0));
    };
    const frozen = Array.from(logits, (value) => value / temperature);
    const logZ = logSum(frozen);
    const headed = changed.map((value) => value / temperature);
    const id = drawn.ids[0]!;
    const near = (found: number, expected: number) =>
      assert.ok(Math.abs(found - expected) < 2e-5 * (1 + Math.abs(expected)), `${found} is not ${expected}`);
    near(drawn.logProb[0]!, headed[id]! - logSum(headed));
    near(drawn.outside[0]!, frozen[id]! - logZ);
    for (const [i, word] of tokenSubset.entries()) near(drawn.base[i]!, frozen[word]! - logZ);
    const rest = frozen.map((value) => value - logZ).filter((_, i) => !tokenSubset.includes(i));
    near(drawn.logRest[0]!, logSum(rest));
    near(
      drawn.restEntropy[0]!,
      rest.reduce((sum, value) => sum + Math.exp(value) * value, 0),
    );
    // The draw itself: the first token at which the running sum passes the share.
    const share = createRandom(1, "row", 0).uniform();
    const target = share * headed.reduce((sum, value) => sum + Math.exp(value), 0);
    let running = 0;
    const sums = headed.map((value) => {
      running += Math.exp(value);
      return running;
    });
    assert.equal(
      sums.findIndex((sum) => sum > target),
      id,
    );
    assert.equal(vocabulary, headed.length);
    await decoder.dispose();
  });

  for (const fused of [false, true])
    it(`leave when half of them have ended, and what the others write is the same: ${fused ? "the pass of few operations" : "the plain pass"}`, async () => {
      const decoder = await drawerOf(fused);
      const random = createRandom(3, "leave");
      const idsOf = (count: number) =>
        Array.from({ length: count }, () => random.integer(decoder.config.vocabulary - 1) + 1);
      const prefix = await runPrefix(decoder, idsOf(5));
      const rounds = 12;
      const prompts = [3, 5, 2, 4, 1, 5, 3].map(idsOf);
      const request = requestOf(prompts, rounds, 0.8, emptyHead(decoder.config.width));
      const all = await decoder.draw!(request, prefix.past);
      assert.deepEqual([...all.rows], Array.from({ length: rounds }, () => [...prompts.keys()]).flat());
      const programs = prompts.map((_, row) => linesOf(all, row).map((line) => all.ids[line]!));
      // The last of a prompt and the first of its program are no pair, nor are two of one kind.
      const opens = [programs[2]![1]!, programs[5]![3]!, prompts[0]!.at(-1)!, programs[3]![2]!, programs[3]![3]!];
      const closes = [programs[2]![2]!, programs[5]![4]!, programs[0]![0]!];
      const pairs = { opens, closes };
      const none: EndsAcross = { opens: [], closes: [] };
      for (const [ends, across] of [
        [[programs[2]![1]!, programs[5]![3]!], none],
        [[programs[0]![0]!], none],
        [programs.map((ids) => ids[7]!), none],
        [[], pairs],
        [[programs[1]![6]!], pairs],
      ] as [number[], EndsAcross][]) {
        const some = await decoder.draw!({ ...request, ends, ...(across !== none && { across }) }, prefix.past);
        const isEnd = (id: number, at: number, ids: number[]) =>
          ends.includes(id) || (at > 0 && across.opens.includes(ids[at - 1]!) && across.closes.includes(id));
        const firsts = programs.map((ids) => ids.findIndex(isEnd));
        assert.ok(firsts.some((first) => first >= 0 && first < rounds - 1));
        const lengths = lengthsOf(
          firsts.map((first) => (first < 0 ? Number.POSITIVE_INFINITY : first + 1)),
          rounds,
        );
        for (const [row, length] of lengths.entries()) {
          const lines = linesOf(some, row);
          assert.equal(lines.length, length, `row ${row}, ended at ${firsts[row]}, ends ${ends}`);
          for (const [at, line] of lines.entries()) {
            const other = at * prompts.length + row;
            assert.equal(some.ids[line], all.ids[other]);
            for (const what of ["logProb", "outside", "logRest", "restEntropy", "base", "hidden"] as const) {
              const width = some[what].length / some.rows.length;
              const part = (drawn: typeof some, from: number) => drawn[what].subarray(from * width, (from + 1) * width);
              assert.ok(distance(part(some, line), part(all, other)) < 2e-5, `${what} of row ${row}, token ${at}`);
            }
          }
        }
      }
      await decoder.dispose();
    });

  it("are refused by name where they cannot be", async () => {
    const refuses = (options: object, message: RegExp) => assert.rejects(openPretrained("tiny", options), { message });
    await refuses(
      { draws: "device", dtype: "q8" },
      /^Programs cannot be drawn on the device with `dtype` q8: leave out/,
    );
    await refuses({ draws: "device", provider: "webgpu" }, /on the device on the provider webgpu/);
    await refuses({ draws: "cuda" }, /^Expected `draws` to be host or device, got "cuda"$/);
    const { config, tokenizer } = await openPretrained("tiny", { threads: 1 });
    const host = await randomModel({ ...config, layers: 1 }, tokenizer, { threads: 1 });
    assert.equal(host.draw, undefined);
    await host.dispose();
  });
});

/** A decoder of a small Llama that draws by one pass or the other. */
async function drawerOf(fused: boolean) {
  using folder = temporaryFolder();
  writeFolder(folder.path, reference.models.llama!);
  const source = await readSource(folder.path);
  const weight = weightsOf(source);
  const written = async (graph: { chunks(): Promise<Uint8Array[]> }) => Buffer.concat(await graph.chunks());
  const graph = await written(decoderGraph(source.config, weight));
  const drawing = await written(drawGraph(source.config, weight, { fused, adaptedBlocks: 0 }));
  const tokenizer = await source.openTokenizer();
  return createDecoder({ graph, drawing, config: source.config, tokenizer, hash: "" }, { threads: 1 });
}

function linesOf({ rows }: { rows: Int32Array }, row: number): number[] {
  return [...rows.keys()].filter((line) => rows[line] === row);
}

/** How many lines each row has whose tokens end it after so many: it leaves once no more than half of those with it go on. */
function lengthsOf(ends: readonly number[], rounds: number): number[] {
  const lengths = ends.map(() => 0);
  let here = [...ends.keys()];
  for (let round = 1; round <= rounds && here.length > 0; round++) {
    for (const row of here) lengths[row] = round;
    const on = here.filter((row) => ends[row]! > round);
    if (2 * on.length <= here.length) here = on;
  }
  return lengths;
}

/** Where a graph's weights lie in their file. */
function placesOf(graph: ReturnType<typeof decoderGraph>): string[] {
  return graph.external("weights.bin").tensors.map(({ at, bytes }) => `${at} ${bytes}`);
}
