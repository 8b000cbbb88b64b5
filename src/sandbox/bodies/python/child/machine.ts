/**
 * CPython's WebAssembly, instantiated with our own imports. Everything that is not in `imports.ts` is a trap: it tells and
 * throws. A life's whole state is linear memory, a stack pointer, and what `imports.ts` keeps of files.
 */

import type { Capi, Native, PickCapi } from "./capi.ts";
import type { Hooks, Imports, Machine } from "./types.ts";

/** Ends what CPython does: nothing in Python can catch it. */
export interface TrapError extends Error {
  readonly trap: string;
}

/** Makes the machine; `imports` is given a way to its memory, which is there once the first instance is. */
export type MakeMachine = (
  module: WebAssembly.Module,
  hooks: Hooks,
  makeImports: (machine: Machine) => Imports,
) => { machine: Machine; files: Map<number, number> };

(() => {
  const scope = globalThis as unknown as {
    makeMachine: MakeMachine;
    pickCapi: PickCapi;
    trapped: (trap: string) => TrapError;
    gc?: () => void;
  };
  const pageBytes = 65_536;

  scope.trapped = (trap) => Object.assign(new Error(trap), { trap });

  /** A module that hands an import of so many i32 on: what C calls must come out of a module. */
  const adapter = (arity: number): WebAssembly.Module => {
    const type = [1, 5 + arity, 1, 0x60, arity, ...new Array<number>(arity).fill(0x7f), 1, 0x7f];
    const head = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
    const imported = [2, 7, 1, 1, 0x65, 1, 0x66, 0, 0];
    const exported = [7, 5, 1, 1, 0x66, 0, 0];
    return new WebAssembly.Module(new Uint8Array([...head, ...type, ...imported, ...exported]));
  };

  scope.makeMachine = (module, hooks, makeImports) => {
    let c: Capi;
    let table: WebAssembly.Table;
    let memory: WebAssembly.Memory;
    let stackPointer: WebAssembly.Global;
    let exported: WebAssembly.Exports;
    let bytes = new Uint8Array();
    /** The same, for texts. */
    let letters = Buffer.alloc(0);
    let data = new DataView(bytes.buffer);
    /** Addresses of what it exports: the same in each instance. */
    const addresses = new Map<string, number>();
    const callbacks: { adapted: WebAssembly.Module; work: Native; at: number }[] = [];

    const look = (): void => {
      if (bytes.buffer === memory.buffer) return;
      bytes = new Uint8Array(memory.buffer);
      letters = Buffer.from(memory.buffer);
      data = new DataView(memory.buffer);
    };
    const enter = ({ adapted, work }: { adapted: WebAssembly.Module; work: Native }): number => {
      const instance = new WebAssembly.Instance(adapted, { e: { f: work } });
      const at = table.grow(1);
      table.set(at, instance.exports.f);
      return at;
    };

    /** Lets go of the instance, and has its memory given back at once: it is not the next life's. */
    const forget = (): void => {
      [bytes, letters] = [new Uint8Array(), Buffer.alloc(0)];
      data = new DataView(bytes.buffer);
      c = table = memory = stackPointer = exported = undefined as never;
      scope.gc?.();
    };

    const machine: Machine = {
      get c() {
        return c;
      },
      bytes() {
        look();
        return bytes;
      },
      data() {
        look();
        return data;
      },
      get memory() {
        return memory;
      },
      get table() {
        return table;
      },
      address(name) {
        const known = addresses.get(name);
        if (known !== undefined) return known;
        const at = (exported[name] as WebAssembly.Global).value as number;
        addresses.set(name, at);
        return at;
      },
      pointed: (name) => machine.data().getUint32(machine.address(name), true),
      text(at, length) {
        look();
        return letters.toString("utf8", at, length === undefined ? bytes.indexOf(0, at) : at + length);
      },
      store(text) {
        const length = Buffer.byteLength(text);
        const at = c.malloc(length + 1);
        look();
        letters.write(text, at, length, "utf8");
        bytes[at + length] = 0;
        return at;
      },
      withText(text, work) {
        const at = machine.store(text);
        const made = work(at);
        c.free(at);
        return made;
      },
      callback(arity, work) {
        const one = { adapted: adapter(arity), work, at: 0 };
        one.at = enter(one);
        callbacks.push(one);
        return one.at;
      },
      load({ heap, sp }) {
        if (memory.buffer.byteLength < heap.length)
          memory.grow(Math.ceil((heap.length - memory.buffer.byteLength) / pageBytes));
        look();
        bytes.set(heap);
        if (bytes.length > heap.length) bytes.fill(0, heap.length);
        stackPointer.value = sp;
      },
      get stack() {
        return stackPointer.value as number;
      },
      set stack(sp) {
        stackPointer.value = sp;
      },
      renew() {
        forget();
        const instance = new WebAssembly.Instance(module, { ...link });
        exported = instance.exports;
        c = scope.pickCapi(exported);
        table = exported.__indirect_function_table as WebAssembly.Table;
        memory = exported.memory as WebAssembly.Memory;
        stackPointer = exported.__stack_pointer as WebAssembly.Global;
        for (const one of callbacks)
          if (enter(one) !== one.at) throw new Error("the table of functions is not as it was");
      },
    };

    const imports = makeImports(machine);
    const link: { [module: string]: { [name: string]: WebAssembly.ImportValue } } = {};
    for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
      const known = imports.functions[name];
      const trap = (): never => {
        hooks.reach(name);
        throw scope.trapped(name);
      };
      link[from] ??= {};
      // Its globals are places of OpenGL's functions, of which there are none.
      link[from][name] =
        kind === "global"
          ? new WebAssembly.Global({ value: "i32", mutable: true }, 0)
          : ((known ?? trap) as (...given: unknown[]) => unknown);
    }
    machine.renew();
    return { machine, files: imports.files };
  };
})();
