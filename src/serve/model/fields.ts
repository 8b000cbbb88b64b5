/**
 * Fields of a request's body: how each kind is read, and which fields there are. One that would change an answer and is not
 * done is refused by its name: an answer that differs from what was asked for must not look like it. `null` is as not given,
 * everywhere, as in OpenAI's schema.
 */

import { faultOf, type Schema } from "../../data/check.ts";
import { nearestName } from "../../data/nearest.ts";
import { ServeFailure } from "./error.ts";

/** A request body. */
export type Body = { [field: string]: unknown };

const common = [
  ...["model", "max_tokens", "max_completion_tokens", "n", "temperature", "top_k", "top_p", "stop", "seed"],
  ...["logprobs", "stream", "stream_options", "return_token_ids"],
];

/** Fields that are read. */
const known = {
  chat: new Set([...common, "messages", "top_logprobs"]),
  completion: new Set([...common, "prompt", "echo"]),
};

/** Fields that say who asks, what for, how urgently, and how tools that there are none of would be called. */
const harmless = new Set([
  ...["user", "metadata", "store", "safety_identifier", "service_tier", "priority", "request_id"],
  ...["prompt_cache_key", "prompt_cache_retention", "cache_prompt", "parallel_tool_calls"],
]);

/** Values that change nothing, of fields that are not done. Clients send them as defaults. */
const neutral: { [field: string]: (value: unknown, body: Body) => boolean } = {
  tool_choice: isNoCall,
  function_call: isNoCall,
  response_format: (value) => (value as Body).type === "text",
  presence_penalty: (value) => value === 0,
  frequency_penalty: (value) => value === 0,
  repetition_penalty: (value) => value === 1,
  repeat_penalty: (value) => value === 1,
  length_penalty: (value) => value === 1,
  min_p: (value) => value === 0,
  typical_p: (value) => value === 1,
  min_tokens: (value) => value === 0,
  top_logprobs: (value) => value === 0,
  best_of: (value, { n }) => value === 1 || value === n,
  modalities: (value) => JSON.stringify(value) === '["text"]',
  verbosity: (value) => value === "medium",
  add_generation_prompt: (value) => value === true,
};

function isNoCall(value: unknown): boolean {
  return value === "none" || value === "auto";
}

/** Null, false and whatever is empty say nothing, in any field. */
export function saysNothing(value: unknown): boolean {
  if (typeof value === "object" && value !== null) return Object.keys(value).length === 0;
  return value === null || value === undefined || value === false || value === "";
}

/** Throws a ServeFailure for the first field that would have to be ignored. */
export function refuseNotDone(body: Body, kind: "chat" | "completion"): void {
  for (const [field, value] of Object.entries(body)) {
    if (known[kind].has(field) || harmless.has(field) || saysNothing(value)) continue;
    if (Object.hasOwn(neutral, field) && neutral[field]!(value, body)) continue;
    // A field that is one elsewhere is no misspelling: `min_tokens` does not mean `max_tokens`.
    const nearest = Object.hasOwn(neutral, field) ? null : nearestName(field, [...known[kind]]);
    throw new ServeFailure({ kind: "unsupported", field, value, nearest });
  }
}

/** A field that is as its schema says; `fallback` where it is not given. */
export function read<T>(body: Body, field: string, schema: Schema<T>, fallback: T): T {
  const value = body[field] ?? fallback;
  const fault = faultOf(schema, value, field);
  if (fault?.kind === "option") wrong(fault.name, fault.expected, fault.value);
  return value as T;
}

/** Refuses a field. */
export function wrong(field: string, expected: string, value: unknown): never {
  throw new ServeFailure({ kind: "field", field, expected, value });
}
