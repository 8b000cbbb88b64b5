/** Recording programs, and the children of their sandboxes. Promised steps must be in the record, and replay alike. */

import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Random } from "../../src/random/index.ts";
import { openRecord } from "../../src/record/index.ts";
import { createSandbox } from "../../src/sandbox/index.ts";
import { isRunning, outliving, processesBelow } from "../processes.ts";
import { brokenPromises, goesOn, replayAll, startWriter, type Writer } from "../record/stress-parts.ts";
import type { Kind, Tally } from "./chaos.ts";

/** Looks for what a writer was promised, from step `from` of its promises on. */
export function checkRecord(path: string, { promised }: Pick<Writer, "promised">, tally: Tally, from = 0): void {
  try {
    using record = openRecord(path, { create: true });
    tally.lost.push(...brokenPromises(record, promised));
  } catch (error) {
    tally.lost.push((error as Error).message); // a record that does not open is lost as a whole
  }
  tally.acknowledged += promised.length - from;
}

/** Lives every episode again. */
export async function replayRecord(path: string, tally: Tally): Promise<void> {
  await using sandbox = await createSandbox({ workers: 2 });
  using record = openRecord(path, { readOnly: true });
  const { differences } = await replayAll(record, sandbox);
  tally.wrong.push(...differences);
}

/** Kills a process and looks whether any below it outlives it. */
export async function killFamily(pid: number, tally: Tally): Promise<void> {
  const family = processesBelow(pid);
  if (isRunning(pid)) process.kill(pid, "SIGKILL");
  const left = await outliving(family);
  if (left.length > 0) tally.wrong.push(`${left.length} processes outlived ${pid}`);
}

/** Kills a drawn one of those that still run. */
export function killOne(pids: readonly number[], random: Random): void {
  for (const left = [...pids]; left.length > 0; ) {
    const [pid] = left.splice(random.integer(left.length), 1);
    try {
      process.kill(pid!, "SIGKILL");
      return;
    } catch {
      // It ended meanwhile.
    }
  }
}

/** The program itself, from its very start on. */
export const driver: Kind = {
  name: "driver",
  share: 40,
  async open({ folder, random, tally }) {
    const path = join(folder, "driver.db");
    let seed = 0;
    return {
      async strike() {
        const writer = startWriter(path, 1000 * seed++);
        if (random.integer(4) > 0) await writer.begun;
        await sleep(random.integer(400));
        await killFamily(writer.pid, tally);
        await writer.ended;
        checkRecord(path, writer, tally);
      },
      close: () => replayRecord(path, tally),
    };
  },
};

/** Any process below a recording program, which goes on; it is ended itself after every tenth. */
export const child: Kind = {
  name: "child",
  share: 45,
  async open({ folder, random, tally }) {
    const path = join(folder, "child.db");
    let writer: Writer | null = null;
    let strikes = 0;
    let checked = 0;
    const end = async (): Promise<void> => {
      if (writer === null) return;
      await killFamily(writer.pid, tally);
      await writer.ended;
      checkRecord(path, writer, tally, checked);
      [writer, checked] = [null, 0];
    };
    return {
      async strike() {
        if (strikes++ % 10 === 0) await end();
        if (writer === null) {
          writer = startWriter(path, 100_000 * strikes);
          await writer.begun;
        }
        await sleep(random.integer(200));
        killOne(processesBelow(writer.pid), random);
        const { promised } = writer;
        const isGoing = await Promise.race([goesOn(writer, 20_000), writer.ended.then(() => false)]);
        checkRecord(path, writer, tally, checked);
        checked = promised.length;
        if (isGoing) return;
        tally.wrong.push(`the recording program did not go on: ${await writer.kill()}`);
        [writer, checked] = [null, 0];
      },
      async close() {
        await end();
        await replayRecord(path, tally);
      },
    };
  },
};
