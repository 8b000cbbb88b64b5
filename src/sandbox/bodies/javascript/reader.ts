/**
 * Programs as the child is given them: TypeScript's types taken out, and compiled where that is quick. Short JavaScript is
 * compiled here; everything else is read in a locked process of its own (`child/reader.ts`), which a text may crash or
 * hold without the driver noticing.
 */

import { SandboxFailure } from "../../host/error.ts";
import type { Launcher } from "../../host/launch.ts";
import { isKilledByOthers, startWorker } from "../../host/start.ts";
import type { Death, Outcome, Worker } from "../../host/worker.ts";
import { foresee } from "./foresee/index.ts";
import { type Prepared, readHere } from "./program.ts";

/** Reads programs, each once. */
export interface Reader {
  /**
   * A text that cannot be read comes back as it is: the child refuses it in its own words. Rejects with a SandboxFailure
   * where that is no fault of the text, and knows nothing of it then.
   */
  read(program: string): Promise<Prepared>;
  dispose(): Promise<void>;
}

/** Programs remembered, and the longest one that is. */
const [programsKept, keptLength] = [2000, 4096];
/** A text that takes longer is read alone, in thrice the time, then it is as good as none; ordinary ones take a few milliseconds. */
const wallMs = 3000;
/** A process that somebody kills says nothing of the text; so many in a row are given up. */
const mostKills = 3;

/** Makes a reader, whose process starts with the first text that needs it. Longer texts than `longest` are not read. */
export function createReader(launcher: Pick<Launcher, "reader">, longest: number): Reader {
  const known = new Map<string, Prepared | Promise<Prepared>>();
  const running = new Set<Worker>();
  let shared: Promise<Worker> | null = null;
  const closing = new AbortController();

  const checkOpen = (): void => {
    if (closing.signal.aborted) throw new SandboxFailure({ kind: "disposed" });
  };
  const start = async (): Promise<Worker> => {
    checkOpen();
    const worker = await startWorker(launcher.reader, { signal: closing.signal });
    running.add(worker);
    void worker.gone.then(() => running.delete(worker));
    if (closing.signal.aborted) worker.kill();
    return worker;
  };
  /** The process that all texts share; the first of those that find it gone starts the next. */
  const living = async (): Promise<Worker> => {
    for (;;) {
      shared ??= start();
      const found = shared;
      const worker = await found.catch((error: unknown) => {
        if (shared === found) shared = null;
        throw error;
      });
      if (worker.alive) return worker;
      if (shared === found) shared = null;
    }
  };

  /** Reads where every text is read, until one of its processes was given this one. */
  const readThere = async (program: string): Promise<Prepared> => {
    for (;;) {
      const at = await living();
      const outcome = await at.request({ program }, { wallMs });
      if (outcome.kind === "answer" && outcome.seen.last !== true) return preparedOf(outcome);
      if (outcome.kind === "answer") at.kill();
      else if (outcome.death.killed === "lost") continue;
      return inLine(() => readAlone(program));
    }
  };

  let line: Promise<unknown> = Promise.resolve();
  const inLine = <T>(work: () => Promise<T>): Promise<T> => {
    const own = line.then(work);
    line = own.catch(() => {});
    return own;
  };

  /**
   * Reads a text under which a process ended. That may have been of what it had read before, or since the machine was busy,
   * or because somebody killed it: what a process of its own comes to, with more time, is of this text.
   */
  const readAlone = async (program: string): Promise<Prepared> => {
    let death: Death | null = null;
    for (let kills = 0; kills < mostKills; kills++) {
      const alone = await start();
      const outcome = await alone.request({ program }, { wallMs: 3 * wallMs });
      alone.kill();
      if (outcome.kind === "answer") return preparedOf(outcome);
      checkOpen();
      death = outcome.death;
      if (death.killed !== "lost" && !isKilledByOthers(death)) return asItIs(program);
    }
    throw new SandboxFailure({ kind: "reading", times: mostKills, exit: String(death!.signal ?? death!.code) });
  };

  const keep = (program: string, made: Prepared | Promise<Prepared>): void => {
    if (known.size >= programsKept) known.delete(known.keys().next().value!);
    known.set(program, made);
  };

  return {
    async read(program) {
      if (program.length > longest) return asItIs(program);
      const found = known.get(program);
      if (found !== undefined) return found;
      const made = readHere(program) ?? readThere(program);
      // Long ones are forgotten when they are read, but no text is read twice at once.
      keep(program, made);
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
    },
    async dispose() {
      closing.abort();
      await shared?.catch(() => null);
      const gone = [...running].map((worker) => {
        worker.kill();
        return worker.gone;
      });
      await Promise.all([...gone, line]);
    },
  };
}

function asItIs(program: string): Prepared {
  return { text: program, compiled: null, foreseen: null };
}

function preparedOf({ seen }: Outcome & { kind: "answer" }): Prepared {
  const { text, compiled } = seen as { text: string; compiled: string | null };
  return { text, compiled, foreseen: compiled === null ? null : foresee(text) };
}
