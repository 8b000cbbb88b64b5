/**
 * Another environment like a given one, for a class that somebody made of SurvivalEnv: `new Own(options)`. A constructor
 * that takes something else than the options would make an environment that counts otherwise, without a word: so what it
 * made is compared with the environment as it was made.
 */

import { show } from "../data/check.ts";
import { EnvironmentFailure } from "./error.ts";

/** What an environment holds in fields of its own, when it was made. */
export type Fields = { readonly [name: string]: unknown };

/** The fields of an environment as they are now. */
export function fieldsOf(env: object): Fields {
  return Object.fromEntries(Object.entries(env));
}

/** Makes another by the environment's own constructor. Throws an EnvironmentFailure where that makes a different one. */
export function anotherOf<E extends { readonly options: object }>(env: E, made: Fields): E {
  const Own = env.constructor as new (options: object) => E;
  let other: E;
  try {
    other = new Own(env.options);
  } catch (cause) {
    const fault = `that throws: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw new EnvironmentFailure({ kind: "clone", name: Own.name, fault }, { cause });
  }
  const { options, ...fields } = made;
  const { options: otherOptions, ...otherFields } = fieldsOf(other);
  const different =
    difference(fields, otherFields, "", env.options) ??
    difference(options as Fields, otherOptions as Fields, "options.", env.options);
  if (different !== null) throw new EnvironmentFailure({ kind: "clone", name: Own.name, fault: different });
  return other;
}

/** The first field that is another; fields that hold objects may be equal and yet not the same, and are let pass. */
function difference(was: Fields, is: Fields, before: string, options: unknown): string | null {
  for (const name of new Set([...Object.keys(was), ...Object.keys(is)])) {
    const [one, other] = [was[name], is[name]];
    const alike = typeof one === "function" ? String(one) === String(other) : isObject(one) && isObject(other);
    const holdsOptions = other === options && one !== options;
    if (Object.is(one, other) || (alike && !holdsOptions)) continue;
    return `its \`${before}${name}\` would be ${show(other)}, and is ${show(one)}`;
  }
  return null;
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}
