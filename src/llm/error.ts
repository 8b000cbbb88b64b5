/** What can go wrong when a model is asked, as data, and its text. */

import { describeFault, type Fault, show } from "../data/check.ts";

/** One failure of a model. */
export type LanguageModelError =
  | { kind: "no-key" }
  | { kind: "absent"; url: string }
  | { kind: "slow"; url: string; limitMs: number }
  | { kind: "stopped"; url: string; received: number }
  | { kind: "garbage"; url: string; received: string }
  | { kind: "key"; url: string }
  | { kind: "model"; url: string; model: string }
  | { kind: "rate"; url: string; tries: number }
  | { kind: "server"; url: string; message: string }
  | { kind: "cancelled" }
  | { kind: "script"; answers: number }
  | { kind: "unrecorded"; prompt: string; seed: number | null }
  | { kind: "budget"; of: "calls" | "tokens" | "dollars" | "seconds"; limit: number; spent: number }
  | { kind: "price"; model: string; known: string; asOf: string }
  | { kind: "untraced"; model: string; lacks: "token ids" | "log-probabilities" | "the token that ended it" }
  | { kind: "unlike"; model: string; policy: string; apart: number; tolerance: number }
  | { kind: "answer"; model: string; value: unknown }
  | Fault;

/** Thrown when a model has no answer; `error` tells why, the text also what to do. */
export class LanguageModelFailure extends Error {
  override readonly name = "LanguageModelFailure";
  readonly error: LanguageModelError;
  /** `budget_exhausted` when a budget is spent: the sandbox ends the life with that verdict. */
  readonly code: "budget_exhausted" | undefined;
  constructor(error: LanguageModelError, options?: ErrorOptions) {
    super(describeLanguageModelError(error), options);
    this.error = error;
    this.code = error.kind === "budget" ? "budget_exhausted" : undefined;
  }
}

/** The text of a failure: what happened, the value, and the way out. */
export function describeLanguageModelError(error: LanguageModelError): string {
  switch (error.kind) {
    case "no-key":
      return "There is no key for OpenAI: set OPENAI_API_KEY, or give `baseURL` of a server of your own.";
    case "absent":
      return `There is no server at ${error.url}: start it, or correct \`baseURL\`.`;
    case "slow":
      return `The server at ${error.url} did not answer within ${error.limitMs} ms: raise \`timeoutMs\`.`;
    case "stopped":
      return `The server at ${error.url} stopped in the middle of its answer, after ${error.received} characters: look at its log, and ask again.`;
    case "garbage":
      return `The server at ${error.url} gave an answer without text: ${error.received}. Is it an OpenAI-compatible server, and does \`baseURL\` end in /v1?`;
    case "key":
      return `The server at ${error.url} refuses the key: correct OPENAI_API_KEY or \`apiKey\`.`;
    case "model":
      return `The server at ${error.url} has no model ${JSON.stringify(error.model)}: correct \`model\`${/\/v\d+\/?$/.test(error.url) ? "" : ", or let `baseURL` end in /v1"}.`;
    case "rate":
      return `The server at ${error.url} limits the rate, ${error.tries} times in a row: wait, or ask less often.`;
    case "server":
      return `The server at ${error.url} failed: ${error.message}`;
    case "cancelled":
      return "The question was cancelled.";
    case "script":
      return `The script has ${error.answers} answers, and the agent asked for one more.`;
    case "unrecorded":
      return `The record has no answer to ${JSON.stringify(error.prompt.slice(0, 80))} with seed ${error.seed ?? "none"}: record it with models.recording(model) first.`;
    case "budget":
      return `The budget of ${amount(error.of, error.limit)} is spent (${amount(error.of, error.spent)}): give a larger one to go on.`;
    case "price":
      return `There is no price for the model ${JSON.stringify(error.model)} in the list of ${error.asOf} (it has ${error.known}): give \`price\`, in dollars a million tokens.`;
    case "untraced":
      return `The model ${error.model} did not tell ${error.lacks} with its answer, and without them nothing can be learned from it: serve it by vLLM or \`npx autoagent serve\`; to play it alone, take modelPolicy(model).`;
    case "unlike":
      return `The model ${error.model} does not write as ${error.policy} does: their log-probabilities are ${error.apart.toPrecision(2)} nats a token apart (at most ${error.tolerance}). Serve the same files with the same numbers, and bring the weights there after each update (\`sync\`).`;
    case "answer":
      return `The model ${error.model} gave ${show(error.value)}: its complete() must give { text, model, usage: { promptTokens, completionTokens } }`;
    case "option":
    case "unknown-option":
      return describeFault(error);
    default:
      return error satisfies never;
  }
}

/** An amount with its unit: `3 calls`, `$0.0123`. */
export function amount(of: "calls" | "tokens" | "dollars" | "seconds", value: number): string {
  if (of === "dollars") return `$${value.toFixed(value !== 0 && Math.abs(value) < 0.01 ? 6 : 2)}`;
  const shown = of === "seconds" ? Number(value.toFixed(1)) : value;
  return `${shown} ${shown === 1 ? of.slice(0, -1) : of}`;
}
