/**
 * Writes programs with a decoder: an observation becomes a prompt, a prompt a program. The prompts' common prefix is run
 * once and kept. What is written depends on (observation, stream) alone: prompts are padded to steps of a fixed length and
 * only those of one length begin together, so that no row's numbers depend on its neighbours.
 */

import {
  checkPrompt,
  type Decoder,
  encodeTexts,
  type GenerateOptions,
  generate,
  type HeldAdapter,
  loadPrompt,
  type Prefix,
  type PromptDesign,
  promptOwn,
  promptPrefix,
  runPrefix,
  usualPrompt,
} from "../../model/index.ts";
import type { Random } from "../../random/index.ts";
import type { TrainablePolicy } from "../types.ts";
import { type Calibration, calibrate } from "./calibrate.ts";
import { drawRows } from "./draw-rows.ts";
import { type AskedElsewhere, type ForcedProgram, forceAll, type WrittenElsewhere } from "./elsewhere.ts";
import type { LogitsProcessor, Written } from "./processor.ts";

/** Settings of the trainer that suit a policy which writes programs token by token. How far ahead it is credited is the environment's to say. */
export const tokenTraining = {
  updates: 32,
  episodes: 48,
  group: 8,
  klCoef: 0.05,
  entropyBonus: 0,
  lrSchedule: "linear",
} as const satisfies TrainablePolicy["recommended"];

/** How programs are written. */
export interface ProgramGeneratorOptions {
  /** The prompt's design: its name in `data/prompts/`, or a design. @default the one that the model was trained on, else "few-shot" */
  prompt?: string | PromptDesign;
  /** Divides the logits, above 0. @default the prompt design's, else 1 */
  temperature?: number;
  /** See `SamplingOptions`. @default 0 and 1: every token may be drawn */
  topK?: number;
  topP?: number;
  /** Longest program, in tokens. @default the prompt design's */
  maxTokens?: number;
  /** Prompts run at once. @default 32 */
  batch?: number;
  /** What an observation asks. @default its `task`, else its `response`, else its `query` */
  ask?: (observation: unknown) => string;
}

/** Turns observations into programs; shared by the token policy and its control. */
export interface ProgramGenerator {
  readonly prompt: PromptDesign;
  readonly batch: number;
  readonly maxTokens: number;
  readonly temperature: number;
  /** Tokens drawn so far, and the seconds that took. */
  readonly spent: { tokens: number; seconds: number };
  /** Programs for observations. */
  write(
    observations: readonly unknown[],
    streams: readonly Random[],
    processorFor: (count: number) => LogitsProcessor,
  ): Promise<Written[]>;
  /** How a server is asked for programs for observations: whole prompts as token ids, and the rest of how they are drawn. */
  asked(observations: readonly unknown[]): Promise<AskedElsewhere>;
  /** Programs that were written elsewhere, read by the model that is here. */
  force(
    observations: readonly unknown[],
    written: readonly WrittenElsewhere[],
    processorFor: (count: number) => LogitsProcessor,
  ): Promise<ForcedProgram[]>;
  calibrate(asks: readonly string[], samples: number, seed: number): Promise<Calibration>;
  /** What all prompts begin with, run with an adapter; null where there is nothing. `onEntering` as of `GenerateOptions`. */
  runPrefix(options: Pick<GenerateOptions, "adapter" | "onEntering">): Promise<Prefix | null>;
}

/** How every prompt is continued. */
interface GeneratorState {
  readonly decoder: Decoder;
  readonly prompt: PromptDesign;
  readonly common: {
    maxTokens: number;
    stop: readonly string[];
    temperature: number;
    topK: number;
    topP: number;
    prefix?: Prefix;
  };
  readonly prefixIds: readonly number[];
  readonly batch: number;
  /** Positions that a prompt may have, after the prefix and before the program. */
  readonly room: number;
  readonly spent: { tokens: number; seconds: number };
  /** How many are being drawn for now, and since when anybody is. */
  readonly drawing: { callers: number; since: number };
}

/** Prompts are padded to lengths in steps, so that a row's numbers do not depend on its neighbours' lengths. */
const padStep = 8;

/**
 * Makes a generator: reads the prompt's design, and runs what all prompts begin with.
 * @throws {TypeError} for a design that lacks a part, which it names
 */
export async function createProgramGenerator(
  decoder: Decoder,
  options: ProgramGeneratorOptions,
): Promise<ProgramGenerator> {
  const { ask = askOf } = options;
  const state = await openGenerator(decoder, options);
  const { prompt, batch, common, spent } = state;
  const { maxTokens, temperature } = common;
  const promptsFor = (observations: readonly unknown[]): Promise<number[][]> =>
    idsOf(
      state,
      observations.map((seen) => ask(seen)),
    );
  return {
    ...{ prompt, batch, maxTokens, temperature, spent },
    async write(observations, streams, processorFor) {
      const processor = processorFor(observations.length);
      const prompts = await promptsFor(observations);
      return writeAll(state, { prompts, streams }, processor);
    },
    asked: async (observations) => {
      const prompts = await promptsFor(observations);
      const { stop, topK, topP } = common;
      const whole = prompts.map((ids) => [...state.prefixIds, ...ids]);
      return { prompts: whole, maxTokens, stop, temperature, topK, topP };
    },
    async force(observations, written, processorFor) {
      const prompts = await promptsFor(observations);
      return forceAll(decoder, common, { prompts, written }, processorFor(observations.length));
    },
    async calibrate(asks, samples, seed) {
      const prompts = await idsOf(state, asks);
      const padTo = padded(state, Math.max(0, ...prompts.map((ids) => ids.length)));
      return calibrate(decoder, { ...common, prompts, samples, batch, seed, padTo });
    },
    runPrefix: (how) => prefixOf(decoder, state.prefixIds, how),
  };
}

async function openGenerator(decoder: Decoder, options: ProgramGeneratorOptions): Promise<GeneratorState> {
  const { topK = 0, topP = 1, batch = 32 } = options;
  const prompt =
    typeof options.prompt === "object"
      ? checkPrompt(options.prompt)
      : await loadPrompt(options.prompt ?? usualPrompt(decoder.tokenizer));
  const { maxTokens = prompt.maxTokens, temperature = prompt.temperature ?? 1 } = options;
  if (!(temperature > 0 && Number.isFinite(temperature)))
    throw new RangeError(`Expected \`temperature\` to be a positive number, got ${temperature}`);
  const { tokenizer, config } = decoder;
  const [designIds] = (await encodeTexts(tokenizer, [promptPrefix(prompt)])) as [number[]];
  const prefixIds = [...(tokenizer.begin ?? []), ...designIds];
  const prefix = await prefixOf(decoder, prefixIds);
  const room = config.context - prefixIds.length - maxTokens;
  if (room < 8)
    throw new RangeError(
      `The prompt design "${prompt.name}" (${prefixIds.length} tokens) and programs of ${maxTokens} tokens leave no room for a task in the model's ${config.context} positions`,
    );
  const common = { maxTokens, stop: prompt.stop, temperature, topK, topP, ...(prefix && { prefix }) };
  const [spent, drawing] = [
    { tokens: 0, seconds: 0 },
    { callers: 0, since: 0 },
  ];
  return { decoder, prompt, common, prefixIds, batch, room, spent, drawing };
}

async function prefixOf(
  decoder: Decoder,
  ids: readonly number[],
  how: Pick<GenerateOptions, "adapter" | "onEntering"> = {},
): Promise<Prefix | null> {
  return ids.length > 0 ? runPrefix(decoder, ids, how) : null;
}

async function idsOf({ decoder, prompt, room }: GeneratorState, texts: readonly string[]): Promise<number[][]> {
  const all = await encodeTexts(
    decoder.tokenizer,
    texts.map((text) => promptOwn(prompt, text)),
  );
  // A text that is too long keeps its end: the newest part of a response is what the agent asks now.
  return all.map((ids) => (ids.length > room ? ids.slice(-room) : ids));
}

function padded({ room }: GeneratorState, length: number): number {
  return Math.min(room, Math.ceil(length / padStep) * padStep);
}

async function writeAll(
  state: GeneratorState,
  { prompts, streams }: { prompts: number[][]; streams: readonly Random[] },
  processor: LogitsProcessor,
): Promise<Written[]> {
  const { decoder, common, batch, spent } = state;
  const done = beginDrawing(state);
  const job = { ...common, prompts, streams, batch, padTo: prompts.map((ids) => padded(state, ids.length)) };
  const isPlain = common.topK === 0 && common.topP === 1;
  const { adapter, device } = processor;
  try {
    const written =
      decoder.draw && device && isPlain
        ? await drawRows(decoder, device, { ...job, ...adapted(adapter) })
        : await writeHere(decoder, job, processor);
    spent.tokens += written.reduce((sum, { ids }) => sum + ids.length, 0);
    return written;
  } finally {
    done();
  }
}

/** Counts the time in which anything is drawn, be it for one caller or for several at once. Gives what ends it. */
function beginDrawing({ spent, drawing }: GeneratorState): () => void {
  if (drawing.callers++ === 0) drawing.since = performance.now();
  return () => {
    if (--drawing.callers === 0) spent.seconds += (performance.now() - drawing.since) / 1000;
  };
}

/** Draws token by token in this process. */
async function writeHere(decoder: Decoder, job: GenerateOptions, processor: LogitsProcessor): Promise<Written[]> {
  const { width } = decoder.config;
  const features = new Array<Float32Array>(job.prompts.length);
  const { adapter, onEntering } = processor;
  const written = await generate(decoder, {
    ...job,
    ...adapted(adapter),
    ...(onEntering && { onEntering }),
    onLogits: (step) => {
      for (const [at, row] of step.rows.entries()) features[row] ??= step.hidden.slice(at * width, (at + 1) * width);
      processor.onLogits?.(step);
    },
    ...(processor.onToken && { onToken: processor.onToken }),
  });
  const traces = processor.finish?.();
  return written.map((one, i) => ({ ...one, trace: traces?.[i], features: features[i]! }));
}

function adapted(adapter: LogitsProcessor["adapter"]): { adapter?: HeldAdapter; prefix?: Prefix } {
  return adapter ? { adapter: adapter.held, ...(adapter.prefix && { prefix: adapter.prefix }) } : {};
}

/** What an observation asks: its task, else what the agent said last. */
function askOf(observation: unknown): string {
  const { task, response, query } = (observation ?? {}) as { task?: unknown; response?: unknown; query?: unknown };
  for (const text of [task, response, query]) if (typeof text === "string" && text !== "") return text;
  return "stay alive";
}
