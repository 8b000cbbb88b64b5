/** Programs that do nothing of what is asked, made by rule: no check may take one of them for an answer. */

import type { MicroTask, TaskCheck } from "../../src/tasks/index.ts";
import { checksOf } from "../../src/tasks/micro/checks.ts";
import { isRightAlways } from "./equal.ts";

/** A kind of trivial program, and the program. */
export interface Trivial {
  kind: string;
  program: string;
}

/** Functions that say nothing of a task. Those of the last kinds may be what a task asks for: there they are left out. */
const functions: { [kind: string]: readonly string[] } = {
  identity: ["(x) => x", "(x, y) => y", "(...all) => all"],
  "nothing, or empty": ["() => {}", "() => null", '() => ""', "() => []", "() => ({})"],
  constant: ["() => 0", "() => 1", "() => -1", "() => true", "() => false"],
  copy: ["(x) => [...x]", "(x) => structuredClone(x)", "(x) => JSON.parse(JSON.stringify(x))"],
  length: ["(x) => x.length", "(x) => String(x).length"],
  "as text": ["(x) => String(x)", "(x) => JSON.stringify(x)"],
  sort: ["(x) => x.sort()", "(x) => [...x].sort()"],
  reverse: ["(x) => x.reverse()"],
  "first or last": ["(x) => x[0]", "(x) => x[x.length - 1]", "(x) => x.pop()", "(x) => x.shift()"],
  truth: ["(x) => !!x", "(x) => !x", "(x, y) => x > y"],
};
const values = ["undefined", "null", "0", "1", "true", "false", '""', "[]", "{}"];

/** Trivial programs for a task, without those that are what it asks for. */
export function trivialPrograms({ ask, check }: Pick<MicroTask, "ask" | "check">): Trivial[] {
  const checks = checksOf({ check });
  const made: Trivial[] = [{ kind: "the ask's words", program: ask }];
  const calls = checks.filter((one) => "call" in one);
  for (const [kind, sources] of Object.entries(functions))
    for (const source of calls.length === 0 ? [] : sources)
      if (!calls.every((one) => "does" in one && isRightAlways(one.does, source)))
        made.push({
          kind,
          program: checks.map((one) => ("call" in one ? `${place(one)} = ${source};` : right(one))).join("\n"),
        });
  for (const value of [...values, ...numbersIn(ask), ...textsIn(ask), JSON.stringify(ask)])
    made.push({
      kind: values.includes(value) ? "constant" : "the ask's words",
      program: checks.map((one) => `${place(one)} = ${value};`).join("\n"),
    });
  // Of a task with several parts each alone.
  const parts = checks.map((one) => ("does" in one ? "" : right(one))).filter((text) => text !== "");
  if (checks.length > 1) for (const program of parts) made.push({ kind: "a part alone", program });
  return made.filter(({ program }) => !isAnswer(program, checks));
}

/** What is right for a check of an attribute, so that beside it a trivial function is what fails. */
function right(check: TaskCheck): string {
  if ("read" in check) return `${place(check)} = ${JSON.stringify(check.expected)};`;
  return "gone" in check ? `delete ${place(check)};` : "";
}

/** Whether a program of constants is what the ask says: some tasks name their value, and nothing is a way to remove. */
function isAnswer(program: string, checks: readonly TaskCheck[]): boolean {
  const bare = (text: string): string => text.replaceAll(/\s/g, "");
  if (checks.some((check) => "gone" in check)) return /= (null|undefined);$/.test(program);
  return checks.every((check) => "read" in check) && bare(program) === bare(checks.map(right).join("\n"));
}

function place(check: TaskCheck): string {
  const name =
    "read" in check
      ? check.read
      : "gone" in check
        ? check.gone
        : "change" in check
          ? check.change
          : `self.${plain(check.call)}`;
  return name.startsWith("self.") ? name : `self.state.${name}`;
}

function plain(name: string): string {
  return name.replace(/^self\./, "");
}

function numbersIn(ask: string): string[] {
  return [...new Set(ask.match(/(?<![\w.])\d+(?!\w)/g) ?? [])];
}

function textsIn(ask: string): string[] {
  return [...new Set(ask.match(/"[^"]*"/g) ?? [])];
}
