/** What can go wrong with an environment's use, as data, and its text. */

import { describeFault, type Fault, show } from "../data/check.ts";

/** One misuse of an environment, or a reward that cannot be used. */
export type EnvironmentError =
  | { kind: "not-reset" }
  | { kind: "over"; why: string }
  | { kind: "action"; value: unknown }
  | Fault
  | { kind: "reward"; name: string; value: unknown }
  | { kind: "reward-threw"; name: string; message: string }
  | { kind: "score"; task: string; value: unknown }
  | { kind: "score-threw"; task: string; message: string }
  | { kind: "clone"; name: string; fault: string }
  | { kind: "contract"; fault: string };

/** Thrown by environments; `error` tells which it is. The episode is as it was, unless a reward or a score failed: its step is lived. */
export class EnvironmentFailure extends Error {
  override readonly name = "EnvironmentFailure";
  readonly error: EnvironmentError;
  constructor(error: EnvironmentError, options?: ErrorOptions) {
    super(describeEnvironmentError(error), options);
    this.error = error;
  }
}

/** The text of a misuse: what happened, the value, and the way out. */
export function describeEnvironmentError(error: EnvironmentError): string {
  switch (error.kind) {
    case "not-reset":
      return "step() before reset(): call `await env.reset({ seed })` first";
    case "over":
      return `step() after the end of the episode (${error.why}): call \`await env.reset({ seed })\` for another one`;
    case "action":
      return `Expected a program (a string) as the action, got ${show(error.value)}`;
    case "option":
    case "unknown-option":
      return describeFault(error);
    case "reward":
      return `The reward \`${error.name}\` gave ${show(error.value)}: a reward must be a finite number${cureOf(error.value)}`;
    case "reward-threw":
      return `The reward \`${error.name}\` threw: ${error.message}`;
    case "score":
      return `The task "${error.task}" scored ${show(error.value)}: a score must be a finite number, or null where the step cannot be scored`;
    case "score-threw":
      return `The score of the task "${error.task}" threw: ${error.message}`;
    case "clone":
      return `Another ${error.name} cannot be made by \`new ${error.name}(options)\` for lives side by side: ${error.fault}. Give ${error.name} a constructor that takes the environment's options, or a clone() of its own`;
    case "contract":
      return `The environment breaks its contract: ${error.fault}`;
    default:
      return error satisfies never;
  }
}

/** What makes a number of a value that stands for one. */
function cureOf(value: unknown): string {
  if (value instanceof Promise) return ", at once: leave `async` out";
  if (typeof value === "string" || typeof value === "bigint" || typeof value === "boolean")
    return `, and this is a ${typeof value}: give \`Number(...)\` of it`;
  return value === undefined ? ", or null where the step cannot be scored: does it `return` one?" : "";
}
