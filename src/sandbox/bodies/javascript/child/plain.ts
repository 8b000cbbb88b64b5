/**
 * How what a method gave leaves the isolate: as plain data, read from own data properties alone, or as one sentence that
 * says what it is instead. No getter and no `toJSON` runs; a Proxy's traps do, inside the call's time. Every intrinsic is
 * captured before guest code runs. Runs as a script between `values.ts` and `inquiry.ts`, which takes `__plain` away; no
 * imports but types, for the same reason.
 */

import type { Values } from "./values.ts";

/** As JSON, plain data as `{kind: "value", value}`, all else as `{kind: "odd", what}`: `Told` of the host's `reply.ts`. */
export type PlainOf = (value: unknown) => string;

(() => {
  const scope = globalThis as unknown as Record<string, unknown>;
  const { quote, cut, isKept, readOwn } = scope.__values as Values;
  const { apply, ownKeys, getOwnPropertyDescriptor, getPrototypeOf } = Reflect;
  const { hasOwn } = Object;
  const { isArray } = Array;
  const { exec } = RegExp.prototype;
  const toText = Function.prototype.toString;
  const [TextOf, Failure] = [String, Error];
  const plainPrototype = Object.prototype;
  const [deepest, longest] = [16, 65_536];

  /** What was met that is no plain data; set just before a Failure is thrown, which says nothing itself. */
  let odd = "";
  const refuse = (what: string, path: string): never => {
    odd = path === "" ? what : `${what} at ${cut(path, 100)}`;
    throw new Failure();
  };

  const article = (name: string): string =>
    `${apply(exec, /^(?!Uint)[aeiouAEIOU]/, [name]) === null ? "a" : "an"} ${name}`;

  /** An object by the name of its class, as its prototype has it: a guest's own words, shown and never believed. */
  const className = (prototype: object): string => {
    const maker = readOwn(prototype, "constructor");
    const name = typeof maker === "function" ? readOwn(maker, "name") : undefined;
    return typeof name === "string" && name !== "" && name !== "Object" ? cut(name, 40) : "";
  };

  const functionText = (value: unknown): string => {
    const name = readOwn(value as object, "name");
    const isClass = apply(exec, /^class\b/, [apply(toText, value, [])]) !== null;
    const what = isClass ? "a class" : "a function";
    return typeof name === "string" && name !== "" ? `${what} (${cut(name, 40)})` : what;
  };

  const primitiveText = (value: unknown, path: string): string => {
    if (value === null || typeof value === "boolean") return `${value as boolean}`;
    if (typeof value === "string") return quote(value);
    // JSON has a negative zero, which String() and JSON.stringify hide.
    if (typeof value === "number" && value - value === 0) return value === 0 && 1 / value < 0 ? "-0" : TextOf(value);
    if (typeof value === "bigint") return refuse(`a bigint (${cut(TextOf(value), 40)}n)`, path);
    if (typeof value === "symbol") return refuse(`a symbol (${cut(TextOf(value), 40)})`, path);
    if (typeof value === "function") return refuse(functionText(value), path);
    return refuse(TextOf(value), path); // NaN, Infinity, -Infinity, undefined
  };

  interface Above {
    object: object;
    above: Above | null;
  }

  const checkObject = (value: object, path: string, above: Above | null): void => {
    for (let at = above; at !== null; at = at.above) if (at.object === value) refuse("a cycle", path);
    if (isArray(value)) return;
    const prototype = getPrototypeOf(value);
    if (prototype === null || prototype === plainPrototype) return;
    const name = className(prototype);
    refuse(name === "" ? "an object with a prototype of its own" : article(name), path);
  };

  const textOf = (value: unknown, path: string, above: Above | null, deep: number): string => {
    if (typeof value !== "object" || value === null) return primitiveText(value, path);
    if (isKept(value)) refuse("the environment", path);
    if (deep > deepest) refuse(`data more than ${deepest} levels deep`, "");
    checkObject(value, path, above);
    const list = isArray(value);
    const keys = list ? null : ownKeys(value);
    const length = list ? (value as unknown[]).length : keys!.length;
    const here = { object: value, above };
    let text = "";
    for (let i = 0; i < length; i++) {
      const key = list ? TextOf(i) : keys![i]!;
      if (typeof key === "symbol") return refuse(`a key that is a symbol (${cut(TextOf(key), 40)})`, path);
      const place = list ? `${path}[${key}]` : `${path}[${quote(cut(key as string, 40))}]`;
      const descriptor = getOwnPropertyDescriptor(value, key);
      if (descriptor === undefined) return refuse(list ? "a hole" : "a missing property", place);
      if (!hasOwn(descriptor, "value")) refuse("an accessor", place);
      const name = list ? "" : `${quote(key as string)}:`;
      text += `${i > 0 ? "," : ""}${name}${textOf(descriptor.value, place, here, deep + 1)}`;
      if (text.length > longest) refuse("more than 65,536 characters of data", "");
    }
    return list ? `[${text}]` : `{${text}}`;
  };

  const plainOf: PlainOf = (value) => {
    odd = "";
    try {
      return `{"kind":"value","value":${textOf(value, "", null, 0)}}`;
    } catch {
      return `{"kind":"odd","what":${quote(odd === "" ? "an object that cannot be read" : odd)}}`;
    }
  };
  scope.__plain = plainOf;
})();
