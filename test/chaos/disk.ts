/**
 * Disks that fill up under a recording program or a training run: what was acknowledged is kept, one sentence says why it
 * ended, and it goes on when there is room.
 */

import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { goesOn, startWriter } from "../record/stress-parts.ts";
import { startRecorded } from "../training/recorded-run.ts";
import type { Kind, Tally } from "./chaos.ts";
import { checkRecord, replayRecord } from "./record.ts";
import { checkUpdates, finishAndCompare, runStraight, updates } from "./trainer.ts";

/** A folder in which little can be written. */
export interface SmallDisk {
  /** What a program is started by while it is small. */
  under: readonly string[];
  /** What must be said of it; anything where the system has its own words. */
  says: RegExp;
  enlarge(): void;
  close(): void;
}

/** A file system of so many KiB in the memory; where none can be mounted, a limit on how long any file may grow. */
export function makeSmall(folder: string, kib: number): SmallDisk {
  mkdirSync(folder);
  const run = (command: string, ...args: string[]): boolean => spawnSync(command, args).status === 0;
  if (run("mount", "-t", "tmpfs", "-o", `size=${kib}k`, "tmpfs", folder))
    return {
      under: [],
      says: /No space left on the disk of /,
      enlarge: () => void run("mount", "-o", "remount,size=64m", folder),
      close: () => void run("umount", "-l", folder),
    };
  return {
    under: ["bash", "-c", `ulimit -f ${Math.ceil(kib / 4)}; exec "$@"`, "bash"],
    says: /No space left on the disk of |could not be opened or written/,
    enlarge() {},
    close() {},
  };
}

/** A disk, under a recording program and a training run in turn. */
export const disk: Kind = {
  name: "full disk",
  share: 20,
  async open({ folder, random, tally }) {
    const straight = await runStraight(join(folder, "straight"));
    let strikes = 0;
    return {
      async strike() {
        const at = join(folder, `disk-${strikes}`);
        const isRecord = strikes++ % 2 === 0;
        const small = makeSmall(at, isRecord ? 64 + random.integer(400) : 40 + random.integer(600));
        try {
          if (isRecord) await fillByRecord(join(at, "lives.db"), strikes, small, tally);
          else {
            const { lines, said } = await startRecorded(at, updates, small.under).ended;
            if (!lines.at(-1)!.startsWith("[")) checkSaid(said, small, tally);
            await checkUpdates(at, lines, tally);
            small.enlarge();
            await finishAndCompare(at, straight, tally);
          }
        } finally {
          small.close();
        }
      },
      async close() {},
    };
  },
};

async function fillByRecord(path: string, seed: number, small: SmallDisk, tally: Tally): Promise<void> {
  const writer = startWriter(path, 1000 * seed, small.under);
  const timer = setTimeout(() => void writer.kill(), 60_000);
  checkSaid(await writer.ended, small, tally);
  clearTimeout(timer);
  small.enlarge();
  checkRecord(path, writer, tally);
  const again = startWriter(path, 1000 * seed + 500);
  await again.begun;
  if (!(await goesOn(again))) tally.wrong.push(`with room again it did not go on: ${await again.kill()}`);
  await again.kill();
  checkRecord(path, { promised: [...writer.promised, ...again.promised] }, tally, writer.promised.length);
  await replayRecord(path, tally);
}

function checkSaid(said: string, { says }: SmallDisk, tally: Tally): void {
  if (!says.test(said))
    tally.wrong.push(`a full disk was not told of: ${said.trim().slice(-500) || "nothing was said"}`);
}
