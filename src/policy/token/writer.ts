/**
 * Writes programs with a decoder: an observation becomes a prompt, a prompt a program. The prompts' common prefix is run
 * once and kept. What is written depends on (observation, stream) alone: prompts are padded to steps of a fixed length and
 * only those of one length begin together, so that no row's numbers depend on its neighbours.
 */

import {
  type Decoder,
  encodeTexts,
  type Generated,
  type GenerateOptions,
  generate,
  loadPrompt,
  type Prefix,
  type PromptDesign,
  promptOwn,
  promptPrefix,
  runPrefix,
  usualPrompt,
} from "../../model/index.ts";
import type { Random } from "../../random/index.ts";
import type { Action } from "../types.ts";
import { type Calibration, calibrate } from "./calibrate.ts";
import { type DeviceDraw, drawRows } from "./draw-rows.ts";
import { isTrace, referenceLogProb } from "./trace.ts";

/** How programs are written. */
export interface WriterOptions {
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

/** What watches and changes a batch while it is written. */
export interface Watch {
  onLogits?: NonNullable<GenerateOptions["onLogits"]>;
  onToken?: NonNullable<GenerateOptions["onToken"]>;
  finish?: () => (object | undefined)[];
  /** The same where programs are drawn on the device: a head, and whether they are learned from. */
  device?: DeviceDraw;
}

/** A program as it was written. */
export interface Written extends Generated {
  trace?: object | undefined;
  /** The prompt's last hidden state. Shape [width]. */
  features: Float32Array;
}

/** Turns observations into programs; shared by the token policy and its control. */
export async function createWriter(decoder: Decoder, options: WriterOptions) {
  const { topK = 0, topP = 1, batch = 32, ask = askOf } = options;
  const prompt =
    typeof options.prompt === "object"
      ? options.prompt
      : await loadPrompt(options.prompt ?? usualPrompt(decoder.tokenizer));
  const { maxTokens = prompt.maxTokens, temperature = prompt.temperature ?? 1 } = options;
  if (!(temperature > 0 && Number.isFinite(temperature)))
    throw new RangeError(`Expected \`temperature\` to be a positive number, got ${temperature}`);
  const { tokenizer, config } = decoder;
  const [designIds] = (await encodeTexts(tokenizer, [promptPrefix(prompt)])) as [number[]];
  const prefixIds = [...(tokenizer.begin ?? []), ...designIds];
  const prefix: Prefix | null = prefixIds.length > 0 ? await runPrefix(decoder, prefixIds) : null;
  // Prompts are padded to lengths in steps, so that a row's numbers do not depend on its neighbours' lengths.
  const room = config.context - prefixIds.length - maxTokens;
  const idsOf = async (texts: readonly string[]): Promise<number[][]> => {
    const all = await encodeTexts(
      tokenizer,
      texts.map((text) => promptOwn(prompt, text)),
    );
    // A text that is too long keeps its end: the newest part of a response is what the agent asks now.
    return all.map((ids) => (ids.length > room ? ids.slice(-room) : ids));
  };
  if (room < 8)
    throw new RangeError(
      `The prompt design "${prompt.name}" (${prefixIds.length} tokens) and programs of ${maxTokens} tokens leave no room for a task in the model's ${config.context} positions`,
    );
  const padded = (length: number): number => Math.min(room, Math.ceil(length / padStep) * padStep);
  const common = { maxTokens, stop: prompt.stop, temperature, topK, topP, ...(prefix && { prefix }) };
  const spent = { tokens: 0, seconds: 0 };

  const count = (written: readonly Generated[], began: number): void => {
    spent.tokens += written.reduce((sum, { ids }) => sum + ids.length, 0);
    spent.seconds += (performance.now() - began) / 1000;
  };
  const writeAll = async (prompts: number[][], streams: readonly Random[], watch: Watch): Promise<Written[]> => {
    const began = performance.now();
    const { width } = config;
    const padTo = prompts.map((ids) => padded(ids.length));
    if (decoder.draw && watch.device && topK === 0 && topP === 1) {
      const written = await drawRows(decoder, watch.device, { ...common, prompts, streams, padTo, batch });
      count(written, began);
      return written;
    }
    const features = new Array<Float32Array>(prompts.length);
    const written = await generate(decoder, {
      ...common,
      prompts,
      streams,
      batch,
      padTo,
      onLogits: (step) => {
        for (const [at, row] of step.rows.entries()) features[row] ??= step.hidden.slice(at * width, (at + 1) * width);
        watch.onLogits?.(step);
      },
      ...(watch.onToken && { onToken: watch.onToken }),
    });
    count(written, began);
    const traces = watch.finish?.();
    return written.map((one, i) => ({ ...one, trace: traces?.[i], features: features[i]! }));
  };

  return {
    prompt,
    batch,
    maxTokens,
    temperature,
    spent,
    /** Programs for observations. */
    async write(
      observations: readonly unknown[],
      streams: readonly Random[],
      watch: (count: number) => Watch,
    ): Promise<Written[]> {
      const watching = watch(observations.length);
      return writeAll(await idsOf(observations.map((seen) => ask(seen))), streams, watching);
    },
    async calibrate(asks: readonly string[], samples: number, seed: number): Promise<Calibration> {
      const prompts = await idsOf(asks);
      const padTo = padded(Math.max(0, ...prompts.map((ids) => ids.length)));
      return calibrate(decoder, { ...common, prompts, samples, batch, seed, padTo });
    },
  };
}

const padStep = 8;

/** A program and what came with it as an action. */
export function actionOf(prompt: PromptDesign): (written: Written) => Action {
  return ({ ids, text, logProbs, ended, trace, features }) => {
    const program = (prompt.primed + text).trimEnd();
    return {
      program,
      label: program.split("\n")[0]!.slice(0, 40),
      choice: ids,
      tokens: ids.length,
      logProb: logProbs.reduce((sum, value) => sum + value, 0),
      cut: ended === "length",
      features,
      ...(trace && { trace }),
      ...(trace && isTrace(trace) && { referenceLogProb: referenceLogProb(trace) }),
    };
  };
}

/** What an observation asks: its task, else what the agent said last. */
function askOf(observation: unknown): string {
  const { task, response, query } = (observation ?? {}) as { task?: unknown; response?: unknown; query?: unknown };
  for (const text of [task, response, query]) if (typeof text === "string" && text !== "") return text;
  return "stay alive";
}
