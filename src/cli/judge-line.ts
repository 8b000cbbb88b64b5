/** One line of `autoagent judge`, read: a life that is to be judged. */

import { anything, faultOf, integer, listOf, only, optional, type Schema, someOf, text } from "../data/check.ts";
import type { BodyName } from "../sandbox/index.ts";
import { bodySchema } from "../sandbox/options.ts";
import { CliFailure } from "./error.ts";

/** A life that is to be judged. */
export interface Task {
  id: unknown;
  /** What its agent is made of. */
  body: BodyName;
  seed: number;
  steps: readonly string[];
  /** Of the model, in order. */
  answers: readonly string[];
}

/** A line as it may be written. */
type Line = Partial<Task> & { language?: unknown; steps: readonly string[] };

const program: Schema<string> = text;

const lineSchema = only<Line>({
  id: anything(),
  language: anything(),
  body: optional(bodySchema),
  steps: someOf(program, "a list of at least one program, each a text"),
  seed: optional(integer),
  answers: optional(listOf(text, "a list of texts")),
});

/** The object of a line. Throws a CliFailure for a line that holds none. */
export function parseLine(line: string): { [name: string]: unknown } {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new CliFailure({ kind: "json", detail: (cause as Error).message }, { cause });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new CliFailure({ kind: "field", name: "line", expected: "an object", value: show(value) });
  return value as { [name: string]: unknown };
}

/** What is to be judged. Throws a CliFailure that names the field, or the one that was meant. */
export function readTask(line: { [name: string]: unknown }): Task {
  const named = bodyOf(line.language);
  const fault = faultOf(lineSchema, line, "a line");
  if (fault?.kind === "option")
    throw new CliFailure({ kind: "field", name: fault.name, expected: fault.expected, value: show(fault.value) });
  if (fault !== null) throw new CliFailure({ kind: "unknown-field", fault });
  const { id = null, steps, seed = 0, answers = [], body = named ?? "javascript" } = line as unknown as Line;
  if (named !== null && body !== named)
    throw new CliFailure({
      kind: "field",
      name: "language",
      expected: `one of the body ${body}`,
      value: show(line.language),
    });
  return { id, body, seed, steps, answers };
}

/** The body whose language that is; null where none is told. */
function bodyOf(language: unknown): BodyName | null {
  if (language === undefined) return null;
  if (language === "typescript" || language === "javascript") return "javascript";
  if (language === "python") return "python";
  throw new CliFailure({ kind: "language", value: show(language) });
}

/** Any JSON, as long as it is short: each answer says it again. */
export function readId(id: unknown): unknown {
  if (textOf(id).length <= 1000) return id;
  throw new CliFailure({ kind: "field", name: "id", expected: "at most 1,000 characters of JSON", value: show(id) });
}

/** As JSON; what nests deeper than the stack has none. */
function textOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? "nothing";
  } catch {
    return `${"[".repeat(1001)}`;
  }
}

function show(value: unknown): string {
  const told = textOf(value);
  return told.length > 80 ? `${told.slice(0, 80)}…` : told;
}
