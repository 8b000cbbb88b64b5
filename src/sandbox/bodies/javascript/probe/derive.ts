/** A program of the life's own with other names and other numbers in it: what a guest cannot tell from its next one. */

import type { Random } from "../../../../random/index.ts";
import type { Foreseen, Wording } from "../foresee/index.ts";

/** Programs that a life is made of are not copied: a copy would not leave it as it was. Nor is what has an escape in it. */
const vital = /\b(execute_code|call_LLM|end|exec|console|print|query|response|delete)\b|\\/;
/** A number that is not one run of digits. */
const odd = /\d\.|\.\d|\d[a-zA-Z_]|\b0\d/;

/** Names that mean something where they stand, also in what a program compiles to. */
const known = new Set([
  ...Object.getOwnPropertyNames(Array.prototype),
  ...Object.getOwnPropertyNames(String.prototype),
  ...Object.getOwnPropertyNames(Math),
  ..."self state Math JSON stringify undefined this with if in return function async program js sourceURL".split(" "),
  ..."var let const for of while do break continue new class try catch finally throw else null true false".split(" "),
  ..."typeof void switch case default yield await super extends static get set import export instanceof".split(" "),
]);

/** True for a program that can be copied: all of it is understood, and it leaves a plain value. */
export function canDerive(text: string, foreseen: Foreseen | null): foreseen is Foreseen {
  if (foreseen === null || text.length > 600 || vital.test(text)) return false;
  const values = [...foreseen.members.values()];
  if (!values.some((one) => one === "grown" || (one !== "gone" && one.kind === "attribute"))) return false;
  return namesOf(foreseen).every((name) => /^[A-Za-z_$][\w$]*$/.test(name) && !known.has(name));
}

/** What a program writes or declares, by bare name. */
export function namesOf({ written, declared }: Foreseen): string[] {
  return [...new Set([...declared, ...[...written].map((place) => place.replace(/^self\./, ""))])];
}

/** The `$` before a template's brace belongs to no word: the texts about it are reworded by themselves when the copy is foreseen. */
const wordOrNumber = /(?:[A-Za-z_]|\$(?!\{))(?:\w|\$(?!\{))*|\d+/g;

/**
 * How a program is reworded: `renamed` names, and other whole numbers about half of the time; in its texts as well, so that
 * one rule does for the program, for its tree and for what it compiles to.
 */
export function rewording(program: string, renamed: ReadonlyMap<string, string>, random: Random): Wording {
  const numbers = random.integer(2) === 0 && !odd.test(program);
  const others = new Map<number, number>();
  const number = (value: number): number => {
    if (!numbers || !Number.isInteger(value) || value <= 2 || value >= 1e6) return value;
    const other = others.get(value) ?? value + 1 + random.integer(7);
    others.set(value, other);
    return other;
  };
  const word = (one: string): string => renamed.get(one) ?? one;
  const text = (all: string): string =>
    all.replace(wordOrNumber, (one) => (!/^\d/.test(one) ? word(one) : numbers ? String(number(Number(one))) : one));
  return { word, number, text };
}
