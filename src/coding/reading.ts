/**
 * Reads many programs in a process of their own. The parser is native and recurses: a text that nests deep enough ends its
 * process, and one with types can hold it. Where that happens the texts are read in halves until the one at fault is alone.
 */

import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { ReadProgram } from "./read.ts";

/** Longest program that is read: ten times what a model writes in 2,000 tokens. */
const longest = 65_536;
/** Programs in one message, and the longest that they may take. An ordinary one takes a tenth of a millisecond. */
const [atOnce, patienceMs] = [250, 10_000];

/** Reads programs, each as `readProgram` does; one that no parser survives has an error that says so. */
export async function readPrograms(
  sources: readonly string[],
  { signal }: { signal?: AbortSignal | undefined } = {},
): Promise<ReadProgram[]> {
  const found = new Map<string, ReadProgram>();
  const short = [...new Set(sources)].filter((source) => {
    if (source.length <= longest) return true;
    found.set(source, unread(`it has ${source.length} characters, more than the ${longest} that are read`));
    return false;
  });
  let child: ChildProcess | null = null;
  const readSome = async (some: readonly string[]): Promise<void> => {
    signal?.throwIfAborted();
    child ??= start();
    const read = await ask(child, some);
    if (read !== null) return some.forEach((source, i) => void found.set(source, read[i]!));
    child.kill("SIGKILL");
    child = null;
    if (some.length === 1) return void found.set(some[0]!, unread("the parser did not survive it"));
    const half = Math.ceil(some.length / 2);
    await readSome(some.slice(0, half));
    await readSome(some.slice(half));
  };
  try {
    for (let i = 0; i < short.length; i += atOnce) await readSome(short.slice(i, i + atOnce));
  } finally {
    (child as ChildProcess | null)?.kill("SIGKILL");
  }
  return sources.map((source) => found.get(source)!);
}

function unread(message: string): ReadProgram {
  return { errors: [{ message, line: null }], text: "", defines: new Map() };
}

function start(): ChildProcess {
  const file = `./read-process.${import.meta.url.endsWith(".ts") ? "ts" : "js"}`;
  // Not this process's own flags: some of them no file can be run with.
  const execArgv = ["--disable-warning=ExperimentalWarning"];
  return fork(fileURLToPath(new URL(file, import.meta.url)), { execArgv, serialization: "advanced", stdio: "ignore" });
}

/** What the process says of some programs; null where it ended, or took too long. Rejects where there is none: no program did that. */
function ask(child: ChildProcess, sources: readonly string[]): Promise<ReadProgram[] | null> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => done(null), patienceMs);
    const end = (): void => done(null);
    const done = (read: ReadProgram[] | null): void => {
      clearTimeout(timer);
      child.off("message", done).off("exit", end).off("error", fail);
      resolve(read);
    };
    const fail = (cause: Error): void => {
      if (child.pid === undefined)
        reject(new Error(`The process that reads programs could not be started: ${cause.message}`, { cause }));
      done(null);
    };
    child.on("message", done).on("exit", end).on("error", fail);
    child.send([...sources], (error) => error && end());
  });
}
