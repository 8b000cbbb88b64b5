/** What can go wrong with the sandbox itself, as data, and its text. What a guest does wrong is a verdict, not an error. */

import { describeFault, type Fault } from "../../data/check.ts";
import type { Level } from "../types.ts";

/** One failure of the sandbox, never of the guest. */
export type SandboxError =
  | { kind: "cancelled"; reason: string }
  | { kind: "disposed" }
  | { kind: "ended"; verdict: string }
  | { kind: "look"; cause: string }
  | { kind: "level"; reached: Level; wanted: Level; reason: string }
  | { kind: "reading"; times: number; exit: string }
  | ({ kind: "start" } & StartFault)
  | { kind: "unsupported"; what: string; cure: string }
  | Fault;

/** Why a process of the sandbox did not come to its greeting. `said`: the last lines of its stderr. */
export type StartFault = { said: string } & (
  | { why: "slow"; seconds: number; starts: number }
  | { why: "killed"; signal: string; starts: number }
  | { why: "ended"; code: number | null; signal: string | null }
  | { why: "refused" | "garbled" }
);

/** Thrown by the sandbox; `error` tells which failure it is. */
export class SandboxFailure extends Error {
  override readonly name = "SandboxFailure";
  readonly error: SandboxError;
  constructor(error: SandboxError, options?: ErrorOptions) {
    super(describeSandboxError(error), options);
    this.error = error;
  }
}

/** The text of a failure: what happened, the value, and the way out. */
export function describeSandboxError(error: SandboxError): string {
  switch (error.kind) {
    case "cancelled":
      return `The life was cancelled: ${error.reason}`;
    case "disposed":
      return "The sandbox was disposed: make a new one with createSandbox()";
    case "ended":
      return `This life has ended (${error.verdict}): open another one`;
    case "level":
      return `The sandbox reaches level ${error.reached} here, below the wanted ${error.wanted}: ${error.reason}`;
    case "look":
      return `A program's text could not be looked at (${error.cause}): look at it again`;
    case "reading":
      return `A program could not be read: the process that reads it was killed ${error.times} times in a row (${error.exit}). Run the step again; if it is so again, look what kills processes here, such as want of memory`;
    case "start":
      return `A sandbox process did not start: ${describeStart(error)}`;
    case "unsupported":
      return `The sandbox needs ${error.what}: ${error.cure}`;
    case "option":
    case "unknown-option":
      return describeFault(error);
    default:
      return error satisfies never;
  }
}

function describeStart(fault: StartFault): string {
  const times = "starts" in fault && fault.starts > 1 ? `, the last of ${fault.starts} in a row` : "";
  const said = fault.said || "it printed nothing";
  switch (fault.why) {
    case "slow":
      return `it did not greet within ${fault.seconds} s${times} (${said}). This machine is very busy: run it again with less beside it`;
    case "killed":
      return `it was killed by ${fault.signal} from outside${times} (${said}). Look what kills processes here, such as want of memory`;
    case "ended":
      return `${fault.signal === null ? `exit code ${fault.code}` : `ended by ${fault.signal}, of its own doing`}: ${said}`;
    case "refused":
      return `the system refused to run it: ${said}`;
    case "garbled":
      return `it said something else than its greeting: ${said}`;
    default:
      return fault satisfies never;
  }
}
