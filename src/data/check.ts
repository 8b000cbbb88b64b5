/**
 * Checks of what comes from outside: options, requests, lines of files. A schema says what is expected, and its first
 * issue becomes a sentence of ours, which names the value, what was expected and the cure; a key that nobody reads is
 * refused with the nearest name. Every message of a schema is a phrase that completes "Expected `name` to be".
 * Not here: the errors that carry the sentence, which belong to whoever checks.
 */

import * as v from "valibot";
import { nearestName } from "./nearest.ts";

/**
 * One thing that is wrong with a value, as part of whose error it becomes. `name`: where, as a reader would write it
 * (`limits.stepMs`, `steps[2]`). `of`: what has no such key: `the options of rollout`. `former`: the nearest is the key's own new
 * name.
 */
export type Fault =
  | { kind: "option"; name: string; expected: string; value: unknown }
  | {
      kind: "unknown-option";
      name: string;
      of: string;
      nearest: string | null;
      known: readonly string[];
      former?: true;
    };

/** A schema of values of type T, whatever it is given. */
export type Schema<T> = v.GenericSchema<unknown, T>;

/** One schema for each key of T: a key that T has and the schema has not does not compile, nor the other way round. */
type Entries<T> = { [K in keyof T]-?: Schema<T[K] | undefined> };

/** Options that had another name once: who still writes it is told the new one. */
const formerNames = new Map([
  ["clip", "maxGradNorm"],
  ["decay", "lrSchedule"],
  ["klWeight", "klCoef"],
  ["words", "tokenSubset"],
]);

/** Thrown for options of the library's functions: a RangeError, as JavaScript's own throw; `error` tells which and why. */
export class OptionFailure extends RangeError {
  readonly error: Fault;
  constructor(error: Fault) {
    super(describeFault(error));
    this.error = error;
  }
}

/** The sentence of a fault. */
export function describeFault(fault: Fault): string {
  if (fault.kind === "option") return `Expected \`${fault.name}\` to be ${fault.expected}, got ${show(fault.value)}`;
  const { name, of, nearest, known, former } = fault;
  if (former) return `There is no \`${name}\` in ${of}: it is called \`${nearest}\` now`;
  const cure = nearest === null ? `there are ${known.join(", ") || "none"}` : `did you mean \`${nearest}\`?`;
  return `There is no \`${name}\` in ${of}: ${cure}`;
}

/** A value as an error shows it: a text in quotes, so that "3" is no 3. */
export function show(value: unknown): string {
  if (typeof value === "function") return value.name === "" ? "a function" : `the function ${value.name}`;
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value !== "object" || value === null)
    return typeof value === "string" ? JSON.stringify(value).slice(0, 80) : String(value);
  const type =
    Object.getPrototypeOf(value)?.constructor?.name ||
    (value as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag] ||
    "Object";
  return type === "Object" || type === "Array" ? (textOf(value)?.slice(0, 80) ?? "an object") : article(String(type));
}

/** The first fault of a value; null where it is as expected. `of` is what it is: `the options of rollout`. */
export function faultOf(schema: Schema<unknown>, value: unknown, of: string): Fault | null {
  const { issues } = v.safeParse(schema, value);
  if (issues === undefined) return null;
  const issue = firstOf(issues);
  const { path = [], message, input } = issue;
  const place = path.map(({ key }) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`)).join("");
  const name = place.startsWith("[") ? `${of}${place}` : place.slice(1);
  if (path.length === 0) return { kind: "option", name: of, expected: message, value: input };
  const last = path.at(-1)!;
  if (!isUnknownKey(issue)) return { kind: "option", name, expected: message, value: input };
  // A key that no entry has: the message holds those that there are.
  const known = message.split(" ").filter((one) => one !== "");
  const now = formerNames.get(String(last.key));
  const former = now !== undefined && known.includes(now);
  const near = former ? now : nearestName(String(last.key), known);
  const before = name.slice(0, name.length - String(last.key).length);
  return {
    kind: "unknown-option",
    name,
    of,
    nearest: near === null ? null : before + near,
    known,
    ...(former && { former }),
  };
}

/**
 * The issue that is told. A key that is not there is most often one that was misspelt: the key that nobody reads is told
 * first.
 */
function firstOf(issues: [v.BaseIssue<unknown>, ...v.BaseIssue<unknown>[]]): v.BaseIssue<unknown> {
  const [first] = issues;
  if (first.input !== undefined) return first;
  return issues.find((one) => isUnknownKey(one) && one.path?.length === first.path?.length) ?? first;
}

function isUnknownKey({ path, expected }: v.BaseIssue<unknown>): boolean {
  return path?.at(-1)?.origin === "key" && expected === "never";
}

/** Throws an OptionFailure for options that have a key that nobody reads, or a value that has no meaning. */
export function checkOptions<T>(schema: Schema<T>, options: T, of: string): void {
  const fault = faultOf(schema, options, of);
  if (fault !== null) throw new OptionFailure(fault);
}

/** An object with these keys and no others. */
export function only<T extends object>(entries: Entries<T>, expected = "an object of options"): Schema<T> {
  const known = Object.keys(entries).join(" ");
  const schema = v.strictObject(entries as v.ObjectEntries, ({ expected: what, path }) => {
    if (what === "never") return known;
    // A key that is not there is as one that is undefined.
    const missing = path?.at(-1)?.key as keyof T | undefined;
    const fault = missing === undefined ? null : faultOf(entries[missing], undefined, "it");
    return fault?.kind === "option" ? fault.expected : expected;
  });
  return v.pipe(v.custom<object>(isObject, expected), schema) as unknown as Schema<T>;
}

/** A list is an object, too, but none of options. */
function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Those of the options that a function takes which is given more than its own. */
export function partOf<E extends object, T extends object>(entries: E, options: T): Pick<T, keyof T & keyof E> {
  const own = Object.entries(options).filter(([name]) => Object.hasOwn(entries, name));
  return Object.fromEntries(own) as Pick<T, keyof T & keyof E>;
}

/** What may be left out. */
export const optional = <T>(schema: Schema<T>): Schema<T | undefined> => v.optional(schema) as Schema<T | undefined>;

/** Whatever `holds` is true of. */
export const like = <T>(holds: (value: unknown) => boolean, expected: string): Schema<T> =>
  v.custom<T>(holds, expected) as Schema<T>;

/** Anything, also nothing: what is not checked here. */
export const anything = <T>(): Schema<T> => v.optional(v.any()) as Schema<T>;

export const positiveInteger: Schema<number> = integerFrom(1, Number.MAX_SAFE_INTEGER, "a positive integer");

/** A whole number within bounds. */
export function integerFrom(low: number, high: number, expected = `an integer from ${low} to ${high}`): Schema<number> {
  return v.pipe(v.number(expected), v.safeInteger(expected), v.minValue(low, expected), v.maxValue(high, expected));
}

export const integer: Schema<number> = v.pipe(v.number("an integer"), v.safeInteger("an integer"));

/** A number within bounds. */
export function numberFrom(low: number, high: number, expected = `a number from ${low} to ${high}`): Schema<number> {
  return v.pipe(v.number(expected), v.minValue(low, expected), v.maxValue(high, expected));
}

/** What another schema takes, within bounds. */
export function within(schema: Schema<number>, low: number, high: number, expected: string): Schema<number> {
  return v.pipe(schema, v.minValue(low, expected), v.maxValue(high, expected));
}

export const positiveNumber: Schema<number> = numberFrom(Number.MIN_VALUE, Number.MAX_VALUE, "a positive number");

export const text: Schema<string> = v.string("a text");

/** A text that says something. */
export function filledText(expected = "a text that is not empty"): Schema<string> {
  return v.pipe(v.string(expected), v.minLength(1, expected));
}

/** Anything but nothing: null is a value, too. */
export const someValue: Schema<unknown> = v.custom<unknown>((value) => value !== undefined, "a value");

/** Null, where a value may be refused. */
export const nothing: Schema<null> = v.null("null");

export const flag: Schema<boolean> = v.boolean("true or false");

/** One of some texts, or other values. */
export const oneOf = <const T extends string | number>(...values: readonly T[]): Schema<T> =>
  v.picklist(values, choiceOf(values)) as Schema<T>;

/** What the first takes, else what the second does, whose faults are told. */
export const either = <A, B>(one: Schema<A>, other: Schema<B>): Schema<A | B> =>
  v.lazy((value) => (v.is(one, value) ? one : other)) as Schema<A | B>;

/** An object whose kind is told by a key that it has: the first of the list that is there. */
export const byKey = <T>(
  kinds: readonly (readonly [key: string, schema: Schema<T>])[],
  expected: string,
): Schema<T> => {
  const none = like<T>(() => false, expected);
  return v.lazy((value) => {
    if (!isObject(value)) return none;
    return kinds.find(([key]) => Object.hasOwn(value as object, key))?.[1] ?? none;
  }) as Schema<T>;
};

/** A list; `one` says what each is. */
export const listOf = <T>(one: Schema<T>, expected: string): Schema<readonly T[]> =>
  v.pipe(v.array(one, expected)) as Schema<readonly T[]>;

/** The same of at least one. */
export const someOf = <T>(one: Schema<T>, expected: string): Schema<readonly T[]> =>
  v.pipe(v.array(one, expected), v.minLength(1, expected)) as Schema<readonly T[]>;

/** One, or a list of at least one. */
export const oneOrSome = <T>(one: Schema<T>, expected: string): Schema<T | readonly T[]> => {
  const some = someOf(one, expected);
  return v.lazy((value) => (Array.isArray(value) ? some : one)) as Schema<T | readonly T[]>;
};

/** An object of at least one, by names that are the caller's. */
export function byName<T>(one: Schema<T>, expected: string): Schema<{ [name: string]: T }> {
  const some = v.custom<object>((value) => isObject(value) && Object.keys(value as object).length > 0, expected);
  return v.pipe(some, v.record(v.string(), one, expected)) as unknown as Schema<{ [name: string]: T }>;
}

// biome-ignore lint/suspicious/noExplicitAny: the arguments are the caller's
export const callable = <F extends (...args: any[]) => unknown>(expected = "a function"): Schema<F> =>
  like<F>((value) => typeof value === "function", expected);

export const abortSignal: Schema<AbortSignal> = like((value) => value instanceof AbortSignal, "an AbortSignal");

/** An object that has these methods: a part of the library's, or somebody's own. */
export const having = <T>(methods: readonly (keyof T & string)[], expected: string): Schema<T> =>
  like<T>((value) => {
    const given = value as { [name: string]: unknown } | null | undefined;
    return given !== null && given !== undefined && methods.every((name) => typeof given[name] === "function");
  }, expected);

/** `a, b or c`; of one, that. */
function choiceOf(values: readonly (string | number)[]): string {
  return values.length === 1 ? String(values[0]) : `${values.slice(0, -1).join(", ")} or ${values.at(-1)}`;
}

function article(type: string): string {
  return `${/^[AEIOU]/.test(type) ? "an" : "a"} ${type}`;
}

function textOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value, (_, one: unknown) => (typeof one === "function" ? "a function" : one));
  } catch {
    return undefined;
  }
}
