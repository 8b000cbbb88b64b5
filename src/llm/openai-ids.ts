/**
 * Token ids over OpenAI's completions: the prompt goes as ids, and the answer's come back with their log-probabilities. Servers tell them in three
 * ways: `token_ids` beside the text (vLLM, `autoagent serve`), an `id` with each token's log-probability (llama.cpp), names such as
 * `token_id:17` (older vLLM). Not here: chats, retries (`openai.ts`).
 */

import type OpenAI from "openai";
import type { Completion, Prompt } from "./types.ts";

/** Thrown for what is no answer. */
export class Garbage extends Error {}

/** What of a choice may tell ids and log-probabilities. */
interface Told {
  token_ids?: unknown;
  logprobs?: {
    /** OpenAI's completions. */
    tokens?: unknown;
    token_logprobs?: unknown;
    /** Chats, and llama.cpp's completions. */
    content?: readonly { id?: unknown; token: string; logprob: number }[] | null;
  } | null;
}

/** Servers have cuts of their own where none is named (llama.cpp the 40 likeliest, vLLM what a model's files recommend): here the model alone draws. */
const uncut = { top_k: -1, top_p: 1, min_p: 0, repetition_penalty: 1 };

/** Tokens of an answer at most, where nobody says how many. */
export const usualTokens = 512;

/** Tokens of an answer at most: what the question asks for, and no more than the model's own bound. */
export function longestOf(
  { maxTokens: own }: { maxTokens?: number },
  { maxTokens = own ?? usualTokens }: Prompt,
): number {
  return Math.min(maxTokens, own ?? maxTokens);
}

/** Goes on from token ids. Throws a Garbage for an answer without text. */
export async function goOn(
  client: OpenAI,
  { model, ...own }: { model: string; temperature?: number; maxTokens?: number },
  asked: Prompt & { ids: readonly number[] },
): Promise<Completion> {
  const { ids, seed, stop = [], temperature = own.temperature ?? 1, topP, signal } = asked;
  const request = {
    ...{ model, prompt: [...ids], max_tokens: longestOf(own, asked), temperature, logprobs: 1, stream: false as const },
    ...uncut,
    ...(topP !== undefined && { top_p: topP }),
    ...(stop.length > 0 && { stop: [...stop] }),
    ...(seed !== undefined && { seed }),
    return_token_ids: true,
  };
  const answer = await client.completions.create(request, { ...(signal && { signal }) });
  const [choice] = answer?.choices ?? [];
  if (typeof choice?.text !== "string") throw new Garbage((JSON.stringify(answer) ?? String(answer)).slice(0, 120));
  asked.onText?.(choice.text);
  const { prompt_tokens = 0, completion_tokens = 0 } = answer.usage ?? {};
  const { finish_reason: finish } = choice;
  const [found, tokens] = [idsOf(choice), tokensOf(choice as Told)];
  return {
    ...{ text: choice.text, model: answer.model ?? "unknown" },
    usage: { promptTokens: prompt_tokens, completionTokens: completion_tokens },
    ...(tokens && { tokens }),
    ...(found && { ids: found }),
    ...(seed !== undefined && { seed }),
    ...((finish === "stop" || finish === "length") && { finish }),
  };
}

/** The ids of a choice's tokens; undefined where they are not told of all. */
export function idsOf(choice: object): number[] | undefined {
  const { token_ids: ids, logprobs } = choice as Told;
  const { content, tokens } = logprobs ?? {};
  const named = (name: unknown): unknown => Number(/^token_id:(\d+)$/.exec(String(name))?.[1] ?? Number.NaN);
  const lists = [
    ids,
    content?.map(({ id }) => id),
    content?.map(({ token }) => named(token)),
    listOf(tokens)?.map(named),
  ];
  const isIds = (list: unknown): list is number[] =>
    Array.isArray(list) && list.length > 0 && list.every((id) => Number.isSafeInteger(id) && id >= 0);
  return lists.find(isIds);
}

function tokensOf({ logprobs }: Told): Completion["tokens"] {
  const { content, tokens, token_logprobs: values } = logprobs ?? {};
  if (content) return content.map(({ token, logprob }) => ({ text: token, logProb: logprob }));
  return listOf(values)?.map((value, i) => ({ text: String(listOf(tokens)?.[i] ?? ""), logProb: Number(value) }));
}

function listOf(value: unknown): unknown[] | undefined {
  return Array.isArray(value) && value.length > 0 ? value : undefined;
}
