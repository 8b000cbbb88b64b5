/**
 * How the host sees what became of a probe: by own data properties alone, and as the agent itself would see them. Every
 * intrinsic is captured before guest code runs. Runs as a script between `plain.ts` and `guest.ts`, which takes
 * `__probing` away; no imports but types, for the same reason.
 */

import type { Values } from "./values.ts";

/**
 * Makes the check of one agent's probes, which gives what became of one as JSON: `Probed` of the host's `reply.ts`. `failure`:
 * what the executor threw as JSON, "" for nothing.
 */
export type MakeCheck = (self: object) => (probe: string, failure: string) => string;

(() => {
  const scope = globalThis as unknown as Record<string, unknown>;
  const { readOwn } = scope.__values as Values;
  const { apply, get, ownKeys } = Reflect;
  const { hasOwn, isExtensible } = Object;
  const { parse } = JSON;
  const toSource = Function.prototype.toString;
  const usual = ownKeys(Object.prototype).length;

  // What a probe that calls something may call.
  const owners: object[] = [Array.prototype, String.prototype, Math, JSON, Object, Map.prototype, RegExp.prototype];
  const names: string[][] = [
    ["map", "push", "sort", "join", "filter", "reduce", "forEach", "concat", "slice", "includes", "indexOf", "reverse"],
    ["split", "replace", "toUpperCase", "toLowerCase", "trim", "slice", "includes", "indexOf", "repeat", "concat"],
    ["max", "min", "floor", "ceil", "round", "abs", "trunc"],
    ["parse", "stringify"],
    ["keys"],
    ["get", "set"],
    ["exec", "test"],
  ];
  const globals: { [name: string]: unknown } = { __proto__: null, Math, JSON, Object, Map };

  const isNative = (value: unknown, name: string): boolean =>
    typeof value === "function" && apply(toSource, value, []) === `function ${name}() { [native code] }`;

  /** Whether the guest left alone what a probe's program may call: else its failure says nothing of the executor. */
  const isIntact = (state: object): boolean => {
    if (ownKeys(Object.prototype).length !== usual) return false;
    for (let i = 0; i < owners.length; i++)
      for (let j = 0; j < names[i]!.length; j++)
        if (!isNative(readOwn(owners[i]!, names[i]![j]!), names[i]![j]!)) return false;
    if (!isNative(readOwn(Array.prototype, Symbol.iterator as unknown as string), "values")) return false;
    for (const name in globals) if (readOwn(scope, name) !== globals[name] || hasOwn(state, name)) return false;
    return true;
  };

  /** Whether a value is the plain one that is expected. */
  const isAlike = (value: unknown, expected: unknown, deep: number): boolean => {
    if (typeof expected !== "object" || expected === null) return value === expected;
    if (typeof value !== "object" || value === null || deep > 16) return false;
    const keys = ownKeys(expected) as string[];
    if (ownKeys(value).length !== keys.length) return false;
    for (let i = 0; i < keys.length; i++)
      if (!isAlike(readOwn(value, keys[i]!), readOwn(expected, keys[i]!), deep + 1)) return false;
    return true;
  };

  const hasEffect = (owner: object, key: string, expected: unknown): boolean => {
    const seen = readOwn(owner, key);
    if (!isAlike(seen, expected, 0)) return false;
    // A Proxy must show its agent what it shows the host.
    return (typeof seen === "object" && seen !== null) || get(owner, key) === seen;
  };

  const works = '{"kind":"works"}';
  const effectless = '{"kind":"effectless"}';
  const makeCheck: MakeCheck = (self) => (text, failure) => {
    const {
      plain,
      expected,
      names: left,
    } = parse(text) as {
      plain: boolean;
      expected: [place: string, key: string, value: unknown][];
      names: string[];
    };
    const failed = failure === "" ? effectless : `{"kind":"threw","error":${failure}}`;
    const state = readOwn(self, "state");
    if (typeof state !== "object" || state === null) return failed;
    let done = failure === "";
    for (let i = 0; i < expected.length && done; i++)
      done = hasEffect(expected[i]![0] === "state" ? state : self, expected[i]![1], expected[i]![2]);
    if (failure === "")
      for (let i = 0; i < left.length; i++)
        try {
          delete (self as Record<string, unknown>)[left[i]!];
          delete (state as Record<string, unknown>)[left[i]!];
        } catch {}
    if (done) return isExtensible(state) ? works : effectless;
    return !plain && !isIntact(state) ? works : failed;
  };
  scope.__probing = makeCheck;
})();
