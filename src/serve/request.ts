/** Requests of OpenAI's API, read field by field. Source: OpenAI's API reference, "Chat" and "Completions". */

import { randomInt } from "node:crypto";
import {
  type ChatTurn,
  chatText,
  type Decoder,
  type Engine,
  ModelFailure,
  type PromptDesign,
  promptOwn,
  promptPrefix,
} from "../model/index.ts";
import { ServeFailure } from "./error.ts";

/** What is served. */
export interface Served {
  name: string;
  decoder: Decoder;
  engine: Engine;
  /** Where a request names none. */
  temperature: number;
  /** What chats are asked through, in place of the model's chat format. */
  prompt?: PromptDesign;
}

/** A request body. */
export type Body = { [field: string]: unknown };

/** What is to be generated: one text for each prompt and choice. */
export interface Ask {
  chat: boolean;
  prompts: number[][];
  /** Answers to each prompt. */
  choices: number;
  maxTokens: number;
  temperature: number;
  topK: number;
  topP: number;
  stop: string[];
  /** What every answer begins with. */
  primed: string;
  seed: number;
  /** How many alternatives to tell with each token; null for no log-probabilities. */
  logProbs: number | null;
  stream: boolean;
  /** With a stream: tell the usage at its end. */
  usage: boolean;
}

/** Parses a body. Throws a ServeFailure (400) if it is no JSON object. */
export function readBody(text: string): Body {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (cause) {
    throw new ServeFailure({ kind: "json", reason: (cause as Error).message }, { cause });
  }
  if (typeof body !== "object" || body === null || Array.isArray(body))
    throw new ServeFailure({ kind: "json", reason: "it is no object" });
  return body as Body;
}

/** Reads a chat request. Throws a ServeFailure that names the field. */
export function readChat(body: Body, served: Served): Ask {
  const { decoder, prompt } = served;
  const turns = readTurns(body.messages);
  const { text, begin, stop } = prompt ? designed(decoder, prompt, turns) : conversation(decoder, turns);
  const most = whole(body, "top_logprobs", { low: 0, high: 20, fallback: 0 });
  const common = readCommon(body, served, [[...begin, ...decoder.tokenizer.encode(text)]], {
    chat: true,
    limit: body.max_completion_tokens === undefined ? "max_tokens" : "max_completion_tokens",
    fallback: prompt?.maxTokens ?? 256,
  });
  const logProbs = flag(body, "logprobs") ? most : null;
  return { ...common, logProbs, stop: [...common.stop, ...stop], primed: prompt?.primed ?? "" };
}

/** What the model sees: a text, the ids before it, and what ends the answer. */
type Seen = { text: string; begin: readonly number[]; stop: readonly string[] };

/** The last message as what is asked; what was said before it a design has no place for. */
function designed({ tokenizer }: Decoder, design: PromptDesign, turns: readonly ChatTurn[]): Seen {
  const text = promptPrefix(design) + promptOwn(design, turns.at(-1)!.content);
  return { text, begin: tokenizer.begin ?? [], stop: design.stop };
}

/** By the model's own chat template, which may refuse an order of turns. */
function conversation({ tokenizer }: Decoder, turns: readonly ChatTurn[]): Seen {
  try {
    return chatText(tokenizer, turns);
  } catch (error) {
    if (!(error instanceof ModelFailure) || error.detail.kind !== "template") throw error;
    const expected = `a conversation that the model's chat template takes (${error.detail.reason})`;
    const roles = turns.map(({ role }) => role);
    throw new ServeFailure({ kind: "field", field: "messages", expected, value: roles }, { cause: error });
  }
}

/** Reads a completion request. Throws a ServeFailure that names the field. */
export function readCompletion(body: Body, served: Served): Ask {
  for (const field of ["echo", "suffix", "best_of"])
    if (body[field] && body[field] !== 1) wrong(field, "left out: it is not supported", body[field]);
  const prompts = readPrompts(body.prompt, served.decoder);
  const logProbs = body.logprobs == null ? null : whole(body, "logprobs", { low: 0, high: 20, fallback: 0 });
  return { ...readCommon(body, served, prompts, { chat: false, limit: "max_tokens", fallback: 16 }), logProbs };
}

function readCommon(
  body: Body,
  { decoder, temperature }: Served,
  prompts: number[][],
  { chat, limit, fallback }: { chat: boolean; limit: string; fallback: number },
): Ask {
  const longest = Math.max(...prompts.map((ids) => ids.length));
  const { context } = decoder.config;
  const room = context - longest;
  if (room < 1) wrong(chat ? "messages" : "prompt", `of less than ${context} tokens`, `${longest} tokens`);
  const given = body[limit] == null ? null : whole(body, limit, { low: 1, high: 2 ** 31, fallback });
  if (given !== null && given > room) wrong(limit, `at most ${room}, which is what the model's context leaves`, given);
  const { include_usage: usage } = (body.stream_options ?? {}) as { include_usage?: unknown };
  return {
    chat,
    prompts,
    choices: whole(body, "n", { low: 1, high: 16, fallback: 1 }),
    maxTokens: given ?? Math.min(fallback, room),
    temperature: real(body, "temperature", { low: 0, high: 2, fallback: temperature }),
    topK: whole(body, "top_k", { low: 0, high: 2 ** 31, fallback: 0 }),
    topP: real(body, "top_p", { low: 1e-9, high: 1, fallback: 1 }),
    stop: readStop(body.stop),
    primed: "",
    seed: body.seed == null ? randomInt(2 ** 47) : whole(body, "seed", { low: -(2 ** 53), high: 2 ** 53, fallback: 0 }),
    logProbs: null,
    stream: flag(body, "stream"),
    usage: usage === true,
  };
}

function readTurns(value: unknown): ChatTurn[] {
  if (!Array.isArray(value) || value.length === 0) return wrong("messages", "a list of at least one message", value);
  return value.map((message, i): ChatTurn => {
    const { role, content } = (message ?? {}) as Body;
    const known = role === "developer" ? "system" : role;
    if (known !== "system" && known !== "user" && known !== "assistant")
      return wrong(`messages[${i}].role`, "system, user or assistant", role);
    return { role: known, content: readContent(content, i) };
  });
}

/** A text, or a list of texts. */
function readContent(content: unknown, i: number): string {
  if (typeof content === "string") return content;
  const texts = Array.isArray(content) ? content.map((part) => (part as Body | null)?.text) : [undefined];
  if (texts.every((text) => typeof text === "string")) return texts.join("");
  return wrong(`messages[${i}].content`, "a text or a list of texts", content);
}

/** A text, several, token ids, or several lists of those. */
function readPrompts(value: unknown, { tokenizer, config: { vocabulary } }: Decoder): number[][] {
  const isIds = (list: unknown): list is number[] =>
    Array.isArray(list) &&
    list.length > 0 &&
    list.every((id) => Number.isSafeInteger(id) && id >= 0 && id < vocabulary);
  const list = isIds(value) || typeof value === "string" ? [value] : value;
  if (!Array.isArray(list) || list.length === 0 || list.length > 64)
    return wrong("prompt", "a text, token ids, or a list of 1 to 64 of those", value);
  return list.map((one: unknown) => {
    const ids = typeof one === "string" ? [...(tokenizer.begin ?? []), ...tokenizer.encode(one)] : one;
    if (!isIds(ids)) return wrong("prompt", `of at least one token, with ids from 0 to ${vocabulary - 1}`, one);
    return ids;
  });
}

function readStop(value: unknown): string[] {
  const list = value == null ? [] : typeof value === "string" ? [value] : value;
  const texts =
    Array.isArray(list) && list.length <= 8 && list.every((text) => typeof text === "string" && text !== "");
  return texts ? (list as string[]) : wrong("stop", "a text or a list of at most 8 texts", value);
}

type Bounds = { low: number; high: number; fallback: number };

function whole(body: Body, field: string, { low, high, fallback }: Bounds): number {
  const value = body[field] ?? fallback;
  if (Number.isSafeInteger(value) && (value as number) >= low && (value as number) <= high) return value as number;
  return wrong(field, `an integer from ${low} to ${high}`, value);
}

function real(body: Body, field: string, { low, high, fallback }: Bounds): number {
  const value = body[field] ?? fallback;
  if (typeof value === "number" && value >= low && value <= high) return value;
  return wrong(field, `a number from ${low} to ${high}`, value);
}

function flag(body: Body, field: string): boolean {
  const value = body[field] ?? false;
  return typeof value === "boolean" ? value : wrong(field, "true or false", value);
}

function wrong(field: string, expected: string, value: unknown): never {
  throw new ServeFailure({ kind: "field", field, expected, value });
}
