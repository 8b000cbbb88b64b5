/**
 * The world inside the isolate: the newborn agent, its executor, and the functions that the host calls. This file is
 * never imported: the parent strips its types and the child runs it as a script in every fresh isolate. It therefore is
 * one closed scope, has no imports, captures every intrinsic before guest code runs, and talks in strings that it builds by concatenation:
 * whatever a guest does to prototypes later cannot forge a report. How values are read is in `values.ts`, decoy
 * capabilities are in `decoys.ts`.
 *
 * Names given by the child before this runs: `__compile(code)`, `__emit(kind, api, args, severity, of)`, `__ask`. `of` is the
 * number of an effect that was told before, whose arguments these are; -1 for a new one.
 */

import type { MakeInquiry } from "./inquiry.ts";
import type { MakeCheck } from "./probing.ts";
import type { Values } from "./values.ts";

declare const __compile: (code: string) => string;
declare const __emit: (kind: string, api: string, args: string, severity: number, of: number) => number;
declare const __ask: { applySyncPromise(self: undefined, args: [string], options: object): string } | undefined;

interface GuestAgent {
  state: unknown;
  query: unknown;
  response: unknown;
  [name: string]: unknown;
}

((compile, emit, ask) => {
  const scope = globalThis as unknown as Record<string, unknown>;
  for (const name of ["__compile", "__emit", "__ask", "WebAssembly", "SharedArrayBuffer", "Atomics"])
    delete scope[name];

  // Intrinsics, before a guest can change them.
  const { quote, cut, describe, show, keep, readOwn, membersOf, errorText } = scope.__values as Values;
  const makeInquiry = scope.__inquiry as MakeInquiry;
  const makeCheck = scope.__probing as MakeCheck;
  for (const name of ["__values", "__inquiry", "__probing"]) delete scope[name];
  const { apply, set } = Reflect;
  const { parse } = JSON;
  const { defineProperty, freeze } = Object;
  const slice = String.prototype.slice;
  const TextOf = String;
  const ErrorOf = TypeError;
  const { then } = Promise.prototype;
  // biome-ignore lint/security/noGlobalEval: this runs inside the isolate, and running code is what it is for
  const IndirectEval = eval;
  const FunctionOf = Function;

  let output = "";
  let outputLimit = 16384;
  let ended = false;
  let depth = 0;
  let calls = 0;
  let callDepth = 3;

  const self = { state: {}, query: "", response: "" } as GuestAgent;
  scope.self = self;

  /** Runs a program on the agent: the paper's `exec`. Declarations join the state; `this` and `self` are the agent. */
  function exec(code: unknown): unknown {
    const run = evaluate(typeof code === "string" ? code : TextOf(code));
    depth++;
    try {
      return apply(run, self, [self]);
    } finally {
      depth--;
    }
  }
  const evaluate = (code: string): ((agent: GuestAgent) => unknown) =>
    apply(IndirectEval, undefined, [apply(slice, compile(code), [1])]) as (agent: GuestAgent) => unknown;
  scope.exec = exec;

  // The methods are evaluated from text so that their source reads as a person would write it.
  const method = (source: string): unknown => apply(IndirectEval, undefined, [`(${source})`]);
  self.execute_code = method("function execute_code(code) {\n  return exec(code);\n}");
  self.call_LLM = method("function call_LLM(query) {\n  return ask(query);\n}");
  self.end = method("function end() {\n  finish();\n}");
  scope.finish = function finish() {
    ended = true;
  };
  scope.ask = function ask_(query: unknown) {
    if (ask === undefined) throw new Error("call_LLM: this life has no language model to call from inside a step");
    if (depth > callDepth) throw new Error(`call_LLM: more than ${callDepth} calls deep in one step`);
    if (calls++ >= 32) throw new Error("call_LLM: more than 32 calls in one step");
    const text = typeof query === "string" ? query : TextOf(query);
    const copy = { __proto__: null, copy: true };
    const answer = ask.applySyncPromise(undefined, [text], { __proto__: null, arguments: copy });
    if (answer[0] !== "=") throw new Error("call_LLM: the language model gave no answer");
    return apply(slice, answer, [1]);
  };

  const print = (...parts: unknown[]): void => {
    let line = "";
    for (let i = 0; i < parts.length; i++) line += (i > 0 ? " " : "") + describe(parts[i]);
    if (output.length < outputLimit) output = cut(`${output}${line}\n`, outputLimit);
  };
  scope.console = { log: print, info: print, warn: print, error: print, debug: print };
  scope.print = print;

  const builtIn: Record<string, unknown> = { __proto__: null } as never;
  for (const name of ["execute_code", "call_LLM", "end"]) builtIn[name] = self[name];

  const skipOwn: Record<string, unknown> = { __proto__: null, state: 1, query: 1, response: 1 } as never;
  const skipNone: Record<string, unknown> = { __proto__: null } as never;
  let lastGenome = "";

  /** Genome, query and response as JSON: `AgentRead` of the host's `reply.ts`. A genome that was sent last is null. */
  const readOut = (): string => {
    const own = membersOf("self.", self, skipOwn, 200_000);
    const state = membersOf("", readOwn(self, "state"), skipNone, 200_000);
    const genome = `[${own}${own !== "" && state !== "" ? "," : ""}${state}]`;
    const sent = genome === lastGenome ? "null" : genome;
    calls = 0;
    lastGenome = genome;
    const text = (key: string) => quote(cut(show(readOwn(self, key)), 16384));
    return `{"genome":${sent},"query":${text("query")},"response":${text("response")}}`;
  };

  /** What stands in the executor's place. */
  const typeOfExecutor = (): string => {
    const executor = self.execute_code;
    return executor === null ? "null" : typeof executor;
  };
  const inWords = (type: string): string =>
    type === "null" || type === "undefined" ? type : `${type === "object" ? "an" : "a"} ${type}`;

  const { inquire, answered, next, gave, threw, promised, direct, taken } = makeInquiry(self);

  // What the host calls. Each returns a string or a number, never a guest object.
  let failure = "";
  let waiting = false;

  const fail = (thrown: unknown): void => {
    waiting = false;
    failure = errorText(thrown);
  };

  /**
   * Runs a program, or a probe, by the agent's executor: one way for both, so that no stack tells them apart. What is
   * returned may be a promise: `settled` and `check` see what became of it.
   */
  const step = (program: string, kind: string): string => {
    const asked = kind === "call" ? next() : -1;
    const failed = (thrown: unknown): void => (asked < 0 ? fail(thrown) : threw(asked, thrown));
    const done = (answer: unknown): void => {
      waiting = false;
      if (asked >= 0) return gave(asked, answer);
      // Not an assignment: where the agent refuses one, its program is not to blame.
      if (answer !== undefined && kind !== "probe") set(self, "response", cut(show(answer), 16384));
    };
    output = "";
    depth = 0;
    failure = "";
    waiting = false;
    try {
      if (asked < 0 && typeof self.execute_code !== "function")
        throw new ErrorOf(`self.execute_code is ${typeOfExecutor()}, not a function`);
      // A method is called by the newborn's executor: the agent's may give nothing back.
      const executor = asked < 0 ? self.execute_code : builtIn.execute_code;
      const made = program === "" && asked >= 0 ? direct(asked) : apply(executor as () => unknown, self, [program]);
      const answer = asked < 0 ? made : taken(asked, made);
      waiting = typeof answer === "object" && answer !== null;
      if (!waiting) done(answer);
      else
        try {
          apply(then, answer, [done, failed]);
          if (asked >= 0) promised(asked);
        } catch {
          done(answer);
        }
    } catch (thrown) {
      failed(thrown);
    }
    return "";
  };

  /** What came of the step's own program: one line of JSON, which is `Ran`, and below it what was printed. */
  const settled = (): string =>
    `{"error":${failure === "" ? "null" : failure},"waiting":${waiting ? "true" : "false"},"ended":${ended ? "true" : "false"}}\n${output}`;

  const lookAt = makeCheck(self);
  /** What became of a probe: `Probed`. */
  const check = (probe: string): string =>
    typeof self.execute_code === "function"
      ? lookAt(probe, failure)
      : `{"kind":"missing","is":${quote(inWords(typeOfExecutor()))}}`;

  let budget: unknown = null;

  /** What the guest sees of its budget until the next step: a frozen copy. */
  const showBudget = (text: string): string => {
    budget = parse(text, (_, value: unknown) => freeze(value));
    return "";
  };

  /** Runs a task's setup past the agent's executor: it belongs to the task, not to the agent. */
  const setUp = (program: string): string => {
    apply(evaluate(program), self, [self]);
    return "";
  };

  const begin = (settings: string): void => {
    const { query, genome, outputBytes, depthLimit, hasBudget } = parse(settings) as {
      query: string;
      genome: { name: string; kind: string; source: string }[] | null;
      outputBytes: number;
      depthLimit: number;
      hasBudget: boolean;
    };
    self.query = query;
    outputLimit = outputBytes;
    callDepth = depthLimit;
    if (hasBudget) defineProperty(scope, "budget", { get: () => budget, enumerable: true, configurable: false });
    if (genome !== null) restore(genome);
  };

  const restore = (genome: { name: string; kind: string; source: string }[]): void => {
    for (const name of ["execute_code", "call_LLM", "end"]) delete self[name];
    const state = self.state as Record<string, unknown>;
    for (const { name, kind, source } of genome) {
      const own = name.startsWith("self.");
      const key = own ? name.slice(5) : name;
      const value = kind === "method" ? methodOf(key, source) : attributeOf(source);
      defineProperty(own ? self : state, key, { value, writable: true, enumerable: true, configurable: true });
    }
  };

  const attributeOf = (source: string): unknown => {
    try {
      return parse(source);
    } catch {
      return source;
    }
  };

  // A method's text may be a function, an arrow, a class or the shorthand of an object, which may have called it otherwise.
  const methodOf = (key: string, source: string): unknown => {
    const shorthand = `const made = {${source}};`;
    for (const text of [
      `return (${source});`,
      `${shorthand} return made[${quote(key)}];`,
      `${shorthand} for (const name in made) return made[name];`,
    ]) {
      try {
        const method = apply(evaluate(text), self, [self]);
        if (method !== undefined) return method;
      } catch {}
    }
    return new FunctionOf(`throw new Error("this method could not be restored")`);
  };

  const steps = { step, settled, check, readOut };
  scope.__host = { ...steps, showBudget, setUp, inquire, answered, begin, emit, keep };
})(__compile, __emit, typeof __ask === "undefined" ? undefined : __ask);
