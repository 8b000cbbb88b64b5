/** What an environment server refuses, as data; its text; its code in OpenEnv's protocol; and its HTTP status. */

import { describeFault, type Fault } from "../../data/check.ts";
import type { Unread } from "../door.ts";
import { listenCure } from "../listen.ts";

/** One refusal. */
export type EnvironmentServerError =
  | Fault
  | Unread
  | { kind: "json"; reason: string }
  | { kind: "type"; found: unknown }
  | { kind: "not-reset" }
  | { kind: "over"; why: string }
  | { kind: "environment" }
  | { kind: "factory" }
  | { kind: "capacity"; active: number; most: number }
  | { kind: "token" }
  | { kind: "host"; found: string }
  | { kind: "origin"; found: string }
  | { kind: "path"; method: string; path: string }
  | { kind: "size"; limit: number }
  | { kind: "open"; host: string }
  | { kind: "places"; sessions: number; places: number }
  | { kind: "port"; host: string; port: number; reason: string };

/** Thrown for a message that is refused, or a server that cannot be started. */
export class EnvironmentServerFailure extends Error {
  override readonly name = "EnvironmentServerFailure";
  readonly error: EnvironmentServerError;
  constructor(error: EnvironmentServerError, options?: ErrorOptions) {
    super(describeEnvironmentServerError(error), options);
    this.error = error;
  }
}

/** The text of a refusal: the value and the cure. Clients write in Python, so the cure is a call in neither language. */
export function describeEnvironmentServerError(error: EnvironmentServerError): string {
  switch (error.kind) {
    case "option":
    case "unknown-option":
      return describeFault(error);
    case "json":
      return `The message is not a JSON object: ${error.reason}`;
    case "type":
      return `Unknown message type ${excerpt(error.found)}: it is one of reset, step, state, close, mcp`;
    case "not-reset":
      return "step() before reset(): this session has no episode. An episode is lost with its connection, so after a new one call reset() first";
    case "over":
      return `step() after the end of the episode (${error.why}): call reset() for another one`;
    case "environment":
      return "The environment failed, and the episode is lost: call reset() for another one. The server's log says why";
    case "factory":
      return "No environment could be made for this session: the server's log says why";
    case "capacity":
      return `Server at capacity: ${error.active}/${error.most} sessions active. Close a session, or start the server with more --sessions`;
    case "token":
      return "The token is missing or wrong: send it as `Authorization: Bearer TOKEN`, as `X-AutoAgent-Token: TOKEN`, or in the address as http://any:TOKEN@host";
    case "host":
      return `The host ${excerpt(error.found)} is not this machine: use 127.0.0.1, or start the server with a token`;
    case "origin":
      return `Pages of ${excerpt(error.found)} may not ask this server: it is for programs, which send no Origin`;
    case "path":
      return `There is no ${error.method} ${error.path}: there are the WebSocket /ws, GET /health, /metadata, /schema, /state, /openapi.json and POST /reset, /step, /mcp`;
    case "size":
      return `The body is longer than ${error.limit} bytes`;
    case "http":
      return `This is no HTTP request that can be read: ${error.reason}`;
    case "late":
      return "The request did not come in time: send all of it at once";
    case "open":
      return `Anybody who reaches ${error.host} could run programs here: set a token in AUTOAGENT_TOKEN, or serve on 127.0.0.1`;
    case "places":
      return `Expected \`sessions\` to be at most ${error.places}, the places of the environment's sandbox, got ${error.sessions}: give it more children (\`createSandbox({ workers })\`, \`--workers\`), or serve fewer sessions`;
    case "port":
      return `Cannot listen on ${error.host}:${error.port} (${error.reason}): ${listenCure(error.reason, "choose another port, or 0 for any that is free")}`;
    default:
      return error satisfies never;
  }
}

/** The protocol's own names of what can go wrong in a session. */
const codes: { [kind in EnvironmentServerError["kind"]]?: string } = {
  json: "INVALID_JSON",
  type: "UNKNOWN_TYPE",
  option: "VALIDATION_ERROR",
  "unknown-option": "VALIDATION_ERROR",
  factory: "FACTORY_ERROR",
  capacity: "CAPACITY_REACHED",
};

const statuses: { [kind in EnvironmentServerError["kind"]]?: number } = {
  json: 422,
  option: 422,
  "unknown-option": 422,
  token: 401,
  host: 403,
  origin: 403,
  path: 404,
  size: 413,
  http: 400,
  late: 408,
  capacity: 503,
};

/** The error as an answer of the protocol. Of what is no refusal nothing is told: it may name a path or a check. */
export function errorMessage(failure: unknown): { type: "error"; data: { message: string; code: string } } {
  const { error, message } = refusalOf(failure);
  const counts = error.kind === "capacity" && { active_sessions: error.active, max_sessions: error.most };
  return { type: "error", data: { message, code: codes[error.kind] ?? "EXECUTION_ERROR", ...counts } };
}

/** The same over HTTP, in the form of FastAPI's errors, which OpenEnv's own server has. */
export function errorResponse(failure: unknown): Response {
  const { error, message } = refusalOf(failure);
  return Response.json({ detail: message }, { status: statuses[error.kind] ?? 500 });
}

function refusalOf(failure: unknown): EnvironmentServerFailure {
  return failure instanceof EnvironmentServerFailure ? failure : new EnvironmentServerFailure({ kind: "environment" });
}

function excerpt(value: unknown): string {
  return (JSON.stringify(value) ?? "nothing").slice(0, 100);
}
