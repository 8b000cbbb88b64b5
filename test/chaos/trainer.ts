/**
 * Training that records, logs and saves. An update that was told is in the checkpoint, and a run that was killed again and
 * again ends as one that never was.
 */

import assert from "node:assert/strict";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openRecord } from "../../src/record/index.ts";
import { readCheckpoint } from "../../src/training/index.ts";
import { linesOf, livesOf, runRecorded, startRecorded, timeless } from "../training/recorded-run.ts";
import type { Kind, Tally, Tools } from "./chaos.ts";
import { killFamily } from "./record.ts";

/** Updates of a run. */
export const updates = 24;

/** A run that nobody disturbed. */
export interface Straight {
  folder: string;
  /** Its weights, as it printed them. */
  weights: string;
  ms: number;
}

/** Lets one run to its end. */
export async function runStraight(folder: string): Promise<Straight> {
  mkdirSync(folder);
  const began = performance.now();
  const lines = await runRecorded(folder, updates);
  return { folder, weights: lines.at(-1)!, ms: performance.now() - began };
}

/** The updates that a run told of are in its checkpoint. */
export async function checkUpdates(folder: string, lines: readonly string[], tally: Tally): Promise<void> {
  const told = lines.filter((line) => /^\d+$/.test(line));
  tally.acknowledged += told.length;
  if (told.length === 0) return;
  const { update } = await readCheckpoint(join(folder, "run.safetensors"));
  for (const line of told)
    if (Number(line) >= update) tally.lost.push(`update ${line} was told, and the checkpoint is before ${update}`);
}

/** Has a run go on to its end, and compares all that it leaves with a straight one. */
export async function finishAndCompare(folder: string, straight: Straight, tally: Tally): Promise<void> {
  const lines = await runRecorded(folder, updates);
  const differs = (what: string, found: unknown, expected: unknown): void => {
    try {
      assert.deepEqual(found, expected);
    } catch {
      tally.wrong.push(`${what} of the run that was killed differ from a straight run's`);
    }
  };
  differs("the weights", lines.at(-1), straight.weights);
  differs("the figures", linesOf(folder).map(timeless), linesOf(straight.folder).map(timeless));
  using found = openRecord(join(folder, "run.record"), { readOnly: true });
  using expected = openRecord(join(straight.folder, "run.record"), { readOnly: true });
  differs("the lives", livesOf(found), livesOf(expected));
  const { broken } = found.verify();
  if (broken !== null) tally.lost.push(`entry ${broken.entry}: ${broken.reason}`);
}

/** A training program. */
export const trainer: Kind = {
  name: "trainer",
  share: 20,
  async open({ folder, random, tally }: Tools) {
    const straight = await runStraight(join(folder, "straight"));
    let runs = 0;
    let own = "";
    const begin = (): void => {
      own = join(folder, `killed-${runs++}`);
      mkdirSync(own);
    };
    begin();
    return {
      async strike() {
        const run = startRecorded(own, updates);
        await run.begun;
        await sleep(random.integer(Math.ceil(straight.ms / 6)));
        if (run.process.exitCode === null) await killFamily(run.process.pid!, tally);
        const { lines } = await run.ended;
        await checkUpdates(own, lines, tally);
        if (!lines.at(-1)!.startsWith("[")) return;
        await finishAndCompare(own, straight, tally); // it had come to its end before it was killed
        begin();
      },
      async close() {
        if (existsSync(join(own, "run.safetensors"))) await finishAndCompare(own, straight, tally);
      },
    };
  },
};
