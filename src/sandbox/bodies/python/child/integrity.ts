/**
 * What no program can change and every reading relies on: the types and values of CPython that evidence is told by, its list of
 * built-in modules, and the audit hook. A fault in CPython's own handling of memory could let a guest write there; so all of it
 * is compared with the newborn's after each step.
 */

import type { Machine } from "./types.ts";

/** Looks whether all is as it was. */
export interface Integrity {
  /** The first part that is not; null where all are. */
  broken(): string | null;
}

/** Makes it, of a machine and its newborn's memory; `hook`: the audit hook's place in the table of functions. */
export type MakeIntegrity = (
  machine: Pick<Machine, "bytes" | "address">,
  newborn: Uint8Array,
  hook: number,
) => Integrity;

(() => {
  const scope = globalThis as unknown as { makeIntegrity: MakeIntegrity };
  const types =
    "PyBaseObject PyType PyLong PyBool PyFloat PyUnicode PyBytes PyList PyTuple PyDict PyDictProxy PyFunction PyCFunction PyMethod PyCode PyCoro PyFrame PyTraceBack PyModule _PyNone"
      .split(" ")
      .map((name) => `${name}_Type`);
  /** Parts of a type: not its count of references, its flag of a valid cache, its subclasses, its caches. */
  const ofType = [
    [4, 84],
    [88, 176],
    [196, 204],
  ] as const;
  const [flagsAt, cachedFlag] = [84, 1 << 19];
  const values: [name: string, from: number, to: number][] = [
    ["_Py_NoneStruct", 4, 8],
    ["_Py_TrueStruct", 4, 16],
    ["_Py_FalseStruct", 4, 16],
  ];
  /** How far the runtime's own data is searched for its list of hooks. */
  const runtimeBytes = 256 * 1024;

  scope.makeIntegrity = (machine, newborn, hook) => {
    const before = Buffer.from(newborn.buffer, newborn.byteOffset, newborn.length);
    const word = (at: number): number => before.readUInt32LE(at);
    const parts: [what: string, from: number, to: number][] = [];
    for (const name of types)
      for (const [from, to] of ofType) parts.push([name, machine.address(name) + from, machine.address(name) + to]);
    for (const [name, from, to] of values) parts.push([name, machine.address(name) + from, machine.address(name) + to]);
    const flags = types.map((name): [string, number] => [name, machine.address(name) + flagsAt]);

    const modules = word(machine.address("PyImport_Inittab"));
    let end = modules;
    while (word(end) !== 0) end += 8;
    parts.push(["PyImport_Inittab", machine.address("PyImport_Inittab"), machine.address("PyImport_Inittab") + 4]);
    parts.push(["the built-in modules", modules, end + 8]);

    // A list of one: the next, the function, what it is given. Found by the function's place, which is the host's own.
    const runtime = machine.address("_PyRuntime");
    const isEntry = (at: number): boolean =>
      at > 0 &&
      at % 4 === 0 &&
      at + 12 <= before.length &&
      word(at) === 0 &&
      word(at + 4) === hook &&
      word(at + 8) === 0;
    let head = runtime;
    while (head < runtime + runtimeBytes && !isEntry(word(head))) head += 4;
    if (!isEntry(word(head))) throw new Error("the audit hook is not where CPython keeps its hooks");
    parts.push(["the audit hook", head, head + 4], ["the audit hook", word(head), word(head) + 12]);

    return {
      broken() {
        const bytes = machine.bytes();
        const now = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
        for (const [what, from, to] of parts) if (now.compare(before, from, to, from, to) !== 0) return what;
        for (const [what, at] of flags) if (((now.readUInt32LE(at) ^ word(at)) & ~cachedFlag) !== 0) return what;
        return null;
      },
    };
  };
})();
