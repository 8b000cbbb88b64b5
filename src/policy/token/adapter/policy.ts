/**
 * A language model as a policy that learns in its last blocks: low-rank adapters there, the rest frozen. ONNX Runtime
 * draws the programs with the adapter's numbers as inputs, and runs the last blocks again, forth and back, over the states that
 * entered them (`gradient.ts`), as TF.js does for a loss of one's own (`evaluation.ts`). The adapter acts on all positions, those
 * of the prompt design included, so that the policy is the model with the adapter merged in. Not here: the mathematics (`blocks.ts`, `vocabulary.ts`), the numbers (`weights.ts`).
 */

import { type AdaptedBlocks, adapterHash, type Decoder, type Prefix, writePeft } from "../../../model/index.ts";
import type { Action, FreeText, Policy, TrainablePolicy } from "../../types.ts";
import { actWith, readWith } from "../actions.ts";
import { emptyHead } from "../draw-rows.ts";
import { createProgramGenerator, type ProgramGenerator, type ProgramGeneratorOptions } from "../generator.ts";
import { adapterPlan, numbersOf } from "../plan.ts";
import type { LogitsProcessor } from "../processor.ts";
import { type CopyOptions, inCohorts, pretrainedName, runsOn, sampledBy, temperatureOf } from "../sampling.ts";
import { sharpened } from "../steer.ts";
import type { TokenPolicy, TokenPolicyOptions } from "../types.ts";
import { type AdapterSetting, evaluateTraces, gradientSeconds, objectiveGradient } from "./evaluation.ts";
import { type FrozenTail, readTail } from "./frozen.ts";
import { openAdapterGradient } from "./gradient.ts";
import { type AdapterTrace, createAdapterTraces, isAdapterTrace } from "./trace.ts";
import { type AdapterOptions, type AdapterVariables, createAdapter, usualBlocks } from "./weights.ts";

/** Settings of the trainer that suit an adapter. */
const adapterTraining = {
  updates: 24,
  episodes: 32,
  group: 8,
  klCoef: 0,
  entropyBonus: 0,
  lrSchedule: "linear",
  curriculum: "each task new",
} as const satisfies TrainablePolicy["recommended"];

/** An adapter where the model runs, with the prefix run with it, and what tells it from others. */
type Held = NonNullable<LogitsProcessor["adapter"]> & { hash: string };

interface AdapterState {
  readonly decoder: Decoder;
  readonly options: ProgramGeneratorOptions;
  readonly generator: ProgramGenerator;
  readonly adapter: AdapterVariables;
  /** States of the design's prefix as they enter the first adapted block, which no training changes. */
  readonly prefix: AdapterSetting["prefix"];
  /** The frozen weights for TF.js, once something was drawn to learn from. */
  tail: Promise<FrozenTail> | null;
  loaded: FrozenTail | null;
  /** The adapter as it was last taken to the model, and the variables' data then. */
  held: { at: readonly object[]; held: Promise<Held> } | null;
}

/** Makes a token policy whose last blocks learn. Throws an Error for a decoder that was not opened for that. */
export async function adapterPolicy(
  decoder: Decoder,
  { adapter: given, seed = 0, ...options }: Omit<TokenPolicyOptions, "adapter"> & { adapter: AdapterOptions },
): Promise<TokenPolicy> {
  const state = await openAdapter(decoder, { ...given, seed }, options);
  const { generator, adapter } = state;
  const { prompt, batch, temperature, maxTokens, spent } = generator;
  const { blocks, rank, scale, variables } = adapter;
  return {
    ...{ name: nameOf(state, temperature), decoder, prompt, temperature, tokenSubset: [], spent, batch, variables },
    ...inCohorts(decoder),
    learningRate: 1.5e-3,
    traceBytes: maxTokens * 4 * (decoder.config.width + 3),
    recommended: adapterTraining,
    fingerprint: `${decoder.hash} adapter of ${blocks} blocks, rank ${rank}, scale ${scale}, prompt ${prompt.name} ${prompt.version}`,
    buffers: { tensors: [], about: { prompt, adapter: { blocks, rank, scale }, temperature, maxTokens } },
    act: async (observations, streams) => actWith(generator, await traced(state), observations, streams),
    asked: generator.asked,
    read: async (observations, written) => readWith(generator, await traced(state), observations, written),
    async plan() {
      await loadTail(state); // whoever has it played elsewhere learns from it here
      return adapterPlan(state, { as: "head" }, await numbersOf(variables));
    },
    evaluate: (actions) => evaluateTraces(settingOf(state), actions.map(traceOf)),
    objectiveGradient: (actions, objective) => objectiveGradient(settingOf(state), actions.map(traceOf), objective),
    openGradient: (provider, options) => {
      const { prefix } = state;
      return openAdapterGradient({ ...options, provider, decoder, adapter, prefix, temperature, read: traceOf });
    },
    gradientSeconds: (actions) => gradientSeconds(settingOf(state), actions.map(traceOf)),
    frozen: (at) => frozen(state, at),
    pretrained: (at) => pretrained(state, at),
    freeText: async () => freeTextOf(state, temperature, await hold(state)),
    runsOn: runsOn(decoder),
    steering: async () => ({ adapter: (await hold(state)).held }),
    async saveAdapter(folder) {
      const numbers = await adapter.numbers();
      await writePeft(folder, decoder.config, { ...numbers, blocks, scale, base: decoder.source });
    },
    saveMerged: async (folder) => decoder.adapted!.writeMerged(folder, await adapter.read()),
    dispose() {
      adapter.dispose();
      state.loaded?.dispose();
      state.loaded = null;
      state.held?.held.then(
        ({ held }) => held.release(),
        () => {}, // whoever asked for it heard why there is none
      );
      state.held = null;
    },
  };
}

async function openAdapter(
  decoder: Decoder,
  { blocks, rank = 16, scale = 2, seed }: AdapterOptions & { seed: number },
  options: ProgramGeneratorOptions,
): Promise<AdapterState> {
  const adapted = adaptedOf(decoder, blocks);
  const adapter = createAdapter(decoder.config, { blocks: adapted.blocks, rank, scale, seed });
  try {
    const generator = await createProgramGenerator(decoder, options);
    const states: Float32Array[] = [];
    await generator.runPrefix({ onEntering: ({ entering }) => void states.push(entering.slice()) });
    const entering = Float32Array.from(states.flatMap((part) => [...part]));
    const prefix = { length: entering.length / decoder.config.width, entering };
    return { decoder, options, generator, adapter, prefix, tail: null, loaded: null, held: null };
  } catch (error) {
    adapter.dispose();
    throw error;
  }
}

function adaptedOf({ adapted }: Decoder, blocks = usualBlocks): AdaptedBlocks {
  if (adapted?.blocks === blocks) return adapted;
  throw new Error(
    `An adapter of ${blocks} blocks needs a decoder that was opened with \`adaptedBlocks: ${blocks}\`; this one was opened with ${adapted?.blocks ?? "none"}`,
  );
}

function nameOf({ decoder, options, adapter }: AdapterState, temperature: number): string {
  const { config, hash } = decoder;
  const at = sampledBy({ ...options, temperature });
  return `adapter of ${adapter.blocks} blocks on ${config.family} ${hash.slice(0, 8)}${at}`;
}

/** The adapter as it is now, where the model runs. */
function holdNow(state: AdapterState): Promise<Held> {
  const { adapter } = state;
  const at = adapter.variables.map(({ dataId }) => dataId);
  const known = state.held;
  if (known?.at.every((id, i) => id === at[i])) return known.held;
  const held = hold(state);
  state.held = { at, held };
  held.catch(() => {
    if (state.held?.held === held) state.held = null;
  });
  return held;
}

async function hold({ decoder, generator, adapter }: AdapterState): Promise<Held> {
  const weights = await adapter.read();
  const held = decoder.adapted!.hold(weights);
  const prefix: Prefix | null = await generator.runPrefix({ adapter: held });
  return { held, prefix, hash: adapterHash(weights) };
}

/** Reads the frozen weights that an update needs, once. */
async function loadTail(state: AdapterState): Promise<void> {
  state.tail ??= readTail(state.decoder, state.decoder.adapted!);
  state.loaded = await state.tail;
}

/** Runs the model with the adapter, and keeps of each token what learning from it needs. */
async function traced(state: AdapterState): Promise<(count: number) => LogitsProcessor> {
  const { decoder, generator } = state;
  const [adapter] = await Promise.all([holdNow(state), loadTail(state)]);
  const { width } = decoder.config;
  const device: LogitsProcessor["device"] = { head: emptyHead(width), traced: "adapter" };
  return (count) => ({ adapter, device, ...createAdapterTraces(count, width, generator.temperature) });
}

function settingOf({ loaded, prefix, generator, adapter }: AdapterState): AdapterSetting {
  if (loaded === null) throw new Error("Nothing was drawn yet: an evaluation is of actions that this policy drew");
  const { temperature } = generator;
  return { tail: loaded, prefix, temperature, variables: adapter.variables, pairs: adapter.pairs };
}

/** The model with the adapter as it is now, at another temperature than the policy's where one is given. */
function frozen(state: AdapterState, options: CopyOptions = {}): Policy {
  const temperature = temperatureOf(options, "frozen", state.generator.temperature);
  const { generator } = state;
  const [held, numbers] = [hold(state), numbersOf(state.adapter.variables)];
  // Who never plays with the copy never hears of it.
  held.catch(() => {});
  const sharper = sharpened(state.decoder.config.width, generator.temperature / temperature);
  return {
    name: `${nameOf(state, temperature)}, frozen`,
    batch: generator.batch,
    plan: async () => adapterPlan(state, { as: "frozen", temperature }, await numbers),
    async act(observations, streams) {
      const adapter = await held;
      return actWith(generator, () => ({ adapter, ...sharper }), observations, streams);
    },
    runsOn: runsOn(state.decoder),
    ...inCohorts(state.decoder),
    freeText: async () => freeTextOf(state, temperature, await held),
  };
}

/** The frozen model alone, at another temperature than the policy's where one is given. */
function pretrained(state: AdapterState, at: CopyOptions = {}): Policy {
  const temperature = temperatureOf(at, "pretrained", state.generator.temperature);
  const { decoder, options, generator } = state;
  const { prompt, batch } = generator;
  const sharper = sharpened(decoder.config.width, generator.temperature / temperature);
  return {
    name: pretrainedName(decoder, prompt, { ...options, temperature }),
    batch,
    plan: async () => adapterPlan(state, { as: "pretrained", temperature }, []),
    act: (observations, streams) => actWith(generator, () => sharper, observations, streams),
    runsOn: runsOn(decoder),
    ...inCohorts(decoder),
    freeText: async () => freeTextOf(state, temperature, null),
  };
}

/** The model for any text, at a temperature; without an adapter it is the frozen model alone. */
function freeTextOf({ decoder }: AdapterState, temperature: number, held: Held | null): FreeText {
  const common = { decoder, temperature, topK: 0, topP: 1 };
  if (held === null) return { ...common, fingerprint: decoder.hash };
  return { ...common, adapter: held.held, steered: "all", fingerprint: `${decoder.hash} ${held.hash}` };
}

function traceOf({ trace }: Action): AdapterTrace {
  if (trace === undefined || !isAdapterTrace(trace))
    throw new TypeError("The action has no trace: only actions that this policy drew itself can be learned from");
  return trace;
}
