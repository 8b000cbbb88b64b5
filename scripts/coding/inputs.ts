/**
 * Chooses a problem's inputs: its boundaries, and of many draws those on which what the function is likely to be mistaken for
 * gives something else. Such are its mutants, trivial programs, and the references of all problems with the same parameters.
 */

import { isSameData } from "../../src/coding/same.ts";
import { createRandom } from "../../src/random/index.ts";
import type { Draft } from "./draft.ts";
import { callMany, failed, type Given, type HostProgram } from "./host.ts";
import { type Fault, mutantsOf } from "./mutate.ts";
import { trivialBodies } from "./trivial.ts";

/** Draws that inputs are chosen from, and those on which a mutant that is left must be equal. */
const [draws, wide] = [150, 2000];
/** Inputs that each program is tried on first, and of how many differences it is enough to know. */
const [glance, enough] = [40, 4];
/** No problem has fewer inputs, and none more. */
const [least, most] = [8, 16];

/** A problem with its inputs. */
export interface Tried {
  inputs: readonly (readonly unknown[])[];
  expected: readonly unknown[];
  killed: Fault[];
  equal: Fault[];
}

/** The whole program of a draft. @param body @default its own */
export function programOf({ name, parameters, javascript }: Draft, body = javascript): string {
  return `const ${name} = (${parameters.map((one) => one.name).join(", ")}) => {\n${body}};\n`;
}

/** What a draft's reference gives. Throws where it gives no plain data. */
export function expectedOf(draft: Draft, inputs: readonly (readonly unknown[])[]): Given {
  const [given] = callMany([{ source: programOf(draft), name: draft.name }], inputs);
  const at = given!.indexOf(failed);
  if (at >= 0) throw new Error(`${draft.name} gives nothing for ${JSON.stringify(inputs[at])}`);
  return given!;
}

/** Inputs for a draft; null where they cannot tell it from a trivial program or another problem, or it has no mutant. */
export function tryOut(draft: Draft, others: readonly Draft[]): Tried | null {
  const random = createRandom("inputs", draft.name);
  const unique = (list: readonly (readonly unknown[])[]): (readonly unknown[])[] => [
    ...new Map(list.map((input) => [JSON.stringify(input), input])).values(),
  ];
  const drawn = Array.from({ length: draws }, () => draft.draw(random));
  const mutants = mutantsOf(programOf(draft));
  const { name } = draft;
  const programs: HostProgram[] = [
    ...mutants.map(({ source }) => ({ source, name })),
    ...trivialBodies(draft.parameters.map((one) => one.name)).map((body) => ({ source: programOf(draft, body), name })),
    ...others.map((one) => ({ source: programOf(one), name: one.name })),
  ];
  const edges = unique(draft.edges);
  let open = unique([...edges, ...drawn]);
  let expected = expectedOf(draft, open);
  let tellers = tellersOf(programs, open, expected);
  const silent = tellers.flatMap((told, i) => (told.size === 0 && i < mutants.length ? [i] : []));
  if (silent.length > 0) {
    // More is drawn for those alone that nothing has told apart yet.
    const more = Array.from({ length: wide }, () => draft.draw(random));
    const right = expectedOf(draft, more);
    const told = tellersOf(
      silent.map((i) => programs[i]!),
      more,
      right,
    );
    open = unique([...open, ...told.flatMap((one) => [...one].slice(0, 1).map((at) => more[at]!))]);
    expected = expectedOf(draft, open);
    tellers = tellersOf(programs, open, expected);
  }
  if (tellers.some((told, i) => told.size === 0 && i >= mutants.length)) return null;
  const chosen = choose(open.map(JSON.stringify as (input: unknown) => string), edges.length, tellers);
  const killed = mutants.filter((_, i) => tellers[i]!.size > 0);
  if (chosen === null || killed.length === 0) return null;
  const inputs = chosen.map((at) => open[at]!);
  const equal = mutants.filter((_, i) => tellers[i]!.size === 0);
  return { inputs, expected: chosen.map((at) => expected[at]), killed, equal };
}

/** For each program the inputs, by number, on which it gives something else. */
function tellersOf(
  programs: readonly HostProgram[],
  inputs: readonly (readonly unknown[])[],
  expected: Given,
): Set<number>[] {
  // Most are told apart by the first few, and no more is needed of these.
  const few = inputs.slice(0, glance);
  const glances = callMany(programs, few).map((given) => tellsOf(given, expected));
  const rest = glances.flatMap((told, i) => (told.size < enough ? [i] : []));
  const whole = callMany(
    rest.map((i) => programs[i]!),
    inputs,
  ).map((given) => tellsOf(given, expected));
  return glances.map((told, i) => whole[rest.indexOf(i)] ?? told);
}

/** The inputs on which a program gives something else. */
function tellsOf(given: Given, expected: Given): Set<number> {
  return new Set(given.flatMap((one, i) => (one !== failed && isSameData(one, expected[i]) ? [] : [i])));
}

/** The first `fixed`, then always the one that tells most of what is left, then short ones until there are enough. */
function choose(texts: readonly string[], fixed: number, tellers: readonly ReadonlySet<number>[]): number[] | null {
  const chosen = texts.slice(0, Math.min(fixed, 8)).map((_, i) => i);
  let left = tellers.filter((told) => told.size > 0 && !chosen.some((at) => told.has(at)));
  while (left.length > 0) {
    const gains = texts.map((_, at) => left.filter((told) => told.has(at)).length);
    const at = gains.indexOf(Math.max(...gains));
    chosen.push(at);
    left = left.filter((told) => !told.has(at));
    if (chosen.length > most) return null;
  }
  for (let at = texts.length - 1; chosen.length < least && at >= 0; at--) if (!chosen.includes(at)) chosen.push(at);
  return chosen.sort((a, b) => a - b);
}
