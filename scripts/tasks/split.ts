/** Which part a drawn task belongs to, and which drawn tasks say nothing new: the rules that keep the parts apart. */

import { drawTask } from "../../corpus/index.ts";
import { createRandom } from "../../src/random/index.ts";
import type { TaskCheck, TaskSplit } from "../../src/tasks/index.ts";
import { checksOf } from "../../src/tasks/micro/checks.ts";
import { drawValues } from "../../src/tasks/micro/draws.ts";
import { inputsOf } from "../../src/tasks/micro/inputs.ts";
import { type Does, type Reference, referenceOf } from "../../src/tasks/micro/reference.ts";
import { isSame } from "../../src/tasks/micro/same.ts";
import type { Draft } from "./draft.ts";
import type { Family } from "./grammar.ts";
import { fixedInputs } from "./rivals.ts";

/** The part of a draft: by its family and combination, never by its words or by the seed that drew it. */
export function splitOf(family: Family, { combination }: Draft): TaskSplit {
  if (family.unseen) return "unseen";
  const at = createRandom("tasks", family.name, combination).uniform();
  return at < 0.2 ? "known" : at < 0.32 ? "validation" : "training";
}

const battery = new Map<string, unknown[][]>();

/** What a function gives on many inputs of its kinds, as text: two functions that do the same have the same. */
export function behaviourOf(does: Does): string {
  const reference = referenceOf(does);
  const kinds = reference.takes.join().replace("count", "number");
  if (!battery.has(kinds)) {
    const random = createRandom("battery", kinds);
    const constants = [2, 3, 5, 8, 13, 20, "moon", "tea", "a", "e"];
    battery.set(
      kinds,
      Array.from({ length: 120 }, () => drawValues(random, reference.takes, constants)),
    );
  }
  return JSON.stringify([kinds, ...battery.get(kinds)!.map((values) => attempt(reference, values))]);
}

function attempt({ run }: Reference, values: unknown[]): unknown {
  try {
    return run(values) ?? null;
  } catch {
    return "none";
  }
}

/** What a task asks for, apart from the names of methods: no two tasks share one. A method counts alone, in whatever task. */
export function contentsOf(checks: readonly TaskCheck[]): string[] {
  const methods = checks.flatMap((check) => ("call" in check && "does" in check ? [behaviourOf(check.does)] : []));
  if (methods.length > 0) return methods;
  return [
    JSON.stringify(
      checks.map((check) => ("change" in check ? { ...check, change: "", from: check.from && "" } : check)),
    ),
  ];
}

/** Whether each stage matters: without any of them it would be another function. */
export function isLean(does: Does): boolean {
  const whole = behaviourOf(does);
  return does.every((_, i) => {
    const less = does.filter((_, j) => j !== i);
    try {
      return less.length === 0 || behaviourOf(less) !== whole;
    } catch {
      return true; // what is left does not fit together
    }
  });
}

/** Whether its inputs can tell a function from one that gives back what it gets, or always the same. */
export function tells(does: Does): boolean {
  const reference = referenceOf(does);
  const lists = inputsOf(reference, createRandom("tells", JSON.stringify(does)), fixedInputs(does));
  const given = lists.map(reference.run);
  const different = new Set(given.map((one) => JSON.stringify(one))).size;
  return (
    lists.length >= 5 &&
    different >= (reference.gives === "boolean" ? 2 : 3) &&
    lists.filter((values, i) => !isSame(values[0], given[i])).length >= 2
  );
}

/** What the small model was pretrained on: whether a task of it has this check. Its grammar is `corpus/`, not this one. */
export function corpusOf(draws: number): (checks: readonly TaskCheck[]) => boolean {
  const reads = new Set<string>();
  const calls = new Map<string, { arguments: unknown[][]; expected: unknown[] }>();
  for (let i = 0; i < draws; i++) {
    const { check } = drawTask(createRandom("pretrained", i), { typed: false }, "training");
    if (check === null) continue;
    if ("read" in check) reads.add(JSON.stringify([plain(check.read), check.expected]));
    else calls.set(JSON.stringify([check.arguments, check.expected]), check);
  }
  const isCalled = (does: Does): boolean => {
    const reference = referenceOf(does);
    return [...calls.values()].some(
      (one) =>
        one.arguments[0]!.length === reference.takes.length &&
        typeof one.arguments[0]![0] === typeOf(reference.takes[0]!) &&
        one.arguments.every((values, i) => isSame(attempt(reference, values), one.expected[i])),
    );
  };
  return (checks) =>
    checksOf({ check: checks }).some((check) =>
      "read" in check
        ? checks.length === 1 && reads.has(JSON.stringify([plain(check.read), check.expected]))
        : "call" in check && "does" in check && isCalled(check.does),
    );
}

function plain(name: string): string {
  return name.replace(/^self\.(state\.)?/, "");
}

function typeOf(kind: string): string {
  return kind === "text" ? "string" : kind === "number" || kind === "count" ? "number" : "object";
}
