/**
 * A model behind any server that speaks OpenAI's chat protocol: OpenAI itself, vLLM, llama.cpp, Ollama. Answers come in
 * pieces (server-sent events) when somebody listens, else whole. Retries what may pass: no connection, no answer in time, too many
 * requests, a fault of the server; never once a piece was given out. Protocol: OpenAI's API reference, "Chat".
 */

import OpenAI from "openai";
import {
  either,
  faultOf,
  flag,
  integerFrom,
  nothing,
  numberFrom,
  only,
  optional,
  positiveInteger,
  positiveNumber,
  text,
} from "../data/check.ts";
import { longestTimer } from "../data/timer.ts";
import { LanguageModelFailure } from "./error.ts";
import { explain, passes, pause, refusesLimit, Slow, Stopped, waitOf } from "./openai-failing.ts";
import { Garbage, goOn, idsOf, longestOf, usualTokens } from "./openai-ids.ts";
import type { Completion, LanguageModel, Prompt } from "./types.ts";

/** Which server and model. */
export interface OpenAIOptions {
  model: string;
  /** @default the environment variable OPENAI_BASE_URL, else OpenAI's own server */
  baseURL?: string;
  /** @default the environment variable OPENAI_API_KEY; local servers need none */
  apiKey?: string;
  /** Put before every question that has no `form`; null: nothing is. @default that it is an agent that rewrites itself, in the language that is wanted */
  system?: string | null;
  /** @default 512 */
  maxTokens?: number;
  /** @default 1 */
  temperature?: number;
  /** Longest wait for an answer, or between two pieces of one. @default 60000 */
  timeoutMs?: number;
  /** Tries after the first. @default 2 */
  retries?: number;
  /** The server tells token ids when it is asked for them by `return_token_ids`, as vLLM and `autoagent serve` do. @default false */
  tokenIds?: boolean;
}

/** What a model is told first, unless another text is given: by what the agent is made of. */
function defaultSystem(body: string): string {
  const [language, state] = body === "python" ? ["Python", "your attributes"] : ["JavaScript", "`self.state`"];
  return `You are an agent that rewrites itself. Answer with one short ${language} program and nothing else. In it, \`self\` is you: ${state}, \`self.query\`, \`self.execute_code(code)\`.`;
}

const optionsSchema = only<OpenAIOptions>({
  model: text,
  baseURL: optional(text),
  apiKey: optional(text),
  system: optional(either(nothing, text)),
  maxTokens: optional(positiveInteger),
  temperature: optional(numberFrom(0, Number.MAX_VALUE, "0 or a positive number")),
  timeoutMs: optional(positiveNumber),
  retries: optional(integerFrom(0, Number.MAX_SAFE_INTEGER, "0 or a positive integer")),
  tokenIds: optional(flag),
});

/** A model on a server. Asking it rejects with a LanguageModelFailure that names the cure. */
export function openai(options: OpenAIOptions): LanguageModel {
  const fault = faultOf(optionsSchema, options, "the options of models.openai");
  if (fault !== null) throw new LanguageModelFailure(fault);
  const { model, retries = 2 } = options;
  // The client's own clock is a second behind.
  const timeoutMs = Math.min(options.timeoutMs ?? 60_000, longestTimer - 1000);
  const baseURL = options.baseURL ?? process.env.OPENAI_BASE_URL;
  /** What the longest answer is called: OpenAI's newer models refuse the name that all other servers know. */
  let limit: Limit = "max_tokens";
  const apiKey = options.apiKey ?? process.env.OPENAI_API_KEY ?? (baseURL === undefined ? undefined : "none");
  return {
    name: model,
    maxTokens: options.maxTokens ?? usualTokens,
    forms: ["chat"],
    fingerprint: async () => {
      const { system, maxTokens, temperature = 1 } = options;
      const told = system === undefined && maxTokens === undefined ? [] : [{ system, maxTokens }];
      return JSON.stringify([model, baseURL ?? null, temperature, ...told]);
    },
    async plan() {
      const { apiKey: _, ...told } = options;
      return { kind: "openai", options: { ...told, ...(baseURL !== undefined && { baseURL }) } };
    },
    async complete(prompt) {
      if (apiKey === undefined) throw new LanguageModelFailure({ kind: "no-key" });
      const client = new OpenAI({
        apiKey,
        timeout: timeoutMs + 1000,
        maxRetries: 0,
        ...(baseURL !== undefined && { baseURL }),
      });
      for (let tries = 1; ; tries++) {
        const attempt: Attempt = { client, options, prompt, timeoutMs, limit, received: 0 };
        try {
          return await ask(attempt);
        } catch (cause) {
          if (attempt.limit === "max_tokens" && refusesLimit(cause)) {
            limit = "max_completion_tokens";
            tries--;
            continue;
          }
          const error = explain(cause, attempt, tries);
          const given = attempt.received > 0 && prompt.onText !== undefined;
          if (tries > retries || given || !passes(error)) throw new LanguageModelFailure(error, { cause });
          await pause(waitOf(cause, tries), prompt.signal);
        }
      }
    },
  };
}

type Limit = "max_tokens" | "max_completion_tokens";

interface Attempt {
  client: OpenAI;
  options: OpenAIOptions;
  prompt: Prompt;
  timeoutMs: number;
  limit: Limit;
  /** Characters of the answer so far. */
  received: number;
}

/** Asks once, under a clock that every piece of the answer sets back. */
async function ask(attempt: Attempt): Promise<Completion> {
  const { client, prompt, timeoutMs } = attempt;
  const clock = new AbortController();
  const late = (): void => clock.abort(new Slow());
  let timer = setTimeout(late, timeoutMs);
  const signal = prompt.signal ? AbortSignal.any([prompt.signal, clock.signal]) : clock.signal;
  const request = { ...requestOf(attempt, prompt), stream: prompt.onText !== undefined };
  try {
    if (prompt.ids !== undefined) return await goOn(client, attempt.options, { ...prompt, ids: prompt.ids, signal });
    if (!request.stream)
      return answerOf(await client.chat.completions.create({ ...request, stream: false }, { signal }), prompt);
    const listen = (piece: string): void => {
      clearTimeout(timer);
      timer = setTimeout(late, timeoutMs);
      attempt.received += piece.length;
      prompt.onText!(piece);
    };
    const events = await client.chat.completions.create(
      { ...request, stream: true, stream_options: { include_usage: true } },
      { signal },
    );
    return await readEvents(events, listen, prompt);
  } catch (cause) {
    throw clock.signal.aborted && !prompt.signal?.aborted ? clock.signal.reason : cause;
  } finally {
    clearTimeout(timer);
  }
}

function requestOf({ options, limit }: Pick<Attempt, "options" | "limit">, asked: Prompt) {
  const { prompt, messages = [], seed, logProbs = false, stop = [], language = "javascript" } = asked;
  const { model, system = defaultSystem(language), ...own } = options;
  const { temperature = own.temperature ?? 1, topP, form } = asked;
  const first = system === null || form !== undefined ? [] : [{ role: "system" as const, content: system }];
  return {
    model,
    messages: [...first, ...messages, { role: "user" as const, content: prompt }],
    [limit as "max_tokens"]: longestOf(own, asked),
    temperature,
    ...(topP !== undefined && { top_p: topP }),
    ...(stop.length > 0 && { stop: [...stop] }),
    ...(seed !== undefined && { seed }),
    ...(logProbs && { logprobs: true }),
    ...(own.tokenIds && { return_token_ids: true }),
  };
}

type Whole = OpenAI.Chat.Completions.ChatCompletion;
type Piece = OpenAI.Chat.Completions.ChatCompletionChunk;

function answerOf(answer: Whole, prompt: Prompt): Completion {
  const [choice] = answer?.choices ?? [];
  const text = choice?.message?.content;
  if (typeof text !== "string") throw new Garbage(excerpt(answer));
  return completion(text, prompt, {
    model: answer.model,
    finish: choice!.finish_reason,
    usage: answer.usage,
    logProbs: choice!.logprobs?.content,
    ids: idsOf(choice!),
  });
}

async function readEvents(
  events: AsyncIterable<Piece>,
  listen: (piece: string) => void,
  prompt: Prompt,
): Promise<Completion> {
  let text = "";
  let usage: Whole["usage"];
  let model: string | undefined;
  let finish: string | null = null;
  const logProbs: { token: string; logprob: number }[] = [];
  for await (const event of events) {
    if (typeof event !== "object" || event === null || !Array.isArray(event.choices)) throw new Garbage(excerpt(event));
    const [choice] = event.choices;
    model ??= event.model;
    usage = event.usage ?? usage;
    logProbs.push(...(choice?.logprobs?.content ?? []));
    const piece = choice?.delta?.content;
    if (typeof piece === "string" && piece !== "") {
      text += piece;
      listen(piece);
    }
    finish = choice?.finish_reason ?? finish;
  }
  // A connection that closes early ends the events without an error.
  if (finish === null) throw new Stopped();
  return completion(text, prompt, { model, finish, usage, logProbs });
}

function completion(
  text: string,
  { seed, logProbs: wanted }: Prompt,
  told: {
    model: string | undefined;
    finish: string | null;
    usage: Whole["usage"];
    logProbs: readonly { token: string; logprob: number }[] | null | undefined;
    ids?: readonly number[] | undefined;
  },
): Completion {
  const { prompt_tokens = 0, completion_tokens = 0 } = told.usage ?? {};
  const tokens = (told.logProbs ?? []).map(({ token, logprob }) => ({ text: token, logProb: logprob }));
  return {
    text,
    model: told.model ?? "unknown",
    usage: { promptTokens: prompt_tokens, completionTokens: completion_tokens },
    ...(wanted && tokens.length > 0 && { tokens }),
    ...(told.ids && { ids: told.ids }),
    ...(seed !== undefined && { seed }),
    ...((told.finish === "stop" || told.finish === "length") && { finish: told.finish }),
  };
}

function excerpt(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? String(value));
  return text.replace(/\s+/g, " ").slice(0, 120);
}
