/**
 * All that CPython can call: its files (`files.ts`), its clock and chance, its memory, and what it asks of the system. A test
 * keeps the list. Pyodide's own bridge to JavaScript is not among them, nor anything that starts a process, opens a socket or
 * loads a library: those are traps.
 */

import type { MakeFiles } from "./files.ts";
import type { TrapError } from "./machine.ts";
import type { Hooks, Imports, Machine } from "./types.ts";

/** Makes the imports of a machine. */
export type MakeImports = (
  machine: Machine,
  hooks: Hooks,
  given: { archive: Uint8Array; environment: readonly string[] },
) => Imports;

(() => {
  const scope = globalThis as unknown as {
    makeImports: MakeImports;
    makeFiles: MakeFiles;
    trapped: (trap: string) => TrapError;
  };

  scope.makeImports = (machine, hooks, { archive, environment }) => {
    const { functions, files } = scope.makeFiles(() => machine, hooks, archive);
    const pageBytes = 65_536;
    const coded = environment.map((line) => new TextEncoder().encode(`${line}\0`));
    const broken = (seconds: bigint, to: number): void => {
      const date = new Date(Number(seconds) * 1000);
      const [second, minute, hour] = [date.getUTCSeconds(), date.getUTCMinutes(), date.getUTCHours()];
      const [day, month, year] = [date.getUTCDate(), date.getUTCMonth(), date.getUTCFullYear()];
      const ofYear = Math.floor((Date.UTC(year, month, day) - Date.UTC(year, 0, 1)) / 86_400_000);
      const parts = [second, minute, hour, day, month, year - 1900, date.getUTCDay(), ofYear, 0, 0];
      const data = machine.data();
      for (const [i, part] of parts.entries()) data.setInt32(to + 4 * i, part, true);
    };

    const more = {
      // What CPython calls a method's C function by: the engine checks its type.
      _PyEM_TrampolineCall_JS: (at: number, self: number, args: number, names: number) => {
        return (machine.table.get(at) as (...given: number[]) => number)(self, args, names);
      },
      _Py_emscripten_runtime: () => 0,
      _Py_CheckEmscriptenSignals_Helper: () => hooks.tick(),
      // Called once by a constructor of Pyodide's own bridge, which stays unused.
      __hiwire_deduplicate_new: () => null,
      _maybe_poll_async: () => null,
      emscripten_runtime_keepalive_push() {},
      emscripten_runtime_keepalive_pop() {},
      _emscripten_runtime_keepalive_clear() {},
      _emscripten_get_progname(to: number, length: number) {
        if (length > 0) machine.bytes()[to] = 0;
      },
      __syscall_getuid32_js: () => 0,

      emscripten_get_heap_max: () => hooks.heapMax(),
      emscripten_resize_heap(asked: number): number {
        const [wanted, has, most] = [asked >>> 0, machine.bytes().length, hooks.heapMax()];
        if (wanted > most) {
          hooks.refusedMemory();
          return 0;
        }
        const to = Math.min(most, Math.max(wanted, Math.ceil(has * 1.1)));
        // A process that has not even that much is at fault itself: this throws, and no verdict comes of it.
        machine.memory.grow(Math.ceil((to - has) / pageBytes));
        return 1;
      },
      _mmap_js: () => -52,
      _munmap_js: () => 0,
      _setitimer_js: () => 0,

      emscripten_date_now: () => hooks.now(),
      emscripten_get_now: () => hooks.now(),
      _gmtime_js: broken,
      _localtime_js: broken,
      _tzset_js(zone: number, daylight: number, standard: number, other: number) {
        machine.data().setInt32(zone, 0, true);
        machine.data().setInt32(daylight, 0, true);
        for (const at of [standard, other]) machine.bytes().set([85, 84, 67, 0], at);
      },
      clock_time_get(_clock: number, _precision: bigint, to: number): number {
        machine.data().setBigUint64(to, BigInt(Math.round(hooks.now() * 1e6)), true);
        return 0;
      },
      clock_res_get(_clock: number, to: number): number {
        machine.data().setBigUint64(to, 1_000_000n, true);
        return 0;
      },
      random_get(to: number, length: number): number {
        hooks.random(machine.bytes().subarray(to, to + length));
        return 0;
      },
      environ_sizes_get(count: number, size: number): number {
        machine.data().setUint32(count, coded.length, true);
        machine.data().setUint32(
          size,
          coded.reduce((sum, { length }) => sum + length, 0),
          true,
        );
        return 0;
      },
      environ_get(list: number, to: number): number {
        let [place, at] = [list, to];
        for (const line of coded) {
          machine.data().setUint32(place, at, true);
          machine.bytes().set(line, at);
          [place, at] = [place + 4, at + line.length];
        }
        return 0;
      },
      proc_exit(code: number): never {
        hooks.exit(code);
        throw scope.trapped("exit");
      },
    };
    return { functions: { ...functions, ...more }, files };
  };
})();
