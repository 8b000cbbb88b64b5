/** What a user of the command line did that it cannot do, as data, and its text. */

import { describeFault, type Fault } from "../data/check.ts";

/** One mistake in the arguments or in the input. */
export type CliError =
  | { kind: "command"; found: string }
  | { kind: "arguments"; command: string; detail: string }
  | { kind: "option"; name: string; expected: string; value: string }
  | { kind: "input"; path: string; detail: string }
  | { kind: "json"; detail: string }
  | { kind: "field"; name: string; expected: string; value: string }
  | { kind: "unknown-field"; fault: Fault }
  | { kind: "language"; value: string };

/** Thrown by the command line; `error` tells which mistake it is. */
export class CliFailure extends Error {
  override readonly name = "CliFailure";
  readonly error: CliError;
  constructor(error: CliError, options?: ErrorOptions) {
    super(describeCliError(error), options);
    this.error = error;
  }
}

/** The text of a mistake: the value and the cure. */
function describeCliError(error: CliError): string {
  switch (error.kind) {
    case "command":
      return `Unknown command ${JSON.stringify(error.found)}: it is one of judge, replay, export, record, serve, env, worker, play; see autoagent --help`;
    case "arguments":
      return `${error.detail}: see autoagent ${error.command} --help`;
    case "option":
      return `Expected --${error.name} to be ${error.expected}, got ${JSON.stringify(error.value)}`;
    case "input":
      return `Could not read ${error.path} (${error.detail}): check the path, or give - for standard input`;
    case "json":
      return `The line is not JSON (${error.detail}): write one object a line, such as {"id": "a", "steps": ["self.n = 1"]}`;
    case "field":
      return `Expected \`${error.name}\` to be ${error.expected}, got ${error.value}`;
    case "unknown-field":
      return describeFault(error.fault);
    case "language":
      return `Unknown language ${error.value}: it is one of typescript, javascript, python`;
    default:
      return error satisfies never;
  }
}
