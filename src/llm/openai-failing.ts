/** How asking a server fails: what an error says of it, and whether and when to ask again. */

import OpenAI from "openai";
import type { LanguageModelError } from "./error.ts";
import { Garbage } from "./openai-ids.ts";
import type { Prompt } from "./types.ts";

/** Thrown where a server gave nothing in time, and where its answer ended before its end. */
export class Slow extends Error {}
export class Stopped extends Error {}

/** What is known of an attempt that failed. */
interface Failed {
  client: OpenAI;
  options: { model: string };
  prompt: Prompt;
  timeoutMs: number;
  /** Characters of the answer until then. */
  received: number;
}

/** Why an attempt failed. `tries`: how many there were, this one included. */
export function explain(
  cause: unknown,
  { client, options, prompt, timeoutMs, received }: Failed,
  tries: number,
): LanguageModelError {
  const url = client.baseURL;
  if (prompt.signal?.aborted) return { kind: "cancelled" };
  if (cause instanceof Slow || cause instanceof OpenAI.APIConnectionTimeoutError)
    return { kind: "slow", url, limitMs: timeoutMs };
  if (cause instanceof Garbage) return { kind: "garbage", url, received: cause.message };
  if (cause instanceof Stopped) return { kind: "stopped", url, received };
  if (cause instanceof OpenAI.AuthenticationError) return { kind: "key", url };
  if (cause instanceof OpenAI.NotFoundError) return { kind: "model", url, model: options.model };
  if (cause instanceof OpenAI.RateLimitError) return { kind: "rate", url, tries };
  if (cause instanceof SyntaxError) return { kind: "garbage", url, received: cause.message };
  const message = cause instanceof Error ? cause.message : String(cause);
  if (isCutOff(cause)) return { kind: "stopped", url, received };
  if (cause instanceof OpenAI.APIConnectionError) return { kind: "absent", url };
  return { kind: "server", url, message };
}

/** The connection was there, and closed before the answer was whole. */
function isCutOff(cause: unknown): boolean {
  for (let error = cause; error instanceof Error; error = error.cause)
    if (
      /terminated|premature close|other side closed|aborted|ECONNRESET|socket hang up/i.test(
        `${error.message} ${(error as { code?: string }).code ?? ""}`,
      )
    )
      return true;
  return false;
}

/** Whether a server refuses the name of the longest answer, and tells the other. */
export function refusesLimit(cause: unknown): boolean {
  return cause instanceof OpenAI.BadRequestError && /max_completion_tokens/.test(cause.message);
}

/** Whether asking again may help. */
export function passes(error: LanguageModelError): boolean {
  if (error.kind === "server") return /^5\d\d\b/.test(error.message);
  return error.kind === "absent" || error.kind === "slow" || error.kind === "rate" || error.kind === "stopped";
}

/** Milliseconds before the next try: what the server asks for, 10 s at most, else twice as long each time. */
export function waitOf(cause: unknown, tries: number): number {
  const asked = Number((cause as { headers?: Headers }).headers?.get?.("retry-after"));
  return asked > 0 ? Math.min(asked * 1000, 10_000) : 150 * 2 ** tries;
}

/** Waits, or until it is cancelled. */
export function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
