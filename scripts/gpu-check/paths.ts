/** What gpu-check measures, one path a process: how fast, and the numbers that the paths are compared by. */

import { adapterShape, drawAdapter } from "../../bench/policy/adapter-update.ts";
import { drawNormals } from "../../bench/policy/drawn-trace.ts";
import { openHeadUpdates } from "../../bench/policy/head-update.ts";
import { deviceName } from "../../src/model/device.ts";
import { createGraph, type Decoder, type DrawRequest, generate, openGraph } from "../../src/model/index.ts";
import { openPretrained } from "../../src/policy/index.ts";
import { createRandom } from "../../src/random/index.ts";
import { type BackendName, prepareBackend } from "../../src/training/index.ts";
import { headUpdates, tensorNumbers } from "../../test/training/head-updates.ts";
import { adapterUpdate } from "./adapter.ts";
import type { Asked, Told } from "./told.ts";

/** Stage to what measures a path of it. */
export const paths = {
  ...{ update, generate: tokens, draw },
  ...{ "adapter-draw": adapterDraw, "adapter-update": adapterUpdate },
};

/** Plain JavaScript, and a model on the processor, take long for more. */
const mostOfPlain = 64;

/** The head whose updates are timed. */
const [width, subset, tokensEach] = [192, 500, 20];
const rounds = 8;

/** ONNX Runtime's provider for a backend that is none of TF.js. */
const providerOf = { "onnxruntime-cuda": "cuda", onnxruntime: "cpu" } as const;

/**
 * Updates of a head of 500 tokens over 20 tokens a program, as the trainer makes them. The numbers are those of the trainer's tests
 * (a drawn batch's losses and weights, tensor operations with their gradients), then the losses of the updates a batch size.
 */
async function update(backend: BackendName | "sending", { batches }: Asked): Promise<Told> {
  if (backend === "sending") return sending(batches);
  const isOwn = backend === "onnxruntime" || backend === "onnxruntime-cuda";
  const provider = isOwn ? providerOf[backend] : undefined;
  const ready = await prepareBackend({ backend: isOwn ? "wasm" : backend });
  const suite = await headUpdates(provider);
  const numbers = [suite.losses, suite.weights, isOwn ? [] : await tensorNumbers()];
  const speeds: (number | null)[] = [];
  for (const batch of batches) {
    const isLeftOut = backend === "cpu" && batch > mostOfPlain;
    const { losses, best } = isLeftOut ? { losses: [], best: null } : await updatesOf(batch, provider);
    numbers.push(losses);
    speeds.push(best);
  }
  return { device: provider ? deviceName(provider) : ready.device, speeds, numbers };
}

async function updatesOf(batch: number, provider?: "cpu" | "cuda"): Promise<{ losses: number[]; best: number }> {
  const random = createRandom(1, "gpu-check", batch);
  const head = await openHeadUpdates(random, { n: batch * tokensEach, width, subset, provider });
  const losses: number[] = [];
  const times: number[] = [];
  for (let i = 0; i < rounds; i++) {
    const began = performance.now();
    losses.push(await head.step());
    times.push(performance.now() - began);
  }
  await head.close();
  return { losses, best: Math.min(...times.slice(1)) };
}

/** What it takes to send a batch's numbers to the card, and nothing else. */
async function sending(batches: readonly number[]): Promise<Told> {
  const g = createGraph("sending", 23);
  for (const [name, size] of [
    ["hidden", width],
    ["base", subset],
  ] as const) {
    g.input(name, "float32", ["n", size]);
    g.output(g.op("Gather", [name, g.int64(0)], { axis: { int: 0 } }, `first.${name}`), "float32", [1, size]);
  }
  const graph = await openGraph(g, { provider: "cuda" });
  const speeds: number[] = [];
  for (const batch of batches) {
    const n = batch * tokensEach;
    const [hidden, base] = [width, subset].map((size) => ({
      values: new Float32Array(n * size).fill(1),
      shape: [n, size],
    }));
    const times: number[] = [];
    for (let i = 0; i < rounds; i++) {
      const began = performance.now();
      await graph.run({ hidden: hidden!, base: base! });
      times.push(performance.now() - began);
    }
    speeds.push(Math.min(...times.slice(1)));
  }
  return { device: graph.device, speeds, numbers: [] };
}

const ask = "// Add a method double(n) that returns n times two.\n";
const maxTokens = 32;

/** Sampled generation, 32 tokens a row, drawn by the host; the numbers are the logits after a fixed prompt. */
async function tokens(provider: "cpu" | "webgpu" | "cuda", { batches, model }: Asked): Promise<Told> {
  const decoder = await openPretrained(model, { provider, draws: "host" });
  const prompt = Int32Array.from(decoder.tokenizer.encode(ask));
  const numbers = [[...(await decoder.forward({ tokens: prompt, batch: 1 })).logits]];
  const speeds: number[] = [];
  for (const batch of batches) {
    const prompts = Array.from({ length: batch }, () => [...prompt]);
    // No token ends a row, so that every row has all of its tokens.
    const endless = { ...decoder, tokenizer: { ...decoder.tokenizer, end: [] } };
    const run = () => generate(endless, { prompts, streams: prompts.map((_, i) => createRandom(1, i)), maxTokens });
    speeds.push(await perSecond(batch * maxTokens, run));
  }
  return { device: decoder.device, speeds, numbers };
}

/** The same drawn where the model runs, with a head; the numbers are what comes back of the first token of four rows. */
async function draw(provider: "cpu" | "cuda", asked: Asked): Promise<Told> {
  return drawWith(await openPretrained(asked.model, { provider, draws: "device" }), asked, {});
}

/** The same with an adapter of the last four blocks, and with what entered the first of them, which comes back too. */
async function adapterDraw(provider: "cpu" | "cuda", asked: Asked): Promise<Told> {
  const { blocks } = adapterShape;
  const decoder = await openPretrained(asked.model, { provider, draws: "device", adaptedBlocks: blocks });
  await prepareBackend({ backend: "cpu" });
  const adapter = decoder.adapted!.hold(await drawAdapter(decoder).read());
  return drawWith(decoder, asked, { adapter, entering: true });
}

async function drawWith(
  decoder: Decoder,
  { batches }: Asked,
  more: Pick<DrawRequest, "adapter" | "entering">,
): Promise<Told> {
  const { provider } = decoder;
  const uniforms = new Float32Array(4).fill(0.3);
  const first = await decoder.draw!({ ...requestOf(decoder, 4), rounds: 1, uniforms, ...more });
  const { hidden, base, logRest, restEntropy, logProb, outside, entering } = first;
  // Those of one unit in one group: by itself a sum of what is nearly nothing would be compared with nothing.
  const numbers = [[...hidden], [...base, ...logRest, ...restEntropy, ...logProb, ...outside], [...(entering ?? [])]];
  const speeds: (number | null)[] = [];
  for (const batch of batches) {
    const request = { ...requestOf(decoder, batch), ...more };
    const isLeftOut = provider === "cpu" && batch > mostOfPlain;
    speeds.push(isLeftOut ? null : await perSecond(batch * maxTokens, () => decoder.draw!(request)));
  }
  return { device: decoder.device, speeds, numbers };
}

function requestOf({ tokenizer, config: { width, vocabulary } }: Decoder, rows: number): DrawRequest {
  const prompt = tokenizer.encode(ask);
  const random = createRandom(1, "gpu-check", "draw");
  const subset = Int32Array.from({ length: 300 }, (_, i) => Math.floor((i * vocabulary) / 300));
  return {
    tokens: Int32Array.from({ length: prompt.length * rows }, (_, i) => prompt[i % prompt.length]!),
    valid: new Uint8Array(rows * prompt.length).fill(1),
    ...{ rows, rounds: maxTokens, temperature: 0.7, ends: [] },
    uniforms: Float32Array.from({ length: maxTokens * rows }, () => random.uniform()),
    head: {
      ...{ tokenSubset: subset, rank: 8, mean: new Float32Array(width), deviation: new Float32Array(width).fill(1) },
      ...{
        A: drawNormals(random, 8 * width, 1),
        B: drawNormals(random, 300 * 8, 0.01),
        bias: drawNormals(random, 300, 0.01),
      },
    },
  };
}

/** Things done a second, the second time. */
async function perSecond(count: number, run: () => Promise<unknown>): Promise<number> {
  await run();
  const began = performance.now();
  await run();
  return count / ((performance.now() - began) / 1000);
}
