/**
 * Node's `readline` on standard input, in a cell: a cell has no terminal, so what it asks goes to the front end as by
 * `input`. Interfaces on other streams, and those that draw a terminal themselves, are Node's alone. Not here: questions
 * (`input.ts`).
 */

import type { Interface, ReadLineOptions } from "node:readline";
import { Readable } from "node:stream";

interface Questions {
  input(question: string): Promise<string>;
  /** The question that is open is not waited for any more. */
  giveUp(): void;
}
type Create = (...given: unknown[]) => Interface;
type Callback = (answer: string) => void;

/** Puts `createInterface` in the place of Node's, for `require` and `import` alike. */
export function installReadline(questions: Questions): void {
  const plain = process.getBuiltinModule("node:readline") as unknown as { createInterface: Create };
  const promised = process.getBuiltinModule("node:readline/promises") as unknown as { createInterface: Create };
  for (const module of [plain, promised]) {
    const original = module.createInterface;
    module.createInterface = function createInterface(first, ...others) {
      const isOptions = typeof first === "object" && first !== null && "input" in first;
      const options = (isOptions ? first : { input: first, output: others[0], terminal: others[2] }) as ReadLineOptions;
      const isOurs = (options.input as { fd?: unknown } | undefined)?.fd === 0 && options.terminal !== true;
      if (!isOurs) return original.call(module, first, ...others);
      // A stream that says nothing and does not end: lines are given to the interface itself.
      const silent = new Readable({ read() {} });
      const lines = original.call(module, { ...options, input: silent, terminal: false });
      answerLines(lines, questions, module === promised);
      return lines;
    };
  }
  process.getBuiltinModule("node:module").syncBuiltinESMExports();
}

function answerLines(lines: Interface, { input, giveUp }: Questions, isPromised: boolean): void {
  let isClosed = false;
  let isAsking = false;
  let isPrompted = false;
  lines.once("close", () => {
    isClosed = true;
  });
  const question = async (query: string, options?: { signal?: AbortSignal }): Promise<string> => {
    isAsking = true;
    const aborted = Promise.withResolvers<never>();
    const stop = (): void => {
      aborted.reject(options?.signal?.reason);
      giveUp();
    };
    try {
      options?.signal?.throwIfAborted();
      options?.signal?.addEventListener("abort", stop);
      return await Promise.race([input(query), aborted.promise]);
    } finally {
      options?.signal?.removeEventListener("abort", stop);
      isAsking = false;
      setImmediate(next);
    }
  };
  /** Who listens for lines wants one after another. */
  const next = (): void => {
    if (isClosed || isAsking || lines.listenerCount("line") === 0) return;
    void question(isPrompted ? lines.getPrompt() : "").then(
      (line) => lines.emit("line", line),
      (error: unknown) => {
        lines.close(); // there are no more lines
        throw error;
      },
    );
  };
  lines.on("newListener", (event) => {
    if (event === "line") setImmediate(next);
  });
  const withCallback = (query: string, options: { signal?: AbortSignal } | Callback, callback?: Callback): void => {
    const [given, done] = typeof options === "function" ? [undefined, options] : [options, callback];
    void question(query, given).then(done);
  };
  const promisified = { value: question };
  Object.assign(lines, {
    prompt() {
      isPrompted = true;
    },
    question: isPromised
      ? question
      : Object.defineProperty(withCallback, Symbol.for("nodejs.util.promisify.custom"), promisified),
  });
}
