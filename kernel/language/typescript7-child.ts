/**
 * The child process that TypeScript 7.1's API answers from: its start, its end, and questions that do not outlive it.
 * Traps of 7.1-beta: pending requests are not rejected when it ends, nothing in the API tells of its end, and a write that
 * fails ends the process that asked.
 */

import type { ChildProcess } from "node:child_process";
import type { Writable } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { API } from "typescript-api/async";
import { createPending, type Pending } from "./pending.ts";

/** How long the child may take to end by itself. */
const patienceMs = 1000;

/** An API's child, which its first question starts. */
export interface CompilerChild {
  readonly api: API;
  /** Questions in flight: they would wait for ever when it dies. */
  readonly pending: Pending;
  /** Rejects with why it ended. */
  readonly end: PromiseWithResolvers<never>;
  process: ChildProcess | undefined;
  /** Until it is up its end is told by the rejection of the question alone. */
  isUp: boolean;
}

/** The child of an API that has not been asked anything. */
export function newChild(api: API): CompilerChild {
  const end = Promise.withResolvers<never>();
  end.promise.catch(() => {});
  return { api, pending: createPending(), end, process: undefined, isUp: false };
}

/** Waits for an answer, or for the child's end. */
export const askChild = <T>({ pending }: CompilerChild, question: Promise<T>): Promise<T> => pending.ask(question);

/** Watches the process that the first question has just started; `onEnd` is called if it ends by itself once it is up. */
export async function watchChild(child: CompilerChild, onEnd: (why: string) => void): Promise<void> {
  child.process = await processOf(child.api);
  child.process?.once("exit", (code, signal) => {
    const why = signal ?? `exit code ${code}`;
    const error = new Error(`The TypeScript compiler ended (${why})`);
    child.end.reject(error);
    child.pending.end(error);
    if (child.isUp) onEnd(why);
  });
  if (child.process?.stdin) tellNoFailedWrite(child.process.stdin);
}

/**
 * A write fails when the child is gone, a moment before its end is told, or leads to its end: "exit" tells it, and says more. The API's
 * connection must not hear of it, since it throws what it hears where nobody can catch it, and this process would end too.
 */
function tellNoFailedWrite(stdin: Writable): void {
  stdin.on("error", () => {});
  const write = stdin.write.bind(stdin) as (...given: unknown[]) => boolean;
  stdin.write = (...given: unknown[]) =>
    write(...given.map((one) => (typeof one === "function" ? () => (one as () => void)() : one)));
}

/** Ends it: by closing its input, and by force when that takes too long. */
export async function endChild(child: CompilerChild): Promise<void> {
  child.isUp = false;
  const { process, api, end } = child;
  const exited = process === undefined || process.exitCode !== null || process.signalCode !== null;
  const gone = exited ? Promise.resolve() : new Promise<void>((resolve) => process.once("exit", () => resolve()));
  const timer = setTimeout(() => process?.kill("SIGKILL"), patienceMs); // closing waits, too, for a child that does not hear
  await Promise.race([api.close().catch(() => {}), end.promise.catch(() => {})]);
  await gone;
  clearTimeout(timer);
}

/** It is there a few turns after the question that starts it. Not part of the API's surface. */
async function processOf(api: API): Promise<ChildProcess | undefined> {
  const { client } = api as unknown as { client?: { process?: ChildProcess } };
  for (let turns = 0; turns < 20 && client?.process === undefined; turns++) await nextTurn();
  return client?.process;
}
