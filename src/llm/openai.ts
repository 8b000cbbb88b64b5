/** A model behind any server that speaks OpenAI's chat protocol: OpenAI itself, vLLM, llama.cpp, Ollama. */

import OpenAI from "openai";
import { type LanguageModel, LanguageModelFailure } from "./types.ts";

/** Which server and model. */
export interface OpenAIOptions {
  model: string;
  /** @default the environment variable OPENAI_BASE_URL, else OpenAI's own server */
  baseURL?: string;
  /** @default the environment variable OPENAI_API_KEY; local servers need none */
  apiKey?: string;
  /** Put before every question. */
  system?: string;
  /** @default 512 */
  maxTokens?: number;
  /** @default 1 */
  temperature?: number;
  /** @default 60000 */
  timeoutMs?: number;
}

const defaultSystem =
  "You are an agent that rewrites itself. Answer with one short JavaScript program and nothing else. In it, `self` is you: `self.state`, `self.query`, `self.execute_code(code)`.";

/** A model on a server. Asking it rejects with a LanguageModelFailure that names the cure. */
export function openai(options: OpenAIOptions): LanguageModel {
  const { model, system = defaultSystem, maxTokens = 512, temperature = 1, timeoutMs = 60_000 } = options;
  const baseURL = options.baseURL ?? process.env.OPENAI_BASE_URL;
  const apiKey = options.apiKey ?? process.env.OPENAI_API_KEY ?? (baseURL === undefined ? undefined : "none");
  return {
    name: model,
    async complete({ prompt, seed, signal }) {
      if (apiKey === undefined)
        throw new LanguageModelFailure(
          "There is no key for OpenAI: set OPENAI_API_KEY, or give `baseURL` of a server of your own.",
        );
      const client = new OpenAI({
        apiKey,
        timeout: timeoutMs,
        maxRetries: 2,
        ...(baseURL !== undefined && { baseURL }),
      });
      try {
        const answer = await client.chat.completions.create(
          {
            model,
            messages: [
              { role: "system", content: system },
              { role: "user", content: prompt },
            ],
            max_tokens: maxTokens,
            temperature,
            ...(seed !== undefined && { seed }),
          },
          { ...(signal && { signal }) },
        );
        const text = answer.choices?.[0]?.message?.content;
        if (typeof text !== "string")
          throw new LanguageModelFailure(`The server at ${client.baseURL} gave an answer without text.`);
        const { prompt_tokens = 0, completion_tokens = 0 } = answer.usage ?? {};
        return {
          text,
          model: answer.model ?? model,
          usage: { promptTokens: prompt_tokens, completionTokens: completion_tokens },
        };
      } catch (cause) {
        throw cause instanceof LanguageModelFailure
          ? cause
          : new LanguageModelFailure(explain(cause, client.baseURL, model), { cause });
      }
    },
  };
}

function explain(cause: unknown, baseURL: string, model: string): string {
  if (cause instanceof OpenAI.APIUserAbortError) return "The question was cancelled.";
  if (cause instanceof OpenAI.APIConnectionTimeoutError)
    return `The server at ${baseURL} did not answer in time: raise \`timeoutMs\`.`;
  if (cause instanceof OpenAI.APIConnectionError)
    return `There is no server at ${baseURL}: start it, or correct \`baseURL\`.`;
  if (cause instanceof OpenAI.AuthenticationError)
    return `The server at ${baseURL} refuses the key: correct OPENAI_API_KEY or \`apiKey\`.`;
  if (cause instanceof OpenAI.NotFoundError)
    return `The server at ${baseURL} has no model ${JSON.stringify(model)}: correct \`model\`.`;
  if (cause instanceof OpenAI.RateLimitError)
    return `The server at ${baseURL} limits the rate: wait, or ask less often.`;
  return `The server at ${baseURL} failed: ${cause instanceof Error ? cause.message : String(cause)}`;
}
