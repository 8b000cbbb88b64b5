/**
 * The process that reads programs for the driver: it takes TypeScript's types out and compiles what is left, and runs
 * none of it. A parser can be made to crash or to take minutes by a text of a few thousand characters, so none but the
 * child's own (on short texts) ever runs in the driver. Passed by `-e` like `main.ts`, hence no imports but types.
 *
 * Lines in:  {sources} once, then {id, program}. Lines out: {ready}, then {id, reply: {text, compiled, last}}:
 * `last` where the process ends with this answer.
 */

import type { Pipe } from "../../../host/pipe.ts";

((builtin: NodeJS.Process["getBuiltinModule"]) => {
  const { readLine, send } = (globalThis as unknown as { makePipe(builtin: unknown): Pipe }).makePipe(builtin);
  const { stripTypeScriptTypes } = builtin("node:module");
  let compile: (code: string) => string;

  const load = ({ sources }: { sources: { acorn: string; compile: string } }): void => {
    const cjs = { exports: {} };
    new Function("module", "exports", sources.acorn)(cjs, cjs.exports);
    new Function(sources.compile)();
    const { makeCompile } = globalThis as unknown as { makeCompile(acorn: object): typeof compile };
    compile = makeCompile(cjs.exports);
  };

  const compiledOf = (program: string): string | null => {
    try {
      return compile(program);
    } catch {
      return null;
    }
  };

  // A step's program is a function body, which may `return` and `await`; a module may not return, but may import. A
  // program that breaks out of this wrapper is found out by the parser, which is given what is left alone.
  const wrappers = [
    ["async function step() {", "\n}"],
    ["", ""],
  ] as const;
  // A chain of casts or of prefixes nests a level with each link, and so does what `<` opens: the parser tries each level in
  // several ways, which takes seconds for some thousand links. Nobody writes two hundred.
  const chain =
    /(?:<[^<>]*>\s*){200}|(?:\bas\s+\w+\s*){200}|(?:\b(?:keyof|typeof|readonly|unique|infer|new|await)\s+){200}|(?:[!~]\s*){200}/;
  const isChained = (program: string): boolean => {
    if (chain.test(program)) return true;
    let open = 0;
    for (let i = 0; i < program.length && open <= 200; i++) {
      const letter = program[i];
      if (letter === "<") open++;
      else if (letter === ";") open = 0;
      else if (letter === ">" && open > 0 && program[i - 1] !== "=") open--;
    }
    return open > 200;
  };
  /** The stripper is WebAssembly, and one that ran out of stack never works again. */
  let broken = false;
  const strip = (program: string): string => {
    let isMore = false;
    // Enums, namespaces and a constructor's properties are more than types: with those it is printed anew, with a line end behind it.
    for (const mode of isChained(program) ? [] : (["strip", "transform"] as const))
      for (const [before, after] of broken || (mode === "transform" && !isMore) ? [] : wrappers)
        try {
          const end = after === "" || mode === "strip" ? after.length : after.length + 1;
          return stripTypeScriptTypes(before + program + after, { mode }).slice(before.length, -end || undefined);
        } catch (error) {
          const kind = /^ERR_(INVALID|UNSUPPORTED)_TYPESCRIPT_SYNTAX$/.exec(
            String((error as { code?: unknown }).code),
          )?.[1];
          broken ||= kind === undefined;
          if (broken) break;
          isMore ||= kind === "UNSUPPORTED";
        }
    return program;
  };

  const read = (program: string): { text: string; compiled: string | null } => {
    const compiled = compiledOf(program);
    if (compiled !== null) return { text: program, compiled };
    const text = strip(program);
    return { text, compiled: text === program ? null : compiledOf(text) };
  };

  load(JSON.parse(readLine()));
  send({ ready: true });
  while (!broken) {
    const { id, program } = JSON.parse(readLine()) as { id: number; program: string };
    const reading = read(program);
    send({ id, reply: { ...reading, last: broken } });
  }
  process.exit(0);
})(process.getBuiltinModule);
