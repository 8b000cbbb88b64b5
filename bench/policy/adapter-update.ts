/**
 * An adapter's update as the trainer makes it (loss, gradient, clipping, Adam), of programs that nobody wrote behind a prefix that
 * nobody designed: tokens drawn at random, with the states that the model has of them. To be timed; and as a file for PyTorch.
 */

import { writeFileSync } from "node:fs";
import { type Decoder, packSafetensors, runPrefix } from "../../src/model/index.ts";
import { type Action, type TrainablePolicy, tf } from "../../src/policy/index.ts";
import { objectiveGradient } from "../../src/policy/token/adapter/evaluation.ts";
import { readTail } from "../../src/policy/token/adapter/frozen.ts";
import { openAdapterGradient } from "../../src/policy/token/adapter/gradient.ts";
import type { Batch } from "../../src/policy/token/adapter/parts.ts";
import type { AdapterTrace } from "../../src/policy/token/adapter/trace.ts";
import { type AdapterVariables, createAdapter } from "../../src/policy/token/adapter/weights.ts";
import { createRandom, type Random } from "../../src/random/index.ts";
import { ownGradient, tensorGradient } from "../../src/training/gradient.ts";
import { takeStep } from "../../src/training/step.ts";
import { drawNormals } from "./drawn-trace.ts";

/** What is updated, the same on every path. */
export const adapterShape = { blocks: 4, rank: 16, scale: 2 };
export const adapterTemperature = 0.6;
/** Tokens of a program's own prompt, and of the program; and of the prefix, less where the model's context is short. */
const [askedEach, drawnEach, prefixLength] = [20, 20, 240];
/** Adam's learning rate. */
export const adapterRate = 1.5e-3;
const loss = { entropyBonus: 0, klCoef: 0, summed: false };

/** Programs with advantages, and the prefix that they stand behind. */
export interface DrawnPrograms {
  prefix: Batch["prefix"];
  traces: AdapterTrace[];
  /** One a program. */
  advantages: number[];
}

/** Draws programs, and has the model say what entered its last blocks for them. */
export async function drawPrograms(decoder: Decoder, count: number): Promise<DrawnPrograms> {
  const random = createRandom(1, "adapter-update");
  const { vocabulary, width, context } = decoder.config;
  const idsOf = (length: number) => Array.from({ length }, () => random.integer(vocabulary));
  const prefixIds = idsOf(Math.min(prefixLength, context - askedEach - drawnEach));
  const states: number[][] = [];
  await runPrefix(decoder, prefixIds, { onEntering: ({ entering }) => void states.push([...entering]) });
  const prefix = { length: prefixIds.length, entering: Float32Array.from(states.flat()) };
  const { past } = await runPrefix(decoder, prefixIds);
  const length = askedEach + drawnEach - 1;
  const traces: AdapterTrace[] = [];
  // Some rows at a time: keys and values of all would be large.
  for (let from = 0; from < count; from += 16) {
    const rows = Array.from({ length: Math.min(16, count - from) }, () => idsOf(length + 1));
    const tokens = Int32Array.from(rows.flatMap((row) => row.slice(0, length)));
    const found = await decoder.forward({ tokens, batch: rows.length, prefix: past, entering: true });
    for (const one of found.past) one.release();
    for (const [i, row] of rows.entries()) {
      const none = new Float32Array(drawnEach);
      const entering = found.entering!.slice(i * length * width, (i + 1) * length * width);
      const ids = Int32Array.from(row.slice(askedEach));
      traces.push({ entering, asked: askedEach, ids, logProbs: none, entropy: none });
    }
  }
  // From a stream of their own: programs that are drawn among more are the same, and so is what they are pushed by.
  const pushes = createRandom(1, "adapter-update", "advantages");
  return { prefix, traces, advantages: traces.map(() => pushes.normal()) };
}

/** An adapter that has learned a little. */
export function drawAdapter({ config }: Decoder): AdapterVariables {
  const adapter = createAdapter(config, { ...adapterShape, seed: 1 });
  const random = createRandom(2, "adapter-update");
  for (const [i, variable] of adapter.variables.entries())
    if (i % 2 === 1) tf.tidy(() => variable.assign(tf.tensor(normals(random, variable.size), variable.shape)));
  return adapter;
}

function normals(random: Random, count: number): Float32Array {
  return drawNormals(random, count, 0.01);
}

/** An adapter with its batch, to be updated again and again. */
export interface AdapterUpdates {
  /** Makes an update; gives the loss before it, and the gradient. */
  step(): Promise<{ loss: number; gradient: number[] }>;
  close(): Promise<void>;
}

/** Opens updates of drawn programs. The gradient is ONNX Runtime's where its provider is given, else TF.js's, which must be ready. */
export async function openAdapterUpdates(
  decoder: Decoder,
  { prefix, traces, advantages }: DrawnPrograms,
  provider?: "cpu" | "cuda",
): Promise<AdapterUpdates> {
  const adapter = drawAdapter(decoder);
  const { variables, pairs } = adapter;
  const temperature = adapterTemperature;
  const read = ({ trace }: Action) => trace as AdapterTrace;
  const how = { ...loss, decoder, adapter, prefix, temperature, read };
  const engine = provider && (await openAdapterGradient({ ...how, provider }));
  const tail = engine ? null : await readTail(decoder, decoder.adapted!);
  const policy = {
    variables,
    objectiveGradient: (_: readonly Action[], objective: Parameters<typeof objectiveGradient>[2]) =>
      objectiveGradient({ tail: tail!, prefix, temperature, variables, pairs }, traces, objective),
  } as unknown as TrainablePolicy;
  const input = {
    actions: traces.map((trace): Action => ({ program: "", logProb: 0, choice: 0, label: "", trace })),
    advantages: traces.flatMap(({ ids }, i) => new Array<number>(ids.length).fill(advantages[i]!)),
    counts: traces.flatMap(({ ids }) => new Array<number>(ids.length).fill(1)),
  };
  const optimizer = tf.train.adam(adapterRate);
  return {
    async step() {
      const found = engine
        ? await ownGradient(policy, engine, input)
        : await tensorGradient(policy, input, { loss: undefined, options: loss });
      const { gradients, norm } = found;
      const gradient = variables.flatMap(({ name }) => [...(gradients[name]!.dataSync() as Float32Array)]);
      takeStep(optimizer, gradients, { norm, maxGradNorm: 1, learningRate: adapterRate });
      await Promise.all(variables.map((variable) => variable.data()));
      tf.dispose(gradients);
      return { loss: found.loss, gradient };
    },
    async close() {
      await engine?.dispose();
      tail?.dispose();
      optimizer.dispose();
      adapter.dispose();
    },
  };
}

/** Writes programs and the adapter for `adapter_update.py`. */
export async function writePrograms(
  path: string,
  variables: readonly tf.Variable[],
  { prefix, traces, advantages }: DrawnPrograms,
): Promise<void> {
  const { entering: first, asked, ids } = traces[0]!;
  const width = first.length / (asked + ids.length - 1);
  const number = (name: string, value: number) => ({ name, shape: [], values: Float32Array.of(value) });
  const pairs = await Promise.all(
    variables.map(async (variable, i) => ({
      ...{ name: `pair.${i}`, shape: variable.shape },
      values: Float32Array.from(await variable.data()),
    })),
  );
  const rows = traces.flatMap(({ entering, asked, ids }, i) => [
    { name: `row.${i}`, shape: [entering.length / width, width], values: entering },
    { name: `ids.${i}`, shape: [ids.length], values: Float32Array.from(ids) },
    number(`asked.${i}`, asked),
    number(`advantage.${i}`, advantages[i]!),
  ]);
  const head = [
    { name: "prefix", shape: [prefix.length, width], values: prefix.entering },
    number("rows", traces.length),
  ];
  writeFileSync(path, packSafetensors([...head, ...pairs, ...rows]));
}
