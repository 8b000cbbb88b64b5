/**
 * The agent as the host sees it: its executor is called, its members are read, a probe's effect is looked for, and it is made anew
 * from a genome. What is told here is evidence: the exact types of objects, never a text that the guest could have written.
 */

import type { GenomeMember } from "../../../types.ts";
import type { MakeSourceOf } from "./source.ts";
import type { Machine, Marks, Objects, Raised } from "./types.ts";

/** What came of a program. `missing`: what stands in the executor's place. */
export interface Executed {
  error: Raised | null;
  waiting: boolean;
  missing: string | null;
}

/** What a probe must leave behind, and what it may use. */
export interface Look {
  expected: [name: string, value: unknown][];
  names: string[];
  uses: string[];
}

/** What the host does with the agent. */
export interface Agent {
  execute(program: string, how: { response: boolean }): Executed;
  /** Runs a program past the executor; `filename` names it. */
  run(program: string, filename: string): Raised | null;
  /** A new value for one of the agent's names, or for a name that all code finds. */
  set(name: string, value: unknown): void;
  show(name: string, value: unknown): void;
  /** Members, query and response as JSON: `AgentRead` of the host's `reply.ts`. */
  read(last: string): { text: string; genome: string };
  /** What became of a probe: `Probed`. */
  check(look: Look, ran: Executed): object;
  restore(genome: readonly GenomeMember[]): void;
  /** One of its names, borrowed; 0 where it is not there. */
  find(name: string): number;
  remove(name: string): void;
  isMethod(object: number): boolean;
  /** Runs a program as a newborn would. */
  asNewborn(program: string): Raised | null;
  /** Executed programs that are on the stack now. */
  depth(): number;
}

/** Makes the agent's host; `sources`: the programs of the life that is in memory. */
export type MakeAgent = (
  machine: Machine,
  objects: Objects,
  given: { marks: Marks; sources(): ReadonlyMap<string, string> },
) => Agent;

(() => {
  const scope = globalThis as unknown as { makeAgent: MakeAgent; makeSourceOf: MakeSourceOf };
  const [longestText, longestGenome] = [16_384, 200_000];
  const own = new Set(["self", "state", "query", "response"]);
  const fileInput = 257;

  scope.makeAgent = (machine, objects, { marks, sources }) => {
    const { item, setItem, removeItem, release, isText, textOf, isExactly, typeName, attribute } = objects;
    const sourceOf = scope.makeSourceOf(machine, objects, marks.executor);
    const cut = (text: string, length: number): string => (text.length > length ? `${text.slice(0, length)}…` : text);

    /** The agent's one dictionary: its attributes, its state, and the globals of its programs. 0 where it has none. */
    const dict = (): number => {
      const found = machine.c.PyObject_GenericGetDict(marks.self, 0);
      if (found === 0) machine.c.PyErr_Clear();
      release(found); // the agent holds it
      return found;
    };
    const find = (name: string): number => {
      const all = dict();
      return all === 0 ? 0 : item(all, name);
    };
    const taken = (program: string): Raised => objects.takeError((filename) => sources().get(filename) === program);
    const inWords = (object: number): string => {
      if (object === 0) return "not there";
      if (object === objects.none) return "None";
      const name = cut(typeName(object), 40);
      return `${/^[aeiou]/i.test(name) ? "an" : "a"} ${name}`;
    };

    /** Calls what takes a program as its one argument. */
    const call = (callee: number, program: string): { error: Raised | null; given: number } => {
      const text = objects.newText(program);
      machine.c.Py_IncRef(callee);
      const given = machine.c.PyObject_CallOneArg(callee, text);
      release(callee);
      release(text);
      return { given, error: given === 0 ? taken(program) : null };
    };

    const execute: Agent["execute"] = (program, { response }) => {
      const executor = find("execute_code");
      if (executor === 0 || machine.c.PyCallable_Check(executor) === 0)
        return { error: null, waiting: false, missing: inWords(executor) };
      const { error, given } = call(executor, program);
      const waiting = isExactly(given, "PyCoro_Type");
      if (response && isText(given) && dict() !== 0) {
        const text = objects.newText(cut(textOf(given, longestText), longestText));
        setItem(dict(), "response", text);
        release(text);
      }
      release(given);
      return { error, waiting, missing: null };
    };

    /** Compiles a text under a name of its own and runs it; false where an exception was raised. */
    const evaluate = (text: string, filename: string, locals: number): boolean => {
      const code = machine.withText(text, (at) =>
        machine.withText(filename, (name) => machine.c.Py_CompileStringExFlags(at, name, fileInput, 0, -1)),
      );
      if (code === 0) return false;
      const made = machine.c.PyEval_EvalCode(code, dict(), locals);
      release(code);
      release(made);
      return made !== 0;
    };
    const run: Agent["run"] = (program, filename) => (evaluate(program, filename, dict()) ? null : taken(program));

    const isMethod = (object: number): boolean => isExactly(object, "PyFunction_Type");
    const memberOf = (name: string, value: number): GenomeMember =>
      isMethod(value)
        ? { name: `self.${name}`, kind: "method", source: sourceOf(value, sources()) }
        : { name: `self.${name}`, kind: "attribute", source: objects.memberText(value) };
    const membersOf = (all: number): GenomeMember[] => {
      const members: GenomeMember[] = [];
      let length = 0;
      for (const [key, value] of objects.entries(all)) {
        if (length > longestGenome) break;
        if (!isText(key)) continue;
        const name = textOf(key);
        if (own.has(name) || /^__\w*__$/.test(name)) continue;
        const member = memberOf(name, value);
        length += member.name.length + member.source.length;
        members.push(member);
      }
      return members;
    };
    const textIn = (name: string): string => {
      const value = find(name);
      if (value === 0) return "";
      return cut(isText(value) ? textOf(value, longestText) : objects.memberText(value), longestText);
    };
    const read: Agent["read"] = (last) => {
      const all = dict();
      const genome = JSON.stringify(all === 0 ? [] : membersOf(all));
      const told = { query: textIn("query"), response: textIn("response") };
      const [query, response] = [JSON.stringify(told.query), JSON.stringify(told.response)];
      const text = `{"genome":${genome === last ? "null" : genome},"query":${query},"response":${response}}`;
      return { text, genome };
    };

    const hasEffect = ([name, value]: Look["expected"][number]): boolean => {
      const found = find(name);
      if (found === 0) return false;
      const plain = objects.plain(found);
      return "text" in plain && plain.text === JSON.stringify(value);
    };
    /** Whether the guest left alone what a probe may use: else its failure says nothing of the executor. */
    const isIntact = (uses: readonly string[]): boolean => {
      const known = new Map(marks.intact);
      const all = machine.c.PyModule_GetDict(marks.builtins);
      return uses.every((name) => find(name) === 0 && item(all, name) === known.get(name));
    };
    const check: Agent["check"] = (look, { error, missing }) => {
      if (missing !== null) return { kind: "missing", is: missing };
      const done = error === null && look.expected.every(hasEffect);
      if (error === null && dict() !== 0) for (const name of look.names) removeItem(dict(), name);
      if (done || !isIntact(look.uses)) return { kind: "works" };
      if (error === null) return { kind: "effectless" };
      const { name, message, line } = error;
      return { kind: "threw", error: { name, message, line } };
    };

    /** Makes a method from its text: a definition, or an expression such as a lambda. */
    const makeMethod = (name: string, source: string): number => {
      const locals = machine.c.PyDict_New();
      const isDefinition = /^(@|def\b|async\b|class\b)/.test(source);
      const text = isDefinition ? source : `made_ = (${source}\n)`;
      if (!evaluate(text, `<member ${name}>`, locals)) machine.c.PyErr_Clear();
      const made = objects.entries(locals).at(-1)?.[1] ?? 0;
      if (made !== 0) machine.c.Py_IncRef(made);
      release(locals);
      return made;
    };
    const makeModule = (name: string): number => {
      const made = machine.withText(name, (at) => machine.c.PyImport_ImportModule(at));
      if (made === 0) machine.c.PyErr_Clear();
      return made;
    };
    const makeAttribute = (source: string): number => {
      const module = /^<module ([\w.]+)>$/.exec(source)?.[1];
      if (module !== undefined) return makeModule(module);
      try {
        return objects.makeFrom(source);
      } catch {
        return /^<.*>$/s.test(source) ? 0 : objects.newText(source);
      }
    };
    const restore: Agent["restore"] = (genome) => {
      for (const name of ["execute_code", "call_LLM", "end"]) removeItem(dict(), name);
      for (const { name, kind, source } of genome) {
        const key = name.replace(/^self\.(state\.)?/, "");
        const value =
          kind === "method"
            ? makeMethod(key, source) ||
              makeMethod(key, 'def lost(*given, **named):\n    raise RuntimeError("this method could not be restored")')
            : makeAttribute(source);
        if (value !== 0) setItem(dict(), key, value);
        release(value);
      }
    };

    const depth: Agent["depth"] = () => {
      let count = 0;
      let frame = machine.c.PyEval_GetFrame();
      if (frame !== 0) machine.c.Py_IncRef(frame);
      for (let i = 0; frame !== 0 && i < 2000; i++) {
        const code = machine.c.PyFrame_GetCode(frame);
        const name = attribute(code, "co_name");
        if (textOf(name) === "<module>") count++;
        const back = machine.c.PyFrame_GetBack(frame);
        for (const one of [name, code, frame]) release(one);
        frame = back;
      }
      return count;
    };
    const put = (to: number, name: string, value: unknown, frozen: boolean): void => {
      const made = objects.make(value, frozen);
      if (to !== 0) setItem(to, name, made);
      release(made);
    };
    return {
      ...{ execute, run, read, check, restore, find, isMethod, depth },
      set: (name, value) => put(dict(), name, value, false),
      show: (name, value) => put(machine.c.PyModule_GetDict(marks.builtins), name, value, true),
      remove: (name) => dict() !== 0 && removeItem(dict(), name),
      asNewborn(program) {
        const { error, given } = call(marks.executor, program);
        release(given);
        return error;
      },
    };
  };
})();
