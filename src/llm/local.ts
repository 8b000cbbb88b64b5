/**
 * A model on this machine as a LanguageModel: a Hugging Face folder, a GGUF file, or a name that a set-up command gave. It is
 * opened at the first question. Questions that are asked at once run as one batch, and an answer depends on (question, seed)
 * alone; a question without a seed takes its number for one. Log-probabilities are the model's own, before temperature and cuts.
 */

import { faultOf, integer, listOf, only, optional, partOf, positiveInteger, text } from "../data/check.ts";
import { dataPath } from "../data/index.ts";
import {
  chatText,
  createEngine,
  createTextStream,
  type Decoder,
  type Engine,
  encodeTexts,
  type Generated,
  loadPrompt,
  modelLogProbs,
  type OpenModelOptions,
  openModel,
  type PromptDesign,
  promptOwn,
  promptPrefix,
  type SamplingOptions,
  usualPrompt,
} from "../model/index.ts";
import { openEntries, promptEntry, samplingEntries } from "../model/options.ts";
import { createRandom } from "../random/index.ts";
import { LanguageModelFailure } from "./error.ts";
import type { Completion, LanguageModel, Prompt } from "./types.ts";

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

/** The model at a path, or by its name. Nothing is opened yet. */
export function local(path: string, options: LocalOptions = {}): LocalModel {
  const fault = faultOf(text, path, "path") ?? faultOf(optionsSchema, options, "the options of models.local");
  if (fault !== null) throw new LanguageModelFailure(fault);
  let opened: Promise<{ decoder: Decoder; engine: Engine; design: PromptDesign | null }> | null = null;
  let asked = 0;
  let told = false;
  const open = () => {
    opened ??= openAll(path, options).catch((error) => {
      opened = null;
      throw error;
    });
    return opened;
  };
  const name = path
    .replace(/[/\\]+$/, "")
    .split(/[/\\]/)
    .at(-1)!
    .replace(/\.gguf$/, "");
  const complete = async (prompt: Prompt): Promise<Completion> => {
    const own = prompt.seed ?? `question ${asked++}`;
    const { decoder, engine, design } = await open();
    if (prompt.signal?.aborted) throw new LanguageModelFailure({ kind: "cancelled" });
    const { tokenizer } = decoder;
    const { text, begin, primed, stop, plain } = textOf(decoder, design, prompt, options);
    if (plain && !told) {
      told = true;
      console.warn(
        `The model ${name} has no chat template: it is asked in plain lines, "User: ..." and "Assistant:", which it may not know`,
      );
    }
    const most = options.maxTokens ?? design?.maxTokens ?? 256;
    const [ids] = (await encodeTexts(tokenizer, [text], prompt.signal).catch((cause) => {
      throw prompt.signal?.aborted ? new LanguageModelFailure({ kind: "cancelled" }) : cause;
    })) as [number[]];
    const maxTokens = Math.min(most, prompt.maxTokens ?? most);
    const stream = createTextStream(tokenizer, stop);
    const tokens: { text: string; logProb: number }[] = [];
    const say = (piece: string): void => {
      if (piece !== "") prompt.onText?.(piece);
    };
    say(primed);
    const { temperature = design?.temperature ?? 1, topK = 0, topP = 1 } = options;
    const result = await engine.submit({
      // A question that is too long keeps its end: the newest part is what is asked now.
      prompt: [...begin, ...ids.slice(-Math.max(1, decoder.config.context - maxTokens - begin.length))],
      stream: createRandom(options.seed ?? 0, "local model", own),
      maxTokens,
      stop,
      temperature,
      topK,
      topP,
      signal: prompt.signal,
      onToken: ({ id }, logits, { ids: drawn }) => {
        if (prompt.logProbs) tokens.push({ text: tokenizer.decode([id]), logProb: modelLogProbs(logits, id).logProb });
        if (prompt.onText && !tokenizer.end.includes(id)) say(stream.push(drawn));
      },
    });
    if (result.ended === "cancelled") throw new LanguageModelFailure({ kind: "cancelled" });
    say(stream.end(result.text));
    return completion(primed + result.text, { name, prompt, promptTokens: begin.length + ids.length, result, tokens });
  };
  return {
    name,
    maxTokens: options.maxTokens ?? (typeof options.prompt === "object" ? options.prompt.maxTokens : undefined) ?? 256,
    complete,
    batch: (prompts) => Promise.all(prompts.map(complete)),
    open: async () => (await open()).decoder,
    async dispose() {
      const last = opened;
      opened = null;
      await (await last?.catch(() => null))?.decoder.dispose();
    },
  };
}

async function openAll(path: string, options: LocalOptions) {
  const { prompt: given, maxBatch = 32 } = options;
  const known =
    typeof given === "object"
      ? given
      : given === undefined || given === "chat" || given === "plain"
        ? null
        : await loadPrompt(given);
  // A model that came with the package is known by its name in `data/models/`.
  const decoder = await openModel(path, { ...partOf(openEntries, options), bundled: dataPath("models") });
  const design = given === undefined ? await loadPrompt(usualPrompt(decoder.tokenizer)) : known;
  return { decoder, engine: createEngine(decoder, { maxBatch }), design };
}

/** What the model goes on from, what every answer begins with, and what ends it. */
function textOf(
  { tokenizer }: Decoder,
  design: PromptDesign | null,
  { prompt, messages = [] }: Prompt,
  { prompt: kind, system, stop = [] }: LocalOptions,
): { text: string; begin: readonly number[]; primed: string; stop: readonly string[]; plain?: boolean } {
  const { begin = [] } = tokenizer;
  if (design !== null) {
    const text = promptPrefix(design) + promptOwn(design, prompt);
    return { text, begin, primed: design.primed, stop: [...design.stop, ...stop] };
  }
  if (kind === "plain")
    return { text: [...messages.map(({ content }) => content), prompt].join("\n"), begin, primed: "", stop };
  const before = system === undefined ? [] : [{ role: "system" as const, content: system }];
  const chat = chatText(tokenizer, [...before, ...messages, { role: "user", content: prompt }]);
  return { ...chat, primed: "", stop: [...chat.stop, ...stop] };
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
    ...(prompt.seed !== undefined && { seed: prompt.seed }),
    finish: result.ended === "length" ? "length" : "stop",
  };
}
