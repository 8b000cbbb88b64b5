/**
 * Programs as the child is given them: TypeScript's types taken out, and compiled where that is quick. Short JavaScript is
 * compiled here; everything else is read in a locked process of its own (`child/reader.ts`), which a text may crash or
 * hold without the driver noticing. Functions over one `State`.
 */

import { type Serial, serial } from "../../../data/serial.ts";
import type { Prepared, Reader, StartChild } from "../../host/body.ts";
import { SandboxFailure } from "../../host/error.ts";
import type { ReadReply } from "../../host/reply.ts";
import { isKilledByOthers } from "../../host/start.ts";
import type { Death, Worker } from "../../host/worker.ts";
import { foresee } from "./foresee/index.ts";
import { readerPlan } from "./plan.ts";
import { readHere } from "./program.ts";

/** Programs remembered, and the longest one that is. */
const [programsKept, keptLength] = [2000, 4096];
/** Longest text that is read for its types, whatever a life's own limit is. */
const longestRead = 1_000_000;
/** A text that takes longer is read alone, in thrice the time, then it is as good as none; ordinary ones take a few milliseconds. */
const wallMs = 3000;
/** A process that somebody kills says nothing of the text; so many in a row are given up. */
const mostKills = 3;

/** What the process says of a text. `last`: it ends with this answer, since its stripper is broken. */
export interface Reading {
  text: string;
  compiled: string | null;
  last: boolean;
}

interface State {
  start: StartChild;
  longest: number;
  known: Map<string, Prepared | Promise<Prepared>>;
  running: Set<Worker>;
  /** The process that all texts share. */
  shared: Promise<Worker> | null;
  /** Texts under which a process ended are read one at a time. */
  alone: Serial;
  closing: AbortController;
}

/** Makes a reader, whose process starts with the first text that needs it. Longer texts than `longest` are not read. */
export function createReader(start: StartChild, longest = longestRead): Reader {
  const empty = { known: new Map(), running: new Set<Worker>(), shared: null };
  const state: State = { start, longest, ...empty, alone: serial(), closing: new AbortController() };
  return { read: (program) => read(state, program), dispose: () => dispose(state) };
}

async function read(state: State, program: string): Promise<Prepared> {
  const { known, longest } = state;
  if (program.length > longest) return asItIs(program);
  const found = known.get(program);
  if (found !== undefined) return found;
  const made = readHere(program) ?? readThere(state, program);
  // Long ones are forgotten when they are read, but no text is read twice at once.
  if (known.size >= programsKept) known.delete(known.keys().next().value!);
  known.set(program, made);
  const forget = (): void => {
    if (known.get(program) === made) known.delete(program);
  };
  try {
    const prepared = await made;
    if (program.length > keptLength && prepared.compiled !== null) forget();
    return prepared;
  } catch (error) {
    forget();
    throw error;
  }
}

/** Reads where every text is read, until one of its processes was given this one. */
async function readThere(state: State, program: string): Promise<Prepared> {
  for (;;) {
    const at = await livingProcess(state);
    const outcome = await at.request({ program }, { read: readReading, wallMs });
    if (outcome.kind === "answer" && !outcome.reply.last) return preparedOf(outcome.reply);
    if (outcome.kind !== "death") at.kill();
    else if (outcome.death.killed === "lost") continue;
    return state.alone.run(() => readAlone(state, program));
  }
}

/**
 * Reads a text under which a process ended. That may have been of what it had read before, or since the machine was busy,
 * or because somebody killed it: what a process of its own comes to, with more time, is of this text.
 */
async function readAlone(state: State, program: string): Promise<Prepared> {
  let death: Death | null = null;
  for (let kills = 0; kills < mostKills; kills++) {
    const alone = await startProcess(state);
    const outcome = await alone.request({ program }, { read: readReading, wallMs: 3 * wallMs });
    alone.kill();
    if (outcome.kind === "answer") return preparedOf(outcome.reply);
    checkOpen(state);
    if (outcome.kind === "fault") return asItIs(program);
    death = outcome.death;
    if (death.killed !== "lost" && !isKilledByOthers(death)) return asItIs(program);
  }
  throw new SandboxFailure({ kind: "reading", times: mostKills, exit: String(death!.signal ?? death!.code) });
}

/** The process that all texts share; the first of those that find it gone starts the next. */
async function livingProcess(state: State): Promise<Worker> {
  for (;;) {
    state.shared ??= startProcess(state);
    const found = state.shared;
    const worker = await found.catch((error: unknown) => {
      if (state.shared === found) state.shared = null;
      throw error;
    });
    if (worker.alive) return worker;
    if (state.shared === found) state.shared = null;
  }
}

async function startProcess(state: State): Promise<Worker> {
  checkOpen(state);
  const { start, running, closing } = state;
  const worker = await start(readerPlan(), { signal: closing.signal });
  running.add(worker);
  void worker.gone.then(() => running.delete(worker));
  if (closing.signal.aborted) worker.kill();
  return worker;
}

function checkOpen({ closing }: State): void {
  if (closing.signal.aborted) throw new SandboxFailure({ kind: "disposed" });
}

async function dispose({ closing, shared, running, alone }: State): Promise<void> {
  closing.abort();
  await shared?.catch(() => null);
  const gone = [...running].map((worker) => {
    worker.kill();
    return worker.gone;
  });
  await Promise.all([...gone, alone.idle()]);
}

/** Reads what the process says of a text; null where that is not of the shape. */
export const readReading: ReadReply<Reading> = (message) => {
  const { text, compiled, last } = (message ?? {}) as { [field: string]: unknown };
  if (typeof text !== "string" || !(typeof compiled === "string" || compiled === null)) return null;
  return typeof last === "boolean" ? { text, compiled, last } : null;
};

function asItIs(program: string): Prepared {
  return { text: program, compiled: null, foreseen: null };
}

function preparedOf({ text, compiled }: Reading): Prepared {
  return { text, compiled, foreseen: compiled === null ? null : foresee(text) };
}
