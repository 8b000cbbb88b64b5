/**
 * A language model as a policy that learns: a frozen decoder writes programs token by token, and a small head, the only
 * thing that is trained, changes the odds of its tokens. What is drawn depends on (observation, stream) alone, not on the
 * batch it was drawn in. Not here: the decoder (`model/`), the head's mathematics (`head.ts`).
 */

import { checkOptions, listOf, only, text } from "../../data/check.ts";
import type { Decoder } from "../../model/index.ts";
import type { Policy, TrainablePolicy } from "../types.ts";
import { actWith, readWith } from "./actions.ts";
import { adapterPolicy } from "./adapter/policy.ts";
import type { Calibration } from "./calibrate.ts";
import { createProgramGenerator, type ProgramGenerator, tokenTraining } from "./generator.ts";
import { adapterPolicyEntries, tokenEntries } from "./given.ts";
import { openHeadGradient } from "./gradient.ts";
import { createHead, type Head, type HeadWeights } from "./head.ts";
import { numbersOf, tokenPlan } from "./plan.ts";
import type { LogitsProcessor } from "./processor.ts";
import { type CopyOptions, inCohorts, pretrainedName, runsOn, sampledBy, temperatureOf } from "./sampling.ts";
import { freeTextOf, sharpened, withHead } from "./steer.ts";
import { createTraces, isTrace, type Trace, type TraceSettings } from "./trace.ts";
import type { TokenPolicy, TokenPolicyOptions } from "./types.ts";

const optionsSchema = only<TokenPolicyOptions>({
  ...tokenEntries,
  asks: listOf(text, "what the model is asked in calibration: a list of texts"),
});

const adapterSchema = only<Pick<TokenPolicyOptions, keyof typeof adapterPolicyEntries>>(adapterPolicyEntries);

/** What a token policy is made of. */
interface TokenState {
  readonly decoder: Decoder;
  readonly options: TokenPolicyOptions;
  readonly generator: ProgramGenerator;
  readonly head: Head;
  readonly tokenSubset: Int32Array;
  readonly calibration: Pick<Calibration, "tokenSubset" | "mean" | "deviation">;
  readonly settings: TraceSettings;
}

/** Makes a token policy of a decoder. Draws some programs of it first, to calibrate the head. */
export async function tokenPolicy(decoder: Decoder, options: TokenPolicyOptions): Promise<TokenPolicy> {
  if (typeof options?.adapter === "object") {
    checkOptions(adapterSchema, options, "the options of policies.token with an adapter");
    return adapterPolicy(decoder, { ...options, adapter: options.adapter });
  }
  const state = await openPolicy(decoder, options);
  const { generator, head, tokenSubset } = state;
  const { prompt, batch, temperature, spent } = generator;
  const name = headName(state, temperature);
  return {
    ...{ name, decoder, prompt, temperature, tokenSubset: [...tokenSubset], spent, batch, variables: head.variables },
    ...inCohorts(decoder),
    learningRate: 0.07,
    traceBytes: generator.maxTokens * 4 * (decoder.config.width + tokenSubset.length + 4),
    recommended: tokenTraining,
    fingerprint: `${decoder.hash} rank ${head.rank} scale ${head.scale} words ${tokenSubset.length} prompt ${prompt.name} ${prompt.version}`,
    buffers: buffersOf(state),
    act: async (observations, streams) => actWith(generator, traced(state, await head.read()), observations, streams),
    asked: generator.asked,
    read: async (observations, written) => readWith(generator, traced(state, await head.read()), observations, written),
    plan: async () => tokenPlan(state, { as: "head" }, await numbersOf(head.variables)),
    evaluate: (actions) =>
      head.evaluate(
        actions.map(({ trace }) => readTrace(trace)),
        temperature,
      ),
    runsOn: runsOn(decoder),
    openGradient: (provider, options) =>
      openHeadGradient(head, { ...options, provider, temperature, read: ({ trace }) => readTrace(trace) }),
    frozen: (at) => frozen(state, at),
    steering: async () => ({ onLogits: withHead(await head.read(), state.settings, state.calibration)(0).onLogits! }),
    pretrained: (at) => pretrained(state, at),
    freeText: async () => freeTextOf(state, temperature, await head.read()),
    dispose: () => head.dispose(),
  };
}

async function openPolicy(decoder: Decoder, options: TokenPolicyOptions): Promise<TokenState> {
  checkOptions(optionsSchema, options, "the options of policies.token");
  const generator = await createProgramGenerator(decoder, options);
  const { seed = 0, tokenSubset: which = "sampled" } = options;
  const calibration = options.calibration ?? (await generator.calibrate(options.asks!, options.samples ?? 256, seed));
  const tokenSubset = checkTokenSubset(decoder, which, calibration);
  const head = createHead(decoder.config.width, tokenSubset.length, options);
  const settings = traceSettings(decoder, tokenSubset, calibration, generator.temperature);
  return { decoder, options, generator, head, tokenSubset, calibration, settings };
}

/** What its weights stand on and training leaves as it is. */
function buffersOf({
  options,
  generator,
  head,
  tokenSubset,
  calibration,
}: TokenState): NonNullable<TrainablePolicy["buffers"]> {
  const { mean, deviation } = calibration;
  return {
    tensors: [
      { name: "words", shape: [tokenSubset.length], values: tokenSubset },
      { name: "mean", shape: [mean.length], values: mean },
      { name: "deviation", shape: [deviation.length], values: deviation },
    ],
    about: {
      prompt: generator.prompt,
      ...{ rank: head.rank, scale: head.scale, temperature: generator.temperature, maxTokens: generator.maxTokens },
      ...{ topK: options.topK ?? 0, topP: options.topP ?? 1 },
    },
  };
}

/** Changes the odds by the head, and keeps of each token what learning from it needs. */
function traced({ generator, settings, calibration }: TokenState, weights: HeadWeights) {
  return (count: number): LogitsProcessor => {
    const traces = createTraces(count, generator.maxTokens, settings);
    const change = withHead(weights, settings, calibration)(count);
    return {
      onLogits: (step) => {
        traces.before(step);
        change.onLogits?.(step);
      },
      onToken: traces.after,
      finish: traces.finish,
      ...(change.device && { device: { ...change.device, traced: settings } }),
    };
  };
}

function headName({ decoder, options }: TokenState, temperature: number): string {
  return `head on ${decoder.config.family} ${decoder.hash.slice(0, 8)}${sampledBy({ ...options, temperature })}`;
}

/** The head as it is now, at another temperature than the policy's where one is given. */
function frozen(state: TokenState, options: CopyOptions = {}): Policy {
  const temperature = temperatureOf(options, "frozen", state.generator.temperature);
  const { generator, head, settings, calibration } = state;
  const [weights, numbers] = [head.read(), numbersOf(head.variables)];
  const factor = generator.temperature / temperature;
  return {
    name: `${headName(state, temperature)}, frozen`,
    batch: generator.batch,
    plan: async () => tokenPlan(state, { as: "frozen", temperature }, await numbers),
    runsOn: runsOn(state.decoder),
    ...inCohorts(state.decoder),
    act: async (observations, streams) =>
      actWith(generator, withHead(await weights, settings, calibration, factor), observations, streams),
    freeText: async () => freeTextOf(state, temperature, await weights),
  };
}

/** The frozen model alone, at another temperature than the policy's where one is given. */
function pretrained(state: TokenState, at: CopyOptions = {}): Policy {
  const temperature = temperatureOf(at, "pretrained", state.generator.temperature);
  const { decoder, options, generator } = state;
  const { prompt, batch } = generator;
  const processorFor = (): LogitsProcessor => sharpened(decoder.config.width, generator.temperature / temperature);
  return {
    name: pretrainedName(decoder, prompt, { ...options, temperature }),
    batch,
    plan: async () => tokenPlan(state, { as: "pretrained", temperature }, []),
    runsOn: runsOn(decoder),
    ...inCohorts(decoder),
    act: (observations, streams) => actWith(generator, processorFor, observations, streams),
    freeText: async () => freeTextOf(state, temperature, null),
  };
}

function traceSettings(
  { config: { width, vocabulary } }: Decoder,
  tokenSubset: Int32Array,
  { mean, deviation }: Pick<Calibration, "mean" | "deviation">,
  temperature: number,
): TraceSettings {
  const place = new Int32Array(vocabulary).fill(-1);
  for (const [i, id] of tokenSubset.entries()) place[id] = i;
  const root = Math.sqrt(width);
  const standardise = (hidden: Float32Array, into: Float32Array): void => {
    for (let i = 0; i < width; i++) into[i] = (hidden[i]! - mean[i]!) / (deviation[i]! * root);
  };
  return { tokenSubset, place, width, temperature, standardise };
}

function checkTokenSubset(
  { config: { vocabulary } }: Decoder,
  which: "sampled" | "all" | readonly number[],
  { tokenSubset }: Pick<Calibration, "tokenSubset">,
): Int32Array {
  if (which === "all") return Int32Array.from({ length: vocabulary }, (_, i) => i);
  const ids = which === "sampled" ? tokenSubset : [...new Set(which)].sort((a, b) => a - b);
  const wrong = ids.find((id) => !Number.isSafeInteger(id) || id < 0 || id >= vocabulary);
  if (wrong !== undefined || ids.length === 0)
    throw new RangeError(
      `Expected the head's \`tokenSubset\` to be "sampled", "all" or token ids from 0 to ${vocabulary - 1}, got ${wrong ?? "none"}`,
    );
  return Int32Array.from(ids);
}

function readTrace(trace: object | undefined): Trace {
  if (trace === undefined || !isTrace(trace))
    throw new TypeError("The action has no trace: only actions that this policy drew itself can be learned from");
  return trace;
}
