/**
 * A model on this machine as a LanguageModel: a Hugging Face folder, a GGUF file, a name that a set-up command gave, an open
 * decoder, or a policy that writes with one, its trained head included. It is opened at the first question. Questions that are asked at once run as one batch, and an answer depends on (question, seed)
 * alone; a question without a seed takes its number for one. Log-probabilities are the model's own, before temperature and cuts.
 */

import { faultOf, integer, like, listOf, only, optional, partOf, positiveInteger, text } from "../data/check.ts";
import { dataPath } from "../data/index.ts";
import {
  chatText,
  createEngine,
  createTextStream,
  cutShared,
  type Decoder,
  type Engine,
  encodeTexts,
  type Generated,
  loadPrompt,
  modelLogProbs,
  type OpenModelOptions,
  openModel,
  type PromptDesign,
  promptTexts,
  type SamplingOptions,
  usualPrompt,
} from "../model/index.ts";
import { openEntries, promptEntry, samplingEntries } from "../model/options.ts";
import type { FreeText, PolicyPlan } from "../policy/index.ts";
import { createRandom } from "../random/index.ts";
import { LanguageModelFailure } from "./error.ts";
import { fingerprintOf } from "./local-told.ts";
import type { Completion, LanguageModel, ModelPlan, Prompt } from "./types.ts";

/** How a local model is asked. */
export interface LocalOptions extends SamplingOptions, OpenModelOptions {
  /**
   * What the model sees: a prompt design (its name in `data/prompts/`, or a design), `chat` for the model's chat format, or
   * `plain` for the question's text alone, to go on from. @default the design that the model was trained on, else "few-shot"
   */
  prompt?: string | PromptDesign;
  /** With `chat`: put before every conversation. */
  system?: string;
  /** Longest answer, in tokens. @default the design's, else 256 */
  maxTokens?: number;
  /** Texts that end an answer, beside the design's. @default none */
  stop?: readonly string[];
  /** Names the draws of questions that have no seed of their own. @default 0 */
  seed?: number;
  /** Most answers at once. @default 32 */
  maxBatch?: number;
}

/** What `models.local` takes: a path or a name, an open decoder, or a policy that writes with one. */
export type LocalSource = string | Decoder | { readonly name: string; freeText?(): Promise<FreeText> };

/** A model on this machine. */
export interface LocalModel extends LanguageModel {
  batch(prompts: readonly Prompt[]): Promise<Completion[]>;
  /** Opens it now, and gives the decoder. Rejects with a ModelFailure that says what to do. */
  open(): Promise<Decoder>;
  dispose(): Promise<void>;
}

const optionsSchema = only<LocalOptions>({
  ...samplingEntries,
  ...openEntries,
  prompt: promptEntry,
  system: optional(text),
  maxTokens: optional(positiveInteger),
  stop: optional(listOf(text, "a list of texts")),
  seed: optional(integer),
  maxBatch: optional(positiveInteger),
});

/** The model at a path, or by its name, or one that is open. Nothing is opened yet. */
export function local(source: LocalSource, options: LocalOptions = {}): LocalModel {
  const fault = faultOf(sourceSchema, source, "path") ?? faultOf(optionsSchema, options, "the options of models.local");
  if (fault !== null) throw new LanguageModelFailure(fault);
  let opened: Promise<Opened> | null = null;
  let asked = 0;
  const open = () => {
    opened ??= openAll(source, options).catch((error) => {
      opened = null;
      throw error;
    });
    return opened;
  };
  const name = nameOf(source);
  const complete = async (prompt: Prompt): Promise<Completion> => {
    const own = prompt.seed ?? `question ${asked++}`;
    const ready = await open();
    if (prompt.signal?.aborted) throw new LanguageModelFailure({ kind: "cancelled" });
    return answerOf(ready, prompt, { name, options, own });
  };
  return {
    name,
    maxTokens: options.maxTokens ?? (typeof options.prompt === "object" ? options.prompt.maxTokens : undefined) ?? 256,
    forms: options.prompt === "chat" ? ["chat", "plain"] : ["plain", "chat"],
    fingerprint: async () => fingerprintOf(await open(), options),
    plan: async () => localPlan(source, await open(), options),
    complete,
    batch: (prompts) => Promise.all(prompts.map(complete)),
    open: async () => (await open()).decoder,
    async dispose() {
      const last = opened;
      opened = null;
      // A decoder that somebody gave is theirs to dispose of.
      if (typeof source === "string") await (await last?.catch(() => null))?.decoder.dispose();
    },
  };
}

/** What it is opened by elsewhere: the decoder's own plan or the policy's, and how it is asked. */
async function localPlan(source: LocalSource, { decoder, design }: Opened, options: LocalOptions): Promise<ModelPlan> {
  const { prompt } = options;
  const own = Object.fromEntries(Object.entries(options).filter(([name]) => !(name in openEntries)));
  // A design by its name may be a file that is not there elsewhere.
  const asked = { ...own, ...(typeof prompt === "string" && design !== null && { prompt: design }) };
  if (writes(source)) {
    const policy = source as object as { plan?(): Promise<PolicyPlan> };
    if (policy.plan === undefined) throw new TypeError("the policy that writes it has no plan that workers could open");
    return { kind: "local", source: { policy: await policy.plan() }, options: asked };
  }
  if (decoder.plan === undefined)
    throw new TypeError("its model was opened from no name or path, so that no worker could open it");
  return { kind: "local", source: { decoder: decoder.plan }, options: asked };
}

const sourceSchema = like<LocalSource>(
  (value) => typeof value === "string" || isDecoder(value) || writes(value),
  "a path or a name, a decoder, or a policy that writes with one, such as policies.fromPretrained(...)",
);

function isDecoder(value: unknown): value is Decoder {
  return typeof (value as Partial<Decoder> | null)?.forward === "function";
}

function writes(value: unknown): value is { freeText(): Promise<FreeText> } {
  return typeof (value as { freeText?: unknown } | null)?.freeText === "function";
}

function nameOf(source: LocalSource): string {
  if (isDecoder(source)) return `${source.config.family} ${source.hash.slice(0, 8)}`;
  if (typeof source !== "string") return source.name;
  const last = source.replace(/[/\\]+$/, "").split(/[/\\]/);
  return last.at(-1)!.replace(/\.gguf$/, "");
}

/** A model that can be asked. */
interface Opened {
  decoder: Decoder;
  engine: Engine;
  design: PromptDesign | null;
  /** Without a temperature it is the design's. */
  sampling: { temperature: number | undefined; topK: number; topP: number };
  /** Whether training changed a token's odds itself; null where nothing was trained. */
  steers: ((id: number) => boolean) | null;
  fingerprint: string;
  /** What was said once, and is not said again. */
  warned: { plain: boolean };
}

async function openAll(source: LocalSource, options: LocalOptions): Promise<Opened> {
  const { prompt: given, maxBatch = 32 } = options;
  const known =
    typeof given === "object"
      ? given
      : given === undefined || given === "chat" || given === "plain"
        ? null
        : await loadPrompt(given);
  const { decoder, onLogits, adapter, steered, fingerprint, ...own } = await freeTextOf(source, options);
  const design = given === undefined ? await loadPrompt(usualPrompt(decoder.tokenizer)) : known;
  const { temperature = own.temperature, topK = own.topK ?? 0, topP = own.topP ?? 1 } = options;
  const engine = createEngine(decoder, { maxBatch, ...(onLogits && { onLogits }), ...(adapter && { adapter }) });
  const subset = Array.isArray(steered) ? new Set(steered) : null;
  const steers = steered === undefined ? null : (id: number) => subset?.has(id) ?? true;
  return {
    ...{ decoder, engine, design, steers, fingerprint },
    ...{ sampling: { temperature, topK, topP }, warned: { plain: false } },
  };
}

/** What writes. A model that came with the package is known by its name in `data/models/`. */
async function freeTextOf(
  source: LocalSource,
  options: LocalOptions,
): Promise<Partial<FreeText> & Pick<FreeText, "decoder" | "fingerprint">> {
  if (writes(source)) return source.freeText();
  const bundled = dataPath("models");
  const decoder = isDecoder(source)
    ? source
    : await openModel(source as string, { ...partOf(openEntries, options), bundled });
  return { decoder, fingerprint: decoder.hash };
}

/** Asks an open model. `own` names its draws. */
async function answerOf(
  { decoder, engine, design: usual, sampling, steers, warned }: Opened,
  prompt: Prompt,
  { name, options, own }: { name: string; options: LocalOptions; own: number | string },
): Promise<Completion> {
  const { tokenizer } = decoder;
  const design = prompt.form === undefined ? usual : null;
  const { texts, begin, primed, stop, plain, beginning = "" } = textsOf(decoder, design, prompt, options);
  if (plain && !warned.plain) {
    warned.plain = true;
    console.warn(
      `The model ${name} has no chat template: it is asked in plain lines, "User: ..." and "Assistant:", which it may not know`,
    );
  }
  const most = options.maxTokens ?? design?.maxTokens ?? 256;
  const cut = await encodeTexts(tokenizer, texts, prompt.signal).catch((cause) => {
    throw prompt.signal?.aborted ? new LanguageModelFailure({ kind: "cancelled" }) : cause;
  });
  const ids = prompt.ids ?? cut.flat();
  const maxTokens = Math.min(most, prompt.maxTokens ?? most);
  const stream = createTextStream(tokenizer, stop);
  const tokens: { text: string; logProb: number }[] = [];
  let steered = 0;
  const say = (piece: string): void => {
    if (piece !== "") prompt.onText?.(piece);
  };
  say(primed);
  const result = await engine.submit({
    ...cutShared(tokenizer, { begin, ids, beginning, most: decoder.config.context - maxTokens }),
    stream: createRandom(options.seed ?? 0, "local model", own),
    maxTokens,
    stop,
    temperature: prompt.temperature ?? sampling.temperature ?? design?.temperature ?? 1,
    topK: sampling.topK,
    topP: prompt.topP ?? sampling.topP,
    signal: prompt.signal,
    onToken: ({ id }, logits, { ids: drawn }) => {
      if (steers?.(id)) steered++;
      if (prompt.logProbs) tokens.push({ text: tokenizer.decode([id]), logProb: modelLogProbs(logits, id).logProb });
      if (prompt.onText) say(stream.push(drawn));
    },
  });
  if (result.ended === "cancelled") throw new LanguageModelFailure({ kind: "cancelled" });
  say(stream.end(result.text));
  const answer = completion(primed + result.text, {
    ...{ name, prompt, result, tokens },
    promptTokens: begin.length + ids.length,
  });
  return steers === null ? answer : { ...answer, steered };
}

/** The texts that the model goes on from, each cut by itself, what every answer begins with, and what ends it. */
function textsOf(
  { tokenizer }: Decoder,
  design: PromptDesign | null,
  { prompt, ids, messages = [], form, stop: own = [], shared = 0 }: Prompt,
  { prompt: kind, system, stop: usual = [] }: LocalOptions,
): {
  texts: readonly string[];
  begin: readonly number[];
  primed: string;
  stop: readonly string[];
  plain?: boolean;
  /** What the only text begins with and others do, too. */
  beginning?: string;
} {
  const { begin = [] } = tokenizer;
  const stop = [...usual, ...own];
  if (ids !== undefined) return { texts: [], begin: [], primed: "", stop };
  if (design !== null) {
    return { texts: promptTexts(design, prompt), begin, primed: design.primed, stop: [...design.stop, ...stop] };
  }
  if ((form ?? kind) === "plain")
    return {
      ...{ texts: [[...messages.map(({ content }) => content), prompt].join("\n")], begin, primed: "", stop },
      beginning: messages.length === 0 ? prompt.slice(0, shared) : "",
    };
  const before = system === undefined || form !== undefined ? [] : [{ role: "system" as const, content: system }];
  const { text, ...chat } = chatText(tokenizer, [...before, ...messages, { role: "user", content: prompt }]);
  return { ...chat, texts: [text], primed: "", stop: [...chat.stop, ...stop] };
}

function completion(
  text: string,
  told: {
    name: string;
    prompt: Prompt;
    promptTokens: number;
    result: Generated;
    tokens: { text: string; logProb: number }[];
  },
): Completion {
  const { name, prompt, promptTokens, result, tokens } = told;
  return {
    text,
    model: name,
    usage: { promptTokens, completionTokens: result.ids.length },
    ...(prompt.logProbs && { tokens }),
    ...(prompt.ids && { ids: result.ids }),
    ...(prompt.seed !== undefined && { seed: prompt.seed }),
    finish: result.ended === "length" ? "length" : "stop",
  };
}
