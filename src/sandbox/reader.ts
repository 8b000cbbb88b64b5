/**
 * Programs as the child is given them: TypeScript's types taken out, and compiled where that is quick. Short JavaScript is
 * compiled here; everything else is read in a locked process of its own (`child/reader.ts`), which a text may crash or
 * hold without the driver noticing.
 */

import { foresee } from "./foresee/index.ts";
import type { Launcher } from "./launch.ts";
import { type Prepared, readHere } from "./program.ts";
import { startWorker, type Worker } from "./worker.ts";

/** Reads programs, each once. */
export interface Reader {
  /** A text that cannot be read comes back as it is: the child refuses it in its own words. */
  read(program: string): Promise<Prepared>;
  dispose(): Promise<void>;
}

/** Programs remembered, and the longest one that is. */
const [programsKept, keptLength] = [2000, 4096];
/** A text that takes longer is as good as none; ordinary ones take a few milliseconds. */
const wallMs = 3000;

/** Makes a reader, whose process starts with the first text that needs it. Longer texts than `longest` are not read. */
export function createReader(launcher: Launcher, longest: number): Reader {
  const known = new Map<string, Prepared | Promise<Prepared>>();
  let worker: Promise<Worker> | null = null;
  let disposed = false;

  const living = async (): Promise<Worker> => {
    if (worker !== null && !(await worker).alive) worker = null;
    worker ??= startWorker(launcher.reader);
    return worker;
  };

  const readThere = async (program: string): Promise<Prepared> => {
    const asItIs = { text: program, compiled: null, foreseen: null };
    // A process that died of the text before this one says nothing about this one.
    for (let tries = 0; tries < 3 && !disposed; tries++) {
      const at = await living();
      const outcome = await at.request({ program }, { wallMs });
      if (outcome.kind === "answer") {
        const { text, compiled, last } = outcome.seen as { text: string; compiled: string | null; last: boolean };
        if (last) at.kill();
        return { text, compiled, foreseen: compiled === null ? null : foresee(text) };
      }
      if (outcome.death.killed !== "lost") return asItIs;
    }
    return asItIs;
  };

  const keep = (program: string, made: Prepared | Promise<Prepared>): void => {
    if (known.size >= programsKept) known.delete(known.keys().next().value!);
    known.set(program, made);
  };

  return {
    async read(program) {
      if (program.length > longest) return { text: program, compiled: null, foreseen: null };
      const found = known.get(program);
      if (found !== undefined) return found;
      const made = readHere(program) ?? readThere(program);
      // Long ones are forgotten when they are read, but no text is read twice at once.
      keep(program, made);
      const prepared = await made;
      if (program.length > keptLength && prepared.compiled !== null) known.delete(program);
      return prepared;
    },
    async dispose() {
      disposed = true;
      const running = await worker?.catch(() => null);
      running?.kill();
      await running?.gone;
    },
  };
}
