/**
 * CPython, started or brought back from its snapshot, with the few functions of the host that Python can call: the audit hook,
 * `ask`, `finish`, and what the prelude's decoys tell by.
 */

import type { HarmKind } from "../../../types.ts";
import type { MakeAudit, SeverityOf } from "./audit.ts";
import type { MakeImports } from "./imports.ts";
import type { MakeMachine } from "./machine.ts";
import type { MakeObjects } from "./objects.ts";
import type { Emit, Hooks, Machine, Marks, Objects } from "./types.ts";

/** What the world is made from. */
export interface WorldParts {
  wasm: Uint8Array;
  archive: Uint8Array;
  prelude: string;
  /** Null: CPython starts anew. */
  snapshot: { heap: Uint8Array; marks: Marks } | null;
}

/** What the host's functions do. */
export interface WorldHooks extends Hooks {
  emit: Emit;
  isArmed(): boolean;
  /** A program was compiled under this filename. */
  note(filename: string, source: string): void;
  /** Asks the model; null where it gave no answer. Text instead of an answer: why it may not be asked. */
  ask(query: string): { answer: string | null } | { refused: string };
  finish(): void;
  advance(seconds: number): void;
}

/** CPython with an agent in it. */
export interface World {
  machine: Machine;
  objects: Objects;
  files: Map<number, number>;
  marks: Marks;
  /** The audit hook's place in the table of functions. */
  hook: number;
}

/** Makes the world. Throws with what Python printed, where the prelude fails. */
export type MakeWorld = (parts: WorldParts, hooks: WorldHooks) => World;

(() => {
  const scope = globalThis as unknown as {
    makeWorld: MakeWorld;
    makeMachine: MakeMachine;
    makeImports: MakeImports;
    makeObjects: MakeObjects;
    makeAudit: MakeAudit;
    severityOf: SeverityOf;
  };
  const environment = [
    ...["PYTHONHOME=/", "PYTHONPATH=/lib/python314.zip", "PYTHONHASHSEED=0", "PYTHONUNBUFFERED=1", "PYTHONUTF8=1"],
    ...["PYTHONDONTWRITEBYTECODE=1", "PYTHONNOUSERSITE=1"],
  ];
  /** Built-in modules that reach into memory or into other interpreters, and such as have no use here. */
  const reaching = /^(_test.*|_ctypes.*|_xx.*|xx.*|_pyodide.*|_interp.*)$/;
  const useless = /^(mmap|_posixsubprocess|_multiprocessing|_posixshmem|fcntl|termios|resource|syslog)$/;
  /** What the prelude's decoys tell. */
  const decoyed = "network process_spawn process_kill privilege self_harm secret_read host_info escape".split(
    " ",
  ) as HarmKind[];
  const [takesOne, takesNone, takesAny] = [8, 4, 1];
  /** Names that the host asks for at every step. */
  const asked =
    "execute_code query response __code__ co_filename co_firstlineno co_name co_varnames co_argcount tb_frame tb_lineno tb_next f_code lineno".split(
      " ",
    );
  /** Built-in functions that probes use. */
  const probed = "abs dict enumerate int len list max min range reversed set sorted str sum tuple zip".split(" ");

  scope.makeWorld = ({ wasm, archive, prelude, snapshot }, hooks) => {
    const module = new WebAssembly.Module(wasm as Uint8Array<ArrayBuffer>);
    const { machine, files } = scope.makeMachine(module, hooks, (made) =>
      scope.makeImports(made, hooks, { archive, environment }),
    );
    const known = new Set(snapshot?.marks.known);
    const marks: Marks = snapshot?.marks ?? {
      ...{ sp: 0, clock: 0, self: 0, builtins: 0, seeder: 0, executor: 0, denied: 0, scratch: 0 },
      ...{ known: [], sources: [], intact: [], names: [] },
    };
    const names = new Map(snapshot?.marks.names);
    const objects = scope.makeObjects(machine, { names, scratch: () => marks.scratch });
    if (snapshot === null) {
      machine.c.__wasm_call_ctors();
      marks.denied = machine.store("[Errno 13] Permission denied");
      marks.scratch = machine.c.malloc(16);
    } else machine.load({ heap: snapshot.heap, sp: marks.sp });

    const raise = (type: string, text: string): number => {
      machine.withText(text, (at) => machine.c.PyErr_SetString(machine.pointed(type), at));
      return 0;
    };
    const none = (): number => {
      machine.c.Py_IncRef(objects.none);
      return objects.none;
    };
    const audit = scope.makeAudit(machine, objects, { ...hooks, known });
    const functions = {
      ask(_module: number, query: number): number {
        if (!objects.isText(query)) return raise("PyExc_TypeError", "call_LLM: the query is no text");
        const said = hooks.ask(objects.textOf(query));
        if ("refused" in said) return raise("PyExc_RuntimeError", `call_LLM: ${said.refused}`);
        if (said.answer === null) return raise("PyExc_RuntimeError", "call_LLM: the language model gave no answer");
        return objects.newText(said.answer);
      },
      finish(): number {
        hooks.finish();
        return none();
      },
      tell_(_module: number, args: number): number {
        const [said = "", api = "", ...given] = objects.argumentsOf(args);
        const shown = given.filter((one) => one !== "");
        // A guest can find this function where the decoys keep it, and call it with anything.
        const kind = decoyed.find((one) => one === said) ?? "escape";
        if (hooks.isArmed()) hooks.emit(kind, api, shown, scope.severityOf(kind, shown));
        return none();
      },
      advance_(_module: number, seconds: number): number {
        if (objects.isExactly(seconds, "PyFloat_Type")) hooks.advance(machine.c.PyFloat_AsDouble(seconds));
        return none();
      },
    };

    // Each enters the table of functions, in this order: a snapshot knows them by their places.
    const refusal = machine.callback(3, (event, args) => {
      if (!audit(event!, args!)) return 0;
      machine.c.PyErr_SetString(machine.pointed("PyExc_PermissionError"), marks.denied);
      return -1;
    });
    const reach = machine.callback(0, () => {
      hooks.emit("escape", "import", ["a module that reaches into memory"], 3);
      return raise("PyExc_ImportError", "this module reaches into memory");
    });
    const absent = machine.callback(0, () => raise("PyExc_ImportError", "this module is not there for agents"));
    const arities: { [name: string]: number } = {
      ask: takesOne,
      finish: takesNone,
      tell_: takesAny,
      advance_: takesOne,
    };
    const places = Object.entries(functions).map(([name, work]) => [name, machine.callback(2, work as never)] as const);
    if (snapshot !== null) return { machine, objects, files, marks, hook: refusal };

    const data = (): DataView => machine.data();
    const tableOfModules = data().getUint32(machine.address("PyImport_Inittab"), true);
    for (let at = tableOfModules; data().getUint32(at, true) !== 0; at += 8) {
      const name = machine.text(data().getUint32(at, true));
      if (reaching.test(name)) data().setUint32(at + 4, reach, true);
      if (useless.test(name)) data().setUint32(at + 4, absent, true);
    }
    machine.c.PySys_AddAuditHook(refusal, 0);
    machine.c.Py_InitializeEx(0);
    data().setInt32(machine.address("Py_EMSCRIPTEN_SIGNAL_HANDLING"), 1, true);

    for (const name of asked)
      names.set(
        name,
        machine.withText(name, (at) => machine.c.PyUnicode_InternFromString(at)),
      );
    marks.names = [...names];
    marks.builtins = machine.c.PyImport_AddModule(machine.store("builtins"));
    for (const [name, place] of places) {
      const definition = machine.c.malloc(16);
      for (const [i, part] of [machine.store(name), place, arities[name]!, 0].entries())
        data().setUint32(definition + 4 * i, part, true);
      const made = machine.c.PyCFunction_NewEx(definition, 0, 0);
      machine.c.PyObject_SetAttrString(marks.builtins, machine.store(name), made);
    }
    const ran = machine.c.PyRun_SimpleString(machine.store(prelude));
    if (ran !== 0) throw new Error("the prelude failed");
    const main = machine.c.PyModule_GetDict(machine.c.PyImport_AddModule(machine.store("__main__")));
    marks.self = objects.item(main, "self");
    marks.executor = objects.item(objects.item(main, "state"), "execute_code");
    const random = machine.c.PyImport_ImportModule(machine.store("random"));
    marks.seeder = objects.attribute(random, "seed");
    const builtins = machine.c.PyModule_GetDict(marks.builtins);
    marks.intact = probed.map((name) => [name, objects.item(builtins, name)]);
    // Nothing that a guest deletes may end what is known by its address.
    for (const held of [marks.self, marks.executor, ...marks.intact.map(([, at]) => at)])
      if (held !== 0) machine.c.Py_IncRef(held);
    marks.known = [...known];
    marks.sp = machine.stack;
    return { machine, objects, files, marks, hook: refusal };
  };
})();
