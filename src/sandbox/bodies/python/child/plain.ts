/**
 * Values between Python and JSON. Out: exact types alone, so that no guest's `__repr__` or subclass has a say; a member that is no
 * plain data is told by its type. In: JSON data, floats kept apart from whole numbers by how they are written.
 */

import type { Machine, Objects, Plain } from "./types.ts";

/** What reading values needs of `objects.ts`. */
type Parts = Pick<
  Objects,
  "none" | "typeName" | "isExactly" | "textOf" | "entries" | "release" | "newText" | "setItem"
> & { clear(): void };

/** Makes what reads and makes values. */
export type MakePlain = (machine: Machine, parts: Parts) => Pick<Objects, "make" | "makeFrom" | "memberText" | "plain">;

(() => {
  const scope = globalThis as unknown as { makePlain: MakePlain };
  const [deepest, longest, longestMember] = [16, 65_536, 8192];
  const largest = 2 ** 53;

  /** A number as it is written, where that tells more than its value: a float that is whole, an int that no float holds. */
  class NumberText {
    readonly text: string;
    readonly isFloat: boolean;
    constructor(text: string) {
      this.text = text;
      this.isFloat = /[.eE]/.test(text);
    }
  }
  const keepText = (_: string, value: unknown, { source }: { source?: string } = {}): unknown =>
    typeof value === "number" && source !== undefined && (/[.eE]/.test(source) || source !== String(value))
      ? new NumberText(source)
      : value;

  scope.makePlain = (machine, parts) => {
    const { none, typeName, isExactly, textOf, entries, release, clear, newText, setItem } = parts;
    const isTrue = (object: number): boolean => object === machine.address("_Py_TrueStruct");
    const isFalse = (object: number): boolean => object === machine.address("_Py_FalseStruct");

    /** A whole number's digits; CPython refuses to write thousands of them. */
    const wholeText = (object: number): string | null => {
      const near = machine.c.PyLong_AsDouble(object);
      if (near === -1) clear();
      if (Math.abs(near) < largest && near !== -1) return String(near);
      const written = machine.c.PyObject_Repr(object);
      if (written === 0) {
        clear();
        return null;
      }
      const text = textOf(written);
      release(written);
      return text;
    };
    const floatOf = (object: number): number => machine.c.PyFloat_AsDouble(object);
    const floatText = (value: number): string => {
      const text = Object.is(value, -0) ? "-0" : String(value);
      return /^-?\d+$/.test(text) ? `${text}.0` : text;
    };
    const itemsOf = (object: number): number[] | null => {
      const list = isExactly(object, "PyList_Type");
      if (!list && !isExactly(object, "PyTuple_Type")) return null;
      const size = list ? machine.c.PyList_Size(object) : machine.c.PyTuple_Size(object);
      const at = list ? machine.c.PyList_GetItem : machine.c.PyTuple_GetItem;
      return Array.from({ length: Math.min(size, longest) }, (_, i) => at(object, i));
    };

    const nameOf = (object: number): string => {
      if (!isExactly(object, "PyModule_Type")) return typeName(object);
      const name = machine.c.PyModule_GetNameObject(object);
      if (name === 0) {
        clear();
        return "module";
      }
      const text = `module ${textOf(name)}`;
      release(name);
      return text;
    };

    /** Any value as text, JSON as far as it is plain data: what a member is told by. */
    const memberText = (object: number): string => {
      let room = longestMember;
      const write = (one: number, deep: number): string => {
        if (room <= 0 || deep > deepest) return "…";
        const text = writeOne(one, deep);
        room -= text.length;
        return text;
      };
      const writeOne = (one: number, deep: number): string => {
        if (one === none) return "null";
        if (isTrue(one)) return "true";
        if (isFalse(one)) return "false";
        if (isExactly(one, "PyUnicode_Type")) return JSON.stringify(textOf(one, longestMember).slice(0, longestMember));
        if (isExactly(one, "PyLong_Type")) return wholeText(one) ?? "<int>";
        if (isExactly(one, "PyFloat_Type")) return floatText(floatOf(one));
        const items = itemsOf(one);
        if (items !== null) return `[${items.map((each) => write(each, deep + 1)).join(",")}]`;
        if (!isExactly(one, "PyDict_Type")) return `<${nameOf(one)}>`;
        const pairs = entries(one).map(([key, value]) => {
          const name = isExactly(key, "PyUnicode_Type") ? write(key, deep + 1) : JSON.stringify(write(key, deep + 1));
          return `${name}:${write(value, deep + 1)}`;
        });
        return `{${pairs.join(",")}}`;
      };
      const text = write(object, 0);
      return text.length > longestMember ? `${text.slice(0, longestMember)}…` : text;
    };

    /** Plain data alone: what an answer to a caller from outside is. */
    const plain = (object: number): Plain => {
      let odd = "";
      let length = 0;
      const refuse = (what: string, path: string): never => {
        odd = path === "" ? what : `${what} at ${path.slice(0, 100)}`;
        throw new Error(odd);
      };
      const write = (one: number, path: string, above: readonly number[]): string => {
        const text = writeOne(one, path, above);
        length += text.length;
        if (length > longest) refuse("more than 65,536 characters of data", "");
        return text;
      };
      const writeOne = (one: number, path: string, above: readonly number[]): string => {
        if (one === none) return "null";
        if (isTrue(one)) return "true";
        if (isFalse(one)) return "false";
        if (isExactly(one, "PyUnicode_Type")) return JSON.stringify(textOf(one, longest));
        if (isExactly(one, "PyFloat_Type")) {
          const value = floatOf(one);
          return Number.isFinite(value)
            ? Object.is(value, -0)
              ? "-0"
              : String(value)
            : refuse(floatText(value), path);
        }
        if (isExactly(one, "PyLong_Type")) {
          const text = wholeText(one);
          // As a float, the next whole number after the largest is the largest.
          if (text === null || Math.abs(Number(text)) > largest || String(Number(text)) !== text)
            return refuse("an int beyond what a float holds", path);
          return text;
        }
        if (above.includes(one)) refuse("a cycle", path);
        if (above.length > deepest) refuse(`data more than ${deepest} levels deep`, "");
        const inside = [...above, one];
        const items = itemsOf(one);
        if (items !== null) return `[${items.map((each, i) => write(each, `${path}[${i}]`, inside)).join(",")}]`;
        if (!isExactly(one, "PyDict_Type")) return refuse(article(nameOf(one)), path);
        const pairs = entries(one).map(([key, value]) => {
          if (!isExactly(key, "PyUnicode_Type")) return refuse(`a key that is ${article(typeName(key))}`, path);
          const name = JSON.stringify(textOf(key));
          return `${name}:${write(value, `${path}[${name.slice(0, 40)}]`, inside)}`;
        });
        return `{${pairs.join(",")}}`;
      };
      try {
        return { text: write(object, "", []) };
      } catch (error) {
        if (odd === "") throw error;
        return { odd };
      }
    };
    const article = (name: string): string => `${/^[aeiou]/i.test(name) ? "an" : "a"} ${name}`;

    const make = (value: unknown, frozen = false): number => {
      if (value === null || value === undefined) return owned(none);
      if (typeof value === "boolean") return owned(machine.address(value ? "_Py_TrueStruct" : "_Py_FalseStruct"));
      if (typeof value === "string") return newText(value);
      if (typeof value === "number") return makeNumber(value, Number.isInteger(value));
      if (value instanceof NumberText)
        return value.isFloat
          ? makeNumber(Number(value.text), false)
          : machine.withText(value.text, (at) => machine.c.PyLong_FromString(at, 0, 10));
      if (Array.isArray(value)) return makeList(value, frozen);
      const dict = machine.c.PyDict_New();
      for (const [key, one] of Object.entries(value as object)) {
        const made = make(one, frozen);
        setItem(dict, key, made);
        release(made);
      }
      if (!frozen) return dict;
      const proxy = machine.c.PyDictProxy_New(dict);
      release(dict);
      return proxy;
    };
    const owned = (object: number): number => {
      machine.c.Py_IncRef(object);
      return object;
    };
    const makeNumber = (value: number, whole: boolean): number =>
      whole ? machine.c.PyLong_FromDouble(value) : machine.c.PyFloat_FromDouble(value);
    const makeList = (values: readonly unknown[], frozen: boolean): number => {
      const list = machine.c.PyList_New(0);
      for (const one of values) {
        const made = make(one, frozen);
        machine.c.PyList_Append(list, made);
        release(made);
      }
      if (!frozen) return list;
      const tuple = machine.c.PyList_AsTuple(list);
      release(list);
      return tuple;
    };
    const makeFrom = (text: string): number =>
      make(JSON.parse(text, keepText as (key: string, value: unknown) => unknown));
    return { make, makeFrom, memberText, plain };
  };
})();
