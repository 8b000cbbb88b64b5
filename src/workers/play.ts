/** `autoagent play spec.json --part N`: plays a part of a shared folder, unless it is there already. */

import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { replaceWhole } from "../data/write.ts";
import type { Level } from "../sandbox/index.ts";
import { WorkersFailure } from "./error.ts";
import type { PartFailure } from "./folder.ts";
import { type IndexedPart, indexedParts, putResult, readContent, readIndex, resultPath } from "./index-file.ts";
import { packPart } from "./lives.ts";
import { openWorkbench, type Workbench } from "./open-spec.ts";
import { playPart } from "./part.ts";
import type { Spec } from "./spec.ts";
import { packWork, wantedLives, wantedWork } from "./wanted.ts";
import { doWork, type WorkSpec } from "./work.ts";

/** Which parts are played, and how. */
export interface PlayOptions {
  /** The first; then each `of` further on. */
  part: number;
  /** How many play: absent, this part alone. */
  of?: number;
  children: number;
  minimumLevel: Level;
  modules: string | null;
  /** Called with a line for each part. */
  onLine?: (line: string) => void;
}

/** Plays parts of an index. Gives how many there are now whose results differ from those that were there before. */
export async function playParts(path: string, options: PlayOptions): Promise<{ played: number; differing: number }> {
  const { part, of, onLine } = options;
  const folder = dirname(path);
  const all = indexedParts(readIndex(path));
  if (of === undefined && part >= all.length) throw new WorkersFailure({ kind: "number", part, parts: all.length });
  const own = all.filter(
    ({ number }) => number === part || (of !== undefined && number > part && (number - part) % of === 0),
  );
  // Of more processes than parts some have nothing to do.
  if (own.length === 0) onLine?.(`there is no part ${part}: there are ${all.length}`);
  const open = own.filter(({ number }) => !existsSync(resultPath(folder, number).result));
  for (const { number } of own) if (!open.some((one) => one.number === number)) onLine?.(`part ${number} is there`);
  if (open.length === 0) return { played: 0, differing: 0 };
  const bench = await openWorkbench(options);
  let differing = 0;
  try {
    for (const one of open) {
      const { line, differs } = await playOne(folder, one, bench);
      if (differs) differing++;
      onLine?.(line);
    }
  } finally {
    await bench.close();
  }
  return { played: open.length, differing };
}

/** Plays one and puts it there; where it fails, the reason is left for the driver. */
async function playOne(folder: string, part: IndexedPart, bench: Workbench) {
  const worker = `${hostname()}-${process.pid}`;
  const { number } = part;
  const { failure } = resultPath(folder, number);
  // Why it failed before says nothing now: a driver that waits again would give up by it.
  rmSync(failure, { force: true });
  const began = performance.now();
  try {
    const { result, what } = await resultOf(folder, part, bench, worker);
    const seconds = (performance.now() - began) / 1000;
    const put = putResult(folder, number, result);
    const played = `part ${number} (${what}) in ${seconds.toFixed(1)} s`;
    const differs = put === "differs";
    return { line: differs ? `${played}: it differs from the result that was there, which stays` : played, differs };
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    const left: PartFailure = { worker, message };
    mkdirSync(dirname(failure), { recursive: true });
    replaceWhole(failure, (part) => writeFileSync(part, JSON.stringify(left)));
    const wanted = "given" in part ? wantedWork({ what: part.batch.what, count: part.count }) : wantedLives(part.range);
    const failed = wanted.failure({ part: number, worker, why: message });
    throw new WorkersFailure(failed.error, { cause });
  }
}

/** What comes of a part, packed, and what it is. */
async function resultOf(folder: string, part: IndexedPart, bench: Workbench, worker: string) {
  const began = performance.now();
  const secondsNow = (): number => (performance.now() - began) / 1000;
  if ("given" in part) {
    const name = part.batch.work;
    const [spec, given] = [readContent(folder, name) as WorkSpec, readContent(folder, part.given)];
    const values = await doWork(bench, { name, spec, given });
    return { result: packWork(values, { worker, seconds: secondsNow() }), what: `${values.length} ${part.batch.what}` };
  }
  const { batch, range } = part;
  const spec = readContent(folder, batch.spec) as Spec;
  const weights = readContent(folder, batch.weights) as Float32Array[];
  const played = await playPart(await bench.open(batch.spec, spec, weights), range);
  const result = packPart(played, { traces: false, worker, seconds: secondsNow() });
  return { result, what: `episodes ${range.first} to ${range.first + range.episodes - 1}` };
}
