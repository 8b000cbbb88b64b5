/** What gpu-check measures, one path a process: how fast, and the numbers that the paths are compared by. */

import { drawNormals, drawTrace } from "../../bench/policy/drawn-trace.ts";
import { type Decoder, type DrawRequest, generate } from "../../src/model/index.ts";
import { openPretrained, tf } from "../../src/policy/index.ts";
import { createHead } from "../../src/policy/token/head.ts";
import { createRandom } from "../../src/random/index.ts";
import { policyGradientLoss, prepareBackend, type TensorBackendName } from "../../src/training/index.ts";
import { headUpdates, tensorNumbers } from "../../test/training/head-updates.ts";

/** What a path tells of itself: one number a batch, null where it was left out, and groups of numbers to compare. */
export interface Told {
  device: string;
  speeds: (number | null)[];
  numbers: number[][];
}

/** How it is asked. */
interface Asked {
  batches: readonly number[];
  model: string;
}

/** Stage to what measures a path of it. */
export const paths = { update, generate: tokens, draw };

/** Plain JavaScript takes minutes for more. */
const mostOfPlain = 64;

/**
 * Updates of a head of 500 words over 20 tokens a program. The numbers are those of the trainer's tests (a drawn batch's
 * losses and weights, tensor operations with their gradients), then the losses of five updates a batch size.
 */
async function update(backend: TensorBackendName, { batches }: Asked): Promise<Told> {
  const { device } = await prepareBackend({ backend });
  const suite = await headUpdates();
  const numbers = [suite.losses, suite.weights, await tensorNumbers()];
  const speeds: (number | null)[] = [];
  for (const batch of batches) {
    const isLeftOut = backend === "cpu" && batch > mostOfPlain;
    const { losses, best } = isLeftOut ? { losses: [], best: null } : await updatesOf(batch);
    numbers.push(losses);
    speeds.push(best);
  }
  return { device, speeds, numbers };
}

async function updatesOf(batch: number): Promise<{ losses: number[]; best: number }> {
  const [width, words, length] = [192, 500, 20];
  const n = batch * length;
  const random = createRandom(1, "gpu-check", batch);
  const trace = drawTrace(random, n, width, words);
  const head = createHead(width, words, { rank: 8 });
  const given = {
    advantages: tf.tensor1d(drawNormals(random, n, 1)),
    counts: tf.tensor1d(new Float32Array(n).fill(1)),
  };
  const optimizer = tf.train.adam(0.03);
  const losses: number[] = [];
  const times: number[] = [];
  for (let i = 0; i < 5; i++) {
    const began = performance.now();
    const options = { entropyBonus: 0, klCoef: 0.02, summed: false };
    const { value, grads } = tf.variableGrads(
      () => policyGradientLoss({ ...head.evaluate([trace], 1), ...given, options }),
      [...head.variables],
    );
    optimizer.applyGradients(grads as { [name: string]: tf.Variable });
    losses.push((await value.data())[0]!);
    tf.dispose([value, grads]);
    times.push(performance.now() - began);
  }
  head.dispose();
  return { losses, best: Math.min(...times.slice(1)) };
}

const ask = "// Add a method double(n) that returns n times two.\n";
const rounds = 32;

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
    const run = () =>
      generate(endless, { prompts, streams: prompts.map((_, i) => createRandom(1, i)), maxTokens: rounds });
    speeds.push(await perSecond(batch * rounds, run));
  }
  return { device: decoder.device, speeds, numbers };
}

/** The same drawn where the model runs, with a head; the numbers are what comes back of the first token of four rows. */
async function draw(provider: "cpu" | "cuda", { batches, model }: Asked): Promise<Told> {
  const decoder = await openPretrained(model, { provider, draws: "device" });
  const first = await decoder.draw!({ ...requestOf(decoder, 4), rounds: 1, uniforms: new Float32Array(4).fill(0.3) });
  const { hidden, base, logRest, restEntropy, logProb, outside } = first;
  // Those of one unit in one group: by itself a sum of what is nearly nothing would be compared with nothing.
  const numbers = [[...hidden], [...base, ...logRest, ...restEntropy, ...logProb, ...outside]];
  const speeds: number[] = [];
  for (const batch of batches) {
    const request = requestOf(decoder, batch);
    speeds.push(await perSecond(batch * rounds, () => decoder.draw!(request)));
  }
  return { device: decoder.device, speeds, numbers };
}

function requestOf({ tokenizer, config: { width, vocabulary } }: Decoder, rows: number): DrawRequest {
  const prompt = tokenizer.encode(ask);
  const random = createRandom(1, "gpu-check", "draw");
  const words = Int32Array.from({ length: 300 }, (_, i) => Math.floor((i * vocabulary) / 300));
  return {
    tokens: Int32Array.from({ length: prompt.length * rows }, (_, i) => prompt[i % prompt.length]!),
    valid: new Uint8Array(rows * prompt.length).fill(1),
    ...{ rows, rounds, temperature: 0.7, ends: [] },
    uniforms: Float32Array.from({ length: rounds * rows }, () => random.uniform()),
    head: {
      ...{ words, rank: 8, mean: new Float32Array(width), deviation: new Float32Array(width).fill(1) },
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
