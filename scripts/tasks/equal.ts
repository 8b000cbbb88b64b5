/** Whether two functions are the same on many inputs, more than a check tries, and of no check's choosing. */

import { createRandom } from "../../src/random/index.ts";
import { drawValues } from "../../src/tasks/micro/draws.ts";
import { type Does, referenceOf } from "../../src/tasks/micro/reference.ts";
import { isSame } from "../../src/tasks/micro/same.ts";

const known = new Map<string, unknown[][]>();

/** Inputs on which it is plain from the ask what is meant. They are kept: who changes them works on a copy. */
export function wideInputs(does: Does, count: number): readonly unknown[][] {
  const key = JSON.stringify([does, count]);
  if (!known.has(key)) known.set(key, drawWide(does, count));
  return known.get(key)!;
}

function drawWide(does: Does, count: number): unknown[][] {
  const reference = referenceOf(does);
  const constants = reference.steps.flatMap((step) => step.constants);
  const random = createRandom("wide", JSON.stringify(does));
  const found: unknown[][] = [];
  for (let i = 0; found.length < count && i < count * 50; i++) {
    const values = drawValues(random, reference.takes, constants);
    if (reference.trace(values) !== null) found.push(values);
  }
  return found;
}

/** Whether one of our own functions, as text, gives what stages say, and leaves what it was given as it is. */
export function isRightAlways(does: Does, source: string): boolean {
  const own = new Function(`return (${source});`)() as (...values: unknown[]) => unknown;
  const { run } = referenceOf(does);
  return wideInputs(does, 400).every((values) => {
    const given = structuredClone(values);
    try {
      return isSame(own(...given), run(values)) && isSame(given, values);
    } catch {
      return false;
    }
  });
}

/** Whether other stages give the same wherever it is plain what these should: a list's last items are a text's, too. */
export function isSameAlways(does: Does, other: Does): boolean {
  const lists = wideInputs(does, 100);
  return agreement(other, lists, lists.map(referenceOf(does).run)) === 1;
}

/** The share of a check's inputs on which another reference gives the same: 1 is a check that cannot tell them apart. */
export function agreement(other: Does, lists: readonly (readonly unknown[])[], expected: readonly unknown[]): number {
  const { run } = referenceOf(other);
  const same = lists.filter((values, i) => {
    try {
      return isSame(run(structuredClone(values)), expected[i]);
    } catch {
      return false;
    }
  });
  return same.length / lists.length;
}
