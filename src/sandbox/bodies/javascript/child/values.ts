/**
 * How the world inside the isolate reads values that a guest made: every intrinsic is captured before guest code runs,
 * and texts are built by concatenation, so that what a guest does to prototypes later cannot forge a report. Runs as a
 * script before `guest.ts`, which takes `__values` away; no imports, for the same reason.
 */

/** Readers of values. */
export interface Values {
  quote(text: string): string;
  cut(text: string, length: number): string;
  /** Any value as text, for what the guest prints and throws: what it reads of a decoy on the way is told. */
  describe(value: unknown): string;
  /** The same for what only the host reads: an agent that holds the decoy of the environment has read nothing of it yet. */
  show(value: unknown): string;
  /** Names the decoy of the environment. */
  keep(environment: object): void;
  isKept(value: unknown): boolean;
  /** An own data property; no getter runs. */
  readOwn(owner: object, key: string): unknown;
  /** The members of an object as JSON objects with commas between, but for those in `skip`, up to about `room` characters. */
  membersOf(place: string, owner: unknown, skip: Record<string, unknown>, room: number): string;
  errorText(error: unknown): string;
  put(list: unknown[], i: number, value: unknown): void;
}

(() => {
  const { apply, ownKeys, getOwnPropertyDescriptor } = Reflect;
  const { hasOwn, defineProperty } = Object;
  const { stringify } = JSON;
  const toSource = Function.prototype.toString;
  const slice = String.prototype.slice;
  const indexOf = String.prototype.indexOf;
  const TextOf = String;
  const toNumber = parseInt;
  const quote = (text: string): string => stringify(text);
  const cut = (text: string, length: number): string =>
    text.length > length ? `${apply(slice, text, [0, length])}…` : text;

  let kept: object | null = null;
  const keep = (environment: object): void => {
    kept = environment;
  };
  const isKept = (value: unknown): boolean => value !== null && value === kept;
  const empty = { __proto__: null };
  /** JSON does not look into what is put in its place. */
  const without = (_: string, value: unknown): unknown => (value === kept ? empty : value);
  const ownJson = (value: unknown): string | undefined =>
    kept === null ? stringify(value) : stringify(value, without);

  /** Guest getters may run, inside the step's time limit. */
  const textBy =
    (json: (value: unknown) => string | undefined) =>
    (value: unknown): string => {
      try {
        if (typeof value === "string") return value;
        if (typeof value === "function") return apply(toSource, value, []);
        if (typeof value === "object" && value !== null) {
          const text = json(value);
          return typeof text === "string" ? text : TextOf(value);
        }
        return TextOf(value);
      } catch {
        return "[unreadable]";
      }
    };
  const describe = textBy((value) => stringify(value));
  const show = textBy(ownJson);

  const readOwn = (owner: object, key: string): unknown => {
    const descriptor = getOwnPropertyDescriptor(owner, key);
    return descriptor !== undefined && hasOwn(descriptor, "value") ? descriptor.value : undefined;
  };

  const memberOf = (place: string, owner: object, key: string): string => {
    const descriptor = getOwnPropertyDescriptor(owner, key);
    if (descriptor === undefined) return "";
    const value = hasOwn(descriptor, "value") ? descriptor.value : "[accessor]";
    const isMethod = typeof value === "function";
    let source: string | undefined;
    try {
      source = isMethod ? apply(toSource, value, []) : ownJson(value);
    } catch {
      source = undefined;
    }
    const text = typeof source === "string" ? source : show(value);
    return `{"name":${quote(place + key)},"kind":"${isMethod ? "method" : "attribute"}","source":${quote(cut(text, 8192))}}`;
  };

  const membersOf = (place: string, owner: unknown, skip: Record<string, unknown>, room: number): string => {
    if ((typeof owner !== "object" && typeof owner !== "function") || owner === null) return "";
    const keys = ownKeys(owner as object);
    let text = "";
    for (let i = 0; i < keys.length && text.length < room; i++) {
      const key = keys[i]!;
      if (typeof key !== "string" || key in skip) continue;
      const member = memberOf(place, owner as object, key);
      if (member !== "") text += (text === "" ? "" : ",") + member;
    }
    return text;
  };

  const errorText = (error: unknown): string => {
    let name = "Error";
    let message = "";
    let line = "null";
    try {
      if (isKept(error)) message = "[object]";
      else if (typeof error === "object" && error !== null) {
        name = describe((error as Error).name);
        message = describe((error as Error).message);
        const stack = describe((error as Error).stack);
        const at = apply(indexOf, stack, ["program.js:"]) as number;
        if (at >= 0) {
          const digits = toNumber(apply(slice, stack, [at + 11, at + 17]) as string, 10);
          if (digits > 0) line = TextOf(digits);
        }
      } else message = describe(error);
    } catch {
      message = "[unreadable]";
    }
    return `{"name":${quote(cut(name, 100))},"message":${quote(cut(message, 1000))},"line":${line}}`;
  };

  /** An assignment would ask the prototypes, which are the guest's. */
  const put = (list: unknown[], i: number, value: unknown): void => {
    const descriptor = { __proto__: null, value, writable: true, enumerable: true, configurable: true };
    defineProperty(list, i, descriptor as PropertyDescriptor);
  };

  const values: Values = { quote, cut, describe, show, keep, isKept, readOwn, membersOf, errorText, put };
  (globalThis as unknown as Record<string, unknown>).__values = values;
})();
