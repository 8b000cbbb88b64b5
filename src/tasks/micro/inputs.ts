/**
 * On which inputs a function is tried: fixed ones, at least the boundaries of what it takes, and fresh ones out of a stream of
 * the episode's and the task's own. What is not plain from the ask is not tried.
 */

import type { Random } from "../../random/index.ts";
import { boundariesOf, drawValues } from "./draws.ts";
import type { Reference } from "./reference.ts";

/** Inputs that are fresh each time. */
const fresh = 3;

/** The constants of all stages. */
export function constantsOf({ steps }: Pick<Reference, "steps">) {
  return steps.flatMap((step) => step.constants);
}

/** The boundaries of what a function takes on which it is plain what it should give. */
export function plainBoundaries(reference: Reference): unknown[][] {
  const all = boundariesOf(reference.takes, constantsOf(reference)).map((values) => [...values]);
  return all.filter((values) => reference.trace(values) !== null);
}

/** Lists of arguments to try a function on, fresh ones among them, in a drawn order: no call's number tells what it is given. */
export function inputsOf(
  reference: Reference,
  random: Random,
  fixed: readonly (readonly unknown[])[] = plainBoundaries(reference),
): (readonly unknown[])[] {
  const lists = [...fixed];
  const known = new Set(lists.map((values) => JSON.stringify(values)));
  for (let i = 0; lists.length < fixed.length + fresh && i < 200; i++) {
    const values = drawValues(random, reference.takes, constantsOf(reference));
    const text = JSON.stringify(values);
    if (known.has(text) || reference.trace(values) === null) continue;
    known.add(text);
    lists.push(values);
  }
  for (let i = lists.length - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [lists[i], lists[j]] = [lists[j]!, lists[i]!];
  }
  return lists;
}
