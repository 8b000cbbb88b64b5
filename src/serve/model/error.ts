/** What a server refuses, as data; its text; and the HTTP status that OpenAI's clients understand. */

import { describeFault, type Fault } from "../../data/check.ts";
import { listenCure } from "../listen.ts";

/** One refusal. */
export type ServeError =
  | { kind: "json"; reason: string }
  | { kind: "field"; field: string; expected: string; value: unknown }
  | { kind: "unsupported"; field: string; value: unknown; nearest?: string | null }
  | Fault
  | { kind: "length"; field: string; context: number; prompt: number; answer?: { field: string; tokens: number } }
  | { kind: "length"; field: string; context: number; prompt: number; atLeast: true }
  | { kind: "type"; found: string | undefined }
  | { kind: "size"; limit: number }
  | { kind: "token" }
  | { kind: "host"; found: string }
  | { kind: "model"; found: string; served: string }
  | { kind: "path"; method: string; path: string }
  | { kind: "method"; method: string; path: string; allowed: readonly string[] }
  | { kind: "http"; reason: string }
  | { kind: "late" }
  | { kind: "full"; waiting: number }
  | { kind: "open"; host: string }
  | { kind: "origin"; found: string }
  | { kind: "port"; host: string; port: number; reason: string };

/** Thrown for a request that is refused, or a server that cannot be started. */
export class ServeFailure extends Error {
  override readonly name = "ServeFailure";
  readonly error: ServeError;
  constructor(error: ServeError, options?: ErrorOptions) {
    super(describeServeError(error), options);
    this.error = error;
  }
}

/** The text of a refusal: the value and the cure. */
export function describeServeError(error: ServeError): string {
  switch (error.kind) {
    case "json":
      return `The body is not a JSON object: ${error.reason}`;
    case "field":
      return `Expected \`${error.field}\` to be ${error.expected}, got ${excerpt(error.value)}`;
    case "unsupported":
      return `\`${error.field}\` is not supported: leave it out${error.nearest ? `, or write \`${error.nearest}\`` : ""}, got ${excerpt(error.value)}`;
    case "length":
      return describeLength(error);
    case "type":
      return `Expected the content type application/json, got ${error.found ?? "none"}`;
    case "size":
      return `The body is longer than ${error.limit} bytes`;
    case "token":
      return "The token is missing or wrong: send it as `Authorization: Bearer TOKEN`";
    case "host":
      return `The host ${JSON.stringify(error.found)} is not this machine: use localhost, or start the server with a token`;
    case "model":
      return `There is no model ${JSON.stringify(error.found)} here: this server has ${JSON.stringify(error.served)}`;
    case "path":
      return `There is no ${error.method} ${error.path}: there are GET /v1/models, POST /v1/chat/completions and POST /v1/completions`;
    case "method":
      return `There is no ${error.method} ${error.path}: ask with ${error.allowed.join(" or ")}`;
    case "http":
      return `This is no HTTP request that can be read: ${error.reason}`;
    case "late":
      return "The request did not come in time: send all of it at once";
    case "full":
      return `${error.waiting} requests wait already: ask again later`;
    case "open":
      return `Anybody who reaches ${error.host} could use the model: set a token in AUTOAGENT_TOKEN, or serve on 127.0.0.1`;
    case "origin":
      return error.found === "*"
        ? "Any page that you open could use the model: name the origins of those that may, or set a token in AUTOAGENT_TOKEN"
        : `Expected an origin such as http://localhost:3000, got ${JSON.stringify(error.found)}`;
    case "port":
      return `Cannot listen on ${error.host}:${error.port} (${error.reason}): ${listenCure(error.reason, "choose another --port")}`;
    case "option":
    case "unknown-option":
      return describeFault(error);
    default:
      return error satisfies never;
  }
}

/** Begins with the words of OpenAI's own error, which clients look for. */
function describeLength(error: ServeError & { kind: "length" }): string {
  const { field, context, prompt } = error;
  const one = field === "prompt";
  const count = "atLeast" in error ? `at least ${prompt}` : prompt;
  const most = `This model's maximum context length is ${context} tokens; ${one ? "the prompt has" : "the messages have"} ${count}`;
  const room = context - prompt;
  const answer = "answer" in error ? error.answer : undefined;
  if (answer === undefined || room < 1) return `${most}: shorten ${one ? "it" : "them"}`;
  return `${most}: expected \`${answer.field}\` to be at most ${room}, got ${answer.tokens}`;
}

function excerpt(value: unknown): string {
  return (JSON.stringify(value) ?? "nothing").slice(0, 100);
}

const statuses = {
  json: 400,
  field: 400,
  unsupported: 400,
  length: 400,
  type: 415,
  size: 413,
  token: 401,
  host: 403,
  model: 404,
  path: 404,
  method: 405,
  http: 400,
  late: 408,
  full: 503,
} as const;

/** OpenAI's names of refusals that clients tell apart; of the others our own kind. */
const codes: { [kind: string]: string } = {
  length: "context_length_exceeded",
  model: "model_not_found",
  token: "invalid_api_key",
  unsupported: "unsupported_parameter",
};

/** The refusal as OpenAI's clients expect it. */
export function errorResponse(failure: unknown): Response {
  const known = failure instanceof ServeFailure ? failure.error : null;
  const status = known !== null && known.kind in statuses ? statuses[known.kind as keyof typeof statuses] : 500;
  const message = known === null ? "The server failed: look at its log" : (failure as Error).message;
  const type = status === 500 ? "server_error" : status === 503 ? "overloaded_error" : "invalid_request_error";
  const param = known !== null && "field" in known ? known.field : null;
  const code = known === null ? null : (codes[known.kind] ?? known.kind);
  const headers = {
    ...(status === 503 && { "retry-after": "1" }),
    ...(known?.kind === "method" && { allow: known.allowed.join(", ") }),
  };
  return Response.json({ error: { message, type, param, code } }, { status, headers });
}
