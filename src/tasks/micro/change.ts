/**
 * Attributes that a task changes: the values that they begin with, and whether they became what they should. A program is
 * looked at on several values: the one that was drawn, in the life itself, and each of the check's inputs, in copies that play
 * it again. One value alone pays now and then for what is wrong.
 */

import type { Random } from "../../random/index.ts";
import type { TaskContext } from "../types.ts";
import { plainName } from "./checks.ts";
import { drawValues } from "./draws.ts";
import { gives } from "./gives.ts";
import { constantsOf, plainBoundaries } from "./inputs.ts";
import { type Does, referenceOf } from "./reference.ts";
import { isSame } from "./same.ts";
import type { TaskCheck } from "./types.ts";

/** A check of an attribute that is changed. */
export type ChangeCheck = Extract<TaskCheck, { change: string }>;

/** Those of a task's checks that are of changes. */
export function changesOf(checks: readonly TaskCheck[]): ChangeCheck[] {
  return checks.filter((check) => "change" in check);
}

/** The value that each of some changes begins with, one for each check. */
export function drawnFor(changes: readonly ChangeCheck[], random: Random): unknown[] {
  return changes.map(({ does }) => drawChanged(does, random));
}

/** The program that puts values where changes begin, after the task's own setup. */
export function settingOf(changes: readonly ChangeCheck[], values: readonly unknown[], setup = ""): string {
  const lines = changes.map((check, i) => `self.${sourceOf(check)} = ${JSON.stringify(values[i])};`);
  return [...(setup === "" ? [] : [setup]), ...lines].join("\n");
}

/** Whether all attributes became what they should, and those that they are made of stayed. `own`: the task's own setup. */
export async function changesHold(
  changes: readonly ChangeCheck[],
  context: TaskContext,
  own?: string,
): Promise<number | null> {
  const drawn = drawnFor(changes, context.random());
  for (const [i, check] of changes.entries()) {
    const names = namesOf(check);
    for (const [j, name] of names.entries()) {
      const one = gives(await context.read(name), [expectedOf(check, drawn[i])[j]]);
      if (one !== 1) return one;
    }
    for (const [value] of check.inputs ?? plainBoundaries(referenceOf(check.does))) {
      const setup = settingOf(changes, drawn.with(i, value), own);
      const one = gives(await context.rerun(setup, names), expectedOf(check, value));
      if (one !== 1) return one;
    }
  }
  return 1;
}

function sourceOf({ change, from = change }: ChangeCheck): string {
  return plainName(from);
}

/** The attribute, and the one that it is made of, where that is another. */
function namesOf(check: ChangeCheck): string[] {
  return [...new Set([plainName(check.change), sourceOf(check)])];
}

function expectedOf(check: ChangeCheck, value: unknown): unknown[] {
  return [referenceOf(check.does).run([value]), value].slice(0, namesOf(check).length);
}

const usual = new Set(["0", "1", "-1", "true", "false", '""', "[]"]);

/** A value that the stages do not leave as it is, nor make into what anyone would write or what the ask names. */
function drawChanged(does: Does, random: Random): unknown {
  const reference = referenceOf(does);
  const constants = constantsOf(reference);
  for (let tries = 0; tries < 1000; tries++) {
    const values = drawValues(random, reference.takes, constants);
    const trace = reference.trace(values);
    const made = trace?.at(-1);
    if (made === undefined || isSame(made, values[0]) || usual.has(JSON.stringify(made))) continue;
    if (!constants.some((one) => isSame(one, made))) return values[0];
  }
  throw new RangeError(`No value was found that ${JSON.stringify(does)} changes`);
}
