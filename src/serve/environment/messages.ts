/**
 * What clients send, in OpenEnv's protocol: a message with its type and data, the data of a reset, and an action. Not here:
 * what is answered (`told.ts`).
 */

import { anything, faultOf, integer, like, only, optional, type Schema, show, text } from "../../data/check.ts";
import { EnvironmentServerFailure } from "./error.ts";

/** A JSON object. */
export interface Json {
  [key: string]: unknown;
}

/** How an episode is to begin. */
export interface ResetData {
  /** Null and nothing are the same: the server draws one. */
  seed?: number | null;
  /** The client's own name of the episode. */
  episode_id?: string | null;
}

/** Longest name of an episode: each answer of the state says it again, and a record keeps it. */
const longestName = 200;

const orNull = <T>(schema: Schema<T>, expected: string): Schema<T | null | undefined> =>
  optional(like<T | null>((value) => value === null || faultOf(schema, value, "it") === null, expected));

const isName = (value: unknown): boolean => typeof value === "string" && value.length <= longestName;

const resetSchema = only<ResetData>({
  seed: orNull(integer, "an integer, or null for one that the server draws"),
  episode_id: orNull(like<string>(isName, ""), `a text of at most ${longestName} characters`),
});

const actionSchema = only<{ program: unknown; metadata?: unknown }>({ program: anything(), metadata: anything() });

/** A message as it came. Throws an EnvironmentServerFailure for what is no JSON object, or of no known type. */
export function readMessage(raw: string): { type: unknown; data: unknown } {
  const { type, data } = readObject(raw);
  return { type, data };
}

/** The object of a text. Throws an EnvironmentServerFailure for a text that holds none. */
export function readObject(raw: string): Json {
  let value: unknown;
  try {
    value = JSON.parse(raw);
  } catch (cause) {
    throw new EnvironmentServerFailure({ kind: "json", reason: (cause as Error).message }, { cause });
  }
  if (isObject(value)) return value;
  throw new EnvironmentServerFailure({ kind: "json", reason: `it is ${show(value)}` });
}

/** What a reset asks for. Throws an EnvironmentServerFailure for a field that nobody reads: a misspelt seed would mix groups. */
export function readReset(data: unknown): ResetData {
  const given = data ?? {};
  refuse(resetSchema, given, "the data of reset");
  return given as ResetData;
}

/**
 * The program of an action. A model's reply such as `42` or `[1, 2]` is read as JSON by some clients on its way: as a
 * program it is a text again. Throws an EnvironmentServerFailure for an action without a program, or with other fields.
 */
export function readAction(data: unknown): string {
  // As nearly all are: what the schemas would find takes as long as all else that is done with a message.
  if (isObject(data) && typeof data.program === "string" && Object.keys(data).length === 1) return data.program;
  if (!isObject(data) || !Object.hasOwn(data, "program")) {
    const fault = isObject(data) ? faultOf(actionSchema, { program: "", ...data }, "an action") : null;
    throw new EnvironmentServerFailure(
      fault ?? { kind: "option", name: "action", expected: 'an object such as {"program": "self.x = 1"}', value: data },
    );
  }
  refuse(actionSchema, data, "an action");
  const { program } = data;
  return faultOf(text, program, "program") === null ? (program as string) : JSON.stringify(program);
}

function refuse(schema: Schema<unknown>, value: unknown, of: string): void {
  const fault = faultOf(schema, value, of);
  if (fault !== null) throw new EnvironmentServerFailure(fault);
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
