/** What can go wrong with a record, as data, and its text: the value and the cure. */

import { describeFault, type Fault } from "../data/check.ts";

/** One failure of a record file or of a request to it. */
export type RecordError =
  | { kind: "absent"; path: string }
  | { kind: "empty"; path: string }
  | { kind: "tail"; path: string; entries: number; kept: number }
  | { kind: "corrupt"; path: string; detail: string }
  | { kind: "foreign"; path: string }
  | { kind: "version"; path: string; found: number; known: number }
  | { kind: "locked"; path: string; waitedMs: number }
  | { kind: "full"; path: string }
  | { kind: "read-only"; path: string }
  | { kind: "unreachable"; path: string; detail: string }
  | { kind: "closed"; path: string }
  | { kind: "chain"; path: string; entry: number; reason: string }
  | { kind: "unknown"; what: "episode" | "step" | "node" | "genome"; id: string; known: string }
  | { kind: "order"; episode: number; detail: string }
  | { kind: "value"; name: string; expected: string; value: string }
  | Fault;

/** Thrown by everything in this folder; `error` tells which failure it is. */
export class RecordFailure extends Error {
  override readonly name = "RecordFailure";
  readonly error: RecordError;
  constructor(error: RecordError, options?: ErrorOptions) {
    super(describeRecordError(error), options);
    this.error = error;
  }
}

/** The text of a failure. */
export function describeRecordError(error: RecordError): string {
  switch (error.kind) {
    case "absent":
      return `There is no record at ${error.path}: check the path, or begin one with openRecord(path, { create: true })`;
    case "empty":
      return `${error.path} is empty, it holds no record: if there was one, restore it from a copy; else delete the file, and ${error.path}-head if there is one, to begin anew`;
    case "tail":
      return `The record ${error.path} has lost its tail: it has ${error.entries} entries, but ${error.path}-head notes entry ${error.kept}, which is not there: restore both from a copy, or delete ${error.path}-head to go on with what is left`;
    case "corrupt":
      return `The record ${error.path} is damaged (${error.detail}): restore it from a copy; \`sqlite3 FILE .recover\` saves what can still be read`;
    case "foreign":
      return `${error.path} is a SQLite file but not a record: choose another path; nothing was written to it`;
    case "version":
      return `The record ${error.path} has format ${error.found}, this library reads up to ${error.known}: update autoagent-lab; nothing was changed`;
    case "locked":
      return `The record ${error.path} stayed locked by another program for ${error.waitedMs} ms: close that one, or raise \`lockTimeoutMs\`; nothing that was recorded is lost`;
    case "full":
      return `No space left on the disk of ${error.path}: free some and append again; everything recorded before is safe`;
    case "read-only":
      return `The record ${error.path} is read-only here: open it without \`readOnly\`, and check the rights of the file and its folder`;
    case "unreachable":
      return `The record ${error.path} could not be opened or written (${error.detail}): check the path and its rights`;
    case "closed":
      return `The record ${error.path} was closed: open it again with openRecord()`;
    case "chain":
      return `The record ${error.path} was changed after it was written: entry ${error.entry}: ${error.reason}. Entries before it are as recorded; restore the rest from a copy`;
    case "unknown":
      return `The record has no ${error.what} ${error.id}: it has ${error.known}`;
    case "order":
      return `Episode ${error.episode} cannot take this entry: ${error.detail}`;
    case "value":
      return `Expected \`${error.name}\` to be ${error.expected}, got ${error.value}`;
    case "option":
    case "unknown-option":
      return describeFault(error);
    default:
      return error satisfies never;
  }
}

/** Runs `work` and turns SQLite's errors into ours. SQLite's result codes: https://sqlite.org/rescode.html */
export function withRecordErrors<T>(path: string, lockTimeoutMs: number, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof RecordFailure || !(cause instanceof Error)) throw cause;
    const known = translate(path, lockTimeoutMs, cause);
    throw known === null ? cause : new RecordFailure(known, { cause });
  }
}

function translate(path: string, waitedMs: number, cause: Error & { errcode?: number; code?: string }) {
  const { message } = cause;
  if (cause.code === "ERR_INVALID_STATE") return { kind: "closed", path } as const;
  // What an entry holds is no JSON any more.
  if (cause instanceof SyntaxError) return { kind: "corrupt", path, detail: message } as const;
  if (cause.errcode === undefined) return null;
  switch (cause.errcode & 0xff) {
    case 5:
    case 6:
      return { kind: "locked", path, waitedMs } as const;
    case 8:
      return { kind: "read-only", path } as const;
    case 11:
    case 26:
      return { kind: "corrupt", path, detail: message } as const;
    case 13:
      return { kind: "full", path } as const;
    case 10:
    case 14:
      return { kind: "unreachable", path, detail: message } as const;
    default:
      return null;
  }
}
