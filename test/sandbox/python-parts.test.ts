/** Parts of the Python body that run in the driver, and the list of what CPython can call. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { MakeImports } from "../../src/sandbox/bodies/python/child/imports.ts";
import type { MakeIntegrity } from "../../src/sandbox/bodies/python/child/integrity.ts";
import { findPython } from "../../src/sandbox/bodies/python/install.ts";
import { bornAnew, keptSnapshot, prepareSnapshot, pruneSnapshots } from "../../src/sandbox/bodies/python/snapshot.ts";
import type { ChildPlan } from "../../src/sandbox/host/body.ts";
import { lock } from "../../src/sandbox/host/locks.ts";
import { startWorker } from "../../src/sandbox/host/start.ts";
import { bodies, type GenomeMember, python } from "../../src/sandbox/index.ts";

import "../../src/sandbox/bodies/python/child/files.ts";
import "../../src/sandbox/bodies/python/child/imports.ts";
import "../../src/sandbox/bodies/python/child/integrity.ts";

const { makeIntegrity } = globalThis as unknown as { makeIntegrity: MakeIntegrity };

describe("what CPython can call", () => {
  const { makeImports } = globalThis as unknown as { makeImports: MakeImports };
  const own = makeImports({} as never, {} as never, { archive: new Uint8Array(), environment: [] }).functions;

  it("is this list and nothing else: no process, no socket, no library, none of Pyodide's JavaScript", () => {
    assert.deepEqual(
      Object.keys(own).sort(),
      [
        ..."_Py_CheckEmscriptenSignals_Helper _Py_emscripten_runtime _PyEM_TrampolineCall_JS".split(" "),
        ..."__hiwire_deduplicate_new __syscall_faccessat __syscall_fcntl64 __syscall_fstat64 __syscall_getcwd".split(
          " ",
        ),
        ..."__syscall_getdents64 __syscall_getuid32_js __syscall_ioctl __syscall_lstat64 __syscall_newfstatat".split(
          " ",
        ),
        ..."__syscall_openat __syscall_poll __syscall_readlinkat __syscall_stat64 __syscall_umask_js".split(" "),
        ..."_emscripten_get_progname _emscripten_runtime_keepalive_clear _gmtime_js _localtime_js".split(" "),
        ..."_maybe_poll_async _mmap_js _munmap_js _setitimer_js _try_fcntl64 _tzset_js clock_res_get".split(" "),
        ..."clock_time_get emscripten_date_now emscripten_get_heap_max emscripten_get_now".split(" "),
        ..."emscripten_resize_heap emscripten_runtime_keepalive_pop emscripten_runtime_keepalive_push".split(" "),
        ..."environ_get environ_sizes_get fd_close fd_fdstat_get fd_pread fd_read fd_seek fd_sync fd_write".split(" "),
        ..."proc_exit random_get".split(" "),
      ].sort(),
    );
    assert.equal(Object.keys(own).length, 47);
  });

  it("is asked for by the installed code, which has 221 other imports: those are traps", () => {
    const imports = WebAssembly.Module.imports(new WebAssembly.Module(readFileSync(findPython().wasm)));
    const functions = imports.filter(({ kind }) => kind === "function").map(({ name }) => name);
    const unknown = Object.keys(own).filter((name) => !functions.includes(name));
    assert.deepEqual(unknown, [], "imports of ours that this version does not have");
    assert.equal(functions.length - Object.keys(own).length, 221);
    for (const trap of ["_emscripten_system", "__syscall_socket", "_dlopen_js", "hiwire_call_bound"])
      assert.ok(!(trap in own), trap);
  });
});

describe("the Python body in the driver", () => {
  it("says what to install where CPython is not there, or is another one", () => {
    const absent = (): string => {
      throw new Error("Cannot find module");
    };
    const cure = "run `npm install --ignore-scripts pyodide@314.0.7` (14 MB)";
    assert.throws(() => findPython(absent), {
      message: `The sandbox needs CPython as pyodide@314.0.7 has it for agents that are written in Python, and the npm package pyodide is not installed: ${cure}`,
    });
    const elsewhere = (): string => import.meta.filename;
    assert.throws(() => findPython(elsewhere), /and \S+pyodide\.asm\.wasm is not there: run `npm install/);
  });

  it("takes the program out of an answer: the first block of Python, else the answer", () => {
    const { extractProgram } = python;
    for (const [answer, program] of [
      ["x = 1", "x = 1"],
      ["Sure:\n```python\nx = 1\n```\nDone.", "x = 1"],
      ["```\nx = 1\n```", "x = 1"],
      ["```ts\nlet x = 1;\n```\n```py\nx = 2\n```", "x = 2"],
      ["```js\nlet x = 1;\n```", "```js\nlet x = 1;\n```"],
      ["```python\nif x:\n    y = 1", "if x:\n    y = 1"],
    ] as const)
      assert.equal(extractProgram(answer), program, answer);
  });

  it("names what a method's text does not hold, and nothing that it does", () => {
    const method = (name: string, source: string): GenomeMember => ({ name: `self.${name}`, kind: "method", source });
    const lost = (source: string, ...more: GenomeMember[]) =>
      python.lostNames([method("f", source), ...more])[0]?.names ?? [];
    assert.deepEqual(lost("def f(n):\n    return n + secret"), ["secret"]);
    assert.deepEqual(lost("lambda n: n + k"), ["k"]);
    for (const held of [
      "def f(n, *more, key=1, **rest) -> int:\n    total = n + key\n    for i, x in enumerate(more):\n        total += x\n    return total",
      "def f(words):\n    return {w: len(w) for w in words if w not in ('a', \"it's\")}",
      "def f():\n    import math as m\n    with open('x') as file:\n        return m.pi, file\n",
      "def f(self):\n    # nothing = here\n    return print(self.mood, end='')",
      "def f(n):\n    if (half := n // 2) > 1:\n        return half\n    return other(n)",
    ])
      assert.deepEqual(lost(held, method("other", "def other(n):\n    return n")), [], held);
    assert.deepEqual(python.lostNames(python.newborn), []);
  });

  it("has a hash that changes on purpose: records name it, and lives of another one may go another way", () => {
    assert.equal(python.hash, "c3d863ecaac07082");
  });

  it("is one of the bodies, each by its one word", () => {
    assert.deepEqual(Object.keys(bodies), ["javascript", "python"]);
    assert.equal(bodies.python, python);
  });
});

describe("the snapshot that Python's lives begin from", () => {
  it("is the same to the byte, whoever makes it", async () => {
    const { launcher, kept } = await prepared();
    const { heap, marks } = await bornAnew((plan, how) => startWorker(launcher(plan), how));
    assert.equal(createHash("sha256").update(heap).digest("hex"), kept.hash);
    assert.deepEqual(marks, kept.marks);
  });

  it("is one of few: those of other bodies that nobody began to use for a day go when a new one is made", () => {
    const folder = mkdtempSync(join(tmpdir(), "python-snapshots-"));
    const names = ["0123456789abcdef", "00000000000000aa", "00000000000000bb"];
    for (const name of names) for (const end of ["memory", "json"]) writeFileSync(join(folder, `${name}.${end}`), "");
    writeFileSync(join(folder, "notes.txt"), "");
    const old = new Date(Date.now() - 2 * 86_400_000);
    for (const name of [...names.slice(0, 2).map((one) => `${one}.memory`), "notes.txt"])
      utimesSync(join(folder, name), old, old);
    pruneSnapshots(join(folder, `${names[0]}.memory`));
    const left = [`${names[0]}.json`, `${names[0]}.memory`, `${names[2]}.json`, `${names[2]}.memory`, "notes.txt"];
    assert.deepEqual(readdirSync(folder).sort(), left.sort());
    rmSync(folder, { recursive: true });
  });

  it("has no part that a program may change of what evidence is read by: types, modules, the audit hook", async () => {
    const { kept } = await prepared();
    const heap = new Uint8Array(readFileSync(kept.path));
    const exported = addressesOf(findPython().wasm);
    const makeOf = (memory: Uint8Array) =>
      makeIntegrity({ bytes: () => memory, address: (name) => exported.get(name)! }, heap, hookIn(heap, exported));
    assert.equal(makeOf(heap.slice()).broken(), null);
    const word = (at: number): number => new DataView(heap.buffer).getUint32(at, true);
    for (const [what, at] of [
      ["PyLong_Type", exported.get("PyLong_Type")! + 44],
      ["PyUnicode_Type", exported.get("PyUnicode_Type")! + 84 + 3],
      ["PyFunction_Type", exported.get("PyFunction_Type")! + 4],
      ["_Py_TrueStruct", exported.get("_Py_TrueStruct")! + 12],
      ["the built-in modules", word(exported.get("PyImport_Inittab")!) + 4],
    ] as const) {
      const memory = heap.slice();
      memory[at] = memory[at]! ^ 1;
      assert.equal(makeOf(memory).broken(), what);
    }
    const counted = heap.slice();
    counted[exported.get("PyLong_Type")!]! += 1;
    assert.equal(makeOf(counted).broken(), null, "references are counted");
  });

  /** Where the exported variables are: globals of the module, without starting it. */
  function addressesOf(wasm: string): Map<string, number> {
    const module = new WebAssembly.Module(readFileSync(wasm));
    const imports: WebAssembly.Imports = {};
    for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
      imports[from] ??= {};
      imports[from][name] =
        kind === "global" ? new WebAssembly.Global({ value: "i32", mutable: true }, 0) : () => assert.fail(name);
    }
    const { exports } = new WebAssembly.Instance(module, imports);
    return new Map(
      Object.entries(exports).flatMap(([name, one]) =>
        one instanceof WebAssembly.Global ? [[name, one.value as number] as const] : [],
      ),
    );
  }

  /** The hook's place in the table of functions: the first of the host's own, which come after all of CPython's. */
  function hookIn(heap: Uint8Array, exported: Map<string, number>): number {
    const view = new DataView(heap.buffer);
    const runtime = exported.get("_PyRuntime")!;
    for (let at = runtime; at < runtime + 262_144; at += 4) {
      const entry = view.getUint32(at, true);
      if (entry === 0 || entry % 4 !== 0 || entry + 12 > heap.length) continue;
      const [next, hook, given] = [0, 4, 8].map((offset) => view.getUint32(entry + offset, true));
      if (next === 0 && given === 0 && hook! > 5000 && hook! < 100_000) return hook!;
    }
    return assert.fail("no hook");
  }

  async function prepared() {
    const launcher = (plan: ChildPlan) => lock(plan, 3);
    await prepareSnapshot((plan, how) => startWorker(launcher(plan), how));
    return { launcher, kept: keptSnapshot()! };
  }
});
