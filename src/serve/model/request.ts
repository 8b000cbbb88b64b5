/** Requests of OpenAI's API, read field by field. Source: OpenAI's API reference, "Chat" and "Completions". */

import { randomInt } from "node:crypto";
import { flag, integerFrom, numberFrom } from "../../data/check.ts";
import { nearestName } from "../../data/nearest.ts";
import {
  type ChatTurn,
  chatText,
  type Decoder,
  type Engine,
  ModelFailure,
  type PromptDesign,
  promptTexts,
} from "../../model/index.ts";
import { cutPrompts } from "./cut.ts";
import { ServeFailure } from "./error.ts";
import { type Body, read, refuseNotDone, saysNothing, wrong } from "./fields.ts";
import { readTurns } from "./messages.ts";

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

/** What is to be generated: one text for each prompt and choice. */
export interface GenerationRequest {
  chat: boolean;
  prompts: number[][];
  /** The prompts' texts, if answers are to begin with them. */
  echoes: string[] | null;
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
  /** Whether the answer's token ids are told, the one that ended it included. */
  tokenIds: boolean;
  /** How many alternatives to tell with each token; null for no log-probabilities. */
  logProbs: number | null;
  stream: boolean;
  /** With a stream: tell the usage at its end. */
  usage: boolean;
}

/** Deeper JSON is refused: no field needs it, and what reads or prints a value calls itself for each level. */
const deepest = 64;

/** Parses a body. Throws a ServeFailure (400) if it is no JSON object. */
export function readBody(text: string): Body {
  if (depthOf(text) > deepest) throw new ServeFailure({ kind: "json", reason: `it nests more than ${deepest} deep` });
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

/** How deep brackets nest outside of texts. */
function depthOf(text: string): number {
  let [depth, most] = [0, 0];
  for (let i = 0, inText = false; i < text.length; i++) {
    const letter = text[i];
    if (letter === '"') inText = !inText;
    else if (inText) i += letter === "\\" ? 1 : 0;
    else if (letter === "[" || letter === "{") most = Math.max(most, ++depth);
    else if (letter === "]" || letter === "}") depth--;
  }
  return most;
}

/** Reads a chat request. Rejects with a ServeFailure that names the field. */
export async function readChat(body: Body, served: Served, signal: AbortSignal): Promise<GenerationRequest> {
  const { decoder, prompt } = served;
  refuseNotDone(body, "chat");
  const turns = readTurns(body.messages);
  const { texts, begin, stop } = prompt ? designed(decoder, prompt, turns) : conversation(decoder, turns);
  const most = read(body, "top_logprobs", integerFrom(0, 20), 0);
  const prompts = await cutPrompts([texts], { decoder, field: "messages", begin, signal });
  const common = readCommon(body, served, prompts, {
    chat: true,
    fallback: prompt?.maxTokens ?? 256,
  });
  const logProbs = read(body, "logprobs", flag, false) ? most : null;
  if (logProbs === null && most > 0) wrong("logprobs", "true, since `top_logprobs` is given", body.logprobs);
  return { ...common, logProbs, stop: [...common.stop, ...stop], primed: prompt?.primed ?? "" };
}

/** What the model sees: texts, each cut by itself, the ids before them, and what ends the answer. */
type Seen = { texts: readonly string[]; begin: readonly number[]; stop: readonly string[] };

/** The last message as what is asked; what was said before it a design has no place for. */
function designed({ tokenizer }: Decoder, design: PromptDesign, turns: readonly ChatTurn[]): Seen {
  const texts = promptTexts(design, turns.at(-1)!.content);
  return { texts, begin: tokenizer.begin ?? [], stop: design.stop };
}

/** By the model's own chat template, which may refuse an order of turns. */
function conversation({ tokenizer }: Decoder, turns: readonly ChatTurn[]): Seen {
  try {
    const { text, ...chat } = chatText(tokenizer, turns);
    return { texts: [text], ...chat };
  } catch (error) {
    if (!(error instanceof ModelFailure) || error.detail.kind !== "template") throw error;
    const expected = `a conversation that the model's chat template takes (${error.detail.reason})`;
    const roles = turns.map(({ role }) => role);
    throw new ServeFailure({ kind: "field", field: "messages", expected, value: roles }, { cause: error });
  }
}

/** Reads a completion request. Rejects with a ServeFailure that names the field. */
export async function readCompletion(body: Body, served: Served, signal: AbortSignal): Promise<GenerationRequest> {
  refuseNotDone(body, "completion");
  const prompts = await readPrompts(body.prompt, served, signal);
  const logProbs = body.logprobs == null ? null : read(body, "logprobs", integerFrom(0, 20), 0);
  const echoes = read(body, "echo", flag, false) ? echoesOf(body.prompt, prompts, served.decoder) : null;
  return { ...readCommon(body, served, prompts, { chat: false, fallback: 16 }), logProbs, echoes };
}

function readCommon(
  body: Body,
  { decoder, temperature }: Served,
  prompts: number[][],
  { chat, fallback }: { chat: boolean; fallback: number },
): GenerationRequest {
  const longest = Math.max(...prompts.map((ids) => ids.length));
  const { context } = decoder.config;
  const room = context - longest;
  const limit = body.max_completion_tokens == null ? "max_tokens" : "max_completion_tokens";
  const given = body[limit] == null ? null : read(body, limit, integerFrom(0, 2 ** 31), fallback);
  if (given === null ? room < 1 : given > room)
    throw new ServeFailure({
      ...{ kind: "length", field: chat ? "messages" : "prompt", context, prompt: longest },
      ...(given !== null && { answer: { field: limit, tokens: given } }),
    });
  return {
    chat,
    prompts,
    echoes: null,
    choices: read(body, "n", integerFrom(1, 16), 1),
    maxTokens: given ?? Math.min(fallback, room),
    temperature: read(body, "temperature", numberFrom(0, 2), temperature),
    // Some clients write -1 for "all", and 0 for "the likeliest alone".
    topK: Math.max(0, read(body, "top_k", integerFrom(-1, 2 ** 31), 0)),
    topP: Math.max(1e-9, read(body, "top_p", numberFrom(0, 1), 1)),
    stop: readStop(body.stop),
    primed: "",
    seed:
      body.seed == null
        ? randomInt(2 ** 47)
        : read(body, "seed", integerFrom(-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER), 0),
    tokenIds: readTokenIds(body),
    logProbs: null,
    stream: read(body, "stream", flag, false),
    usage: readStreamOptions(body),
  };
}

/** Whether token ids are wanted: of whole answers alone. */
function readTokenIds(body: Body): boolean {
  const wanted = read(body, "return_token_ids", flag, false);
  if (wanted && read(body, "stream", flag, false)) wrong("return_token_ids", "false in a stream", true);
  return wanted;
}

/** Whether usage is wanted. */
function readStreamOptions({ stream_options: options }: Body): boolean {
  if (options == null) return false;
  if (typeof options !== "object") return wrong("stream_options", "an object", options);
  const { include_usage: _, include_obfuscation: __, ...rest } = options as Body;
  const [other] = Object.entries(rest).filter(([, value]) => !saysNothing(value));
  if (other) {
    const near = nearestName(other[0], ["include_usage"]);
    const nearest = near && `stream_options.${near}`;
    throw new ServeFailure({ kind: "unsupported", field: `stream_options.${other[0]}`, value: other[1], nearest });
  }
  return read(options as Body, "include_usage", flag, false);
}

/** A text, several, token ids, or several lists of those. */
async function readPrompts(value: unknown, served: Served, signal: AbortSignal): Promise<number[][]> {
  const { decoder } = served;
  const { tokenizer, config } = decoder;
  const { vocabulary } = config;
  const isIds = (list: unknown): list is number[] =>
    Array.isArray(list) &&
    list.length > 0 &&
    list.every((id) => Number.isSafeInteger(id) && id >= 0 && id < vocabulary);
  const list = isIds(value) || typeof value === "string" ? [value] : value;
  if (!Array.isArray(list) || list.length === 0 || list.length > 64)
    return wrong("prompt", "a text, token ids, or a list of 1 to 64 of those", value);
  const texts = list.filter((one) => typeof one === "string").map((one) => [one]);
  const cut = await cutPrompts(texts, { decoder, field: "prompt", begin: tokenizer.begin ?? [], signal });
  return list.map((one: unknown) => {
    const ids = typeof one === "string" ? cut.shift() : one;
    if (!isIds(ids)) return wrong("prompt", `of at least one token, with ids from 0 to ${vocabulary - 1}`, one);
    return ids;
  });
}

/** Prompts as texts: as they were given, or what their token ids stand for. */
function echoesOf(given: unknown, prompts: readonly number[][], { tokenizer }: Decoder): string[] {
  const texts: unknown[] = Array.isArray(given) ? given : [given];
  return prompts.map((ids, i) => (typeof texts[i] === "string" ? texts[i] : tokenizer.decode(ids)));
}

function readStop(value: unknown): string[] {
  const list = value == null ? [] : typeof value === "string" ? [value] : value;
  const texts =
    Array.isArray(list) && list.length <= 8 && list.every((text) => typeof text === "string" && text !== "");
  return texts ? (list as string[]) : wrong("stop", "a text or a list of at most 8 texts", value);
}
