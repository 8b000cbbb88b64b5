/** What is measured: as fast as one process with as many children, how it grows with workers, and what the queue keeps. */

import { setTimeout as sleep } from "node:timers/promises";
import { type Bed, type Outcome, startCrew } from "./bed.ts";
import { type Costs, simulated } from "./simulate.ts";

type Measure = (bed: Bed) => Promise<Omit<Outcome, "fault">>;

/** Of the table of workers, whose parts are of 8. */
const lives = 480;

/** Interleaved turns: two children here, then two workers with a child each; of so many lives (`--lives`). */
const speed: Measure = async (bed) => {
  const crew = await startCrew(bed.redis.url, 2);
  const ratios: number[] = [];
  let equal = true;
  try {
    for (let turn = 0; turn < 5; turn++) {
      const here = await bed.here(bed.lives, 100 + turn);
      const there = await bed.there(bed.lives, { seed: 100 + turn, part: null });
      equal &&= here.text === there.text;
      ratios.push(here.seconds / there.seconds);
    }
  } finally {
    await crew.close();
  }
  const sorted = ratios.toSorted((a, b) => a - b);
  const all = ratios.map((ratio) => ratio.toFixed(2)).join(" ");
  return { equal, told: `${bed.lives} lives, workers by one process: ${all}, median ${sorted[2]!.toFixed(2)}` };
};

/** One, two and four workers of a child each, and by simulation what more would give, from what one worker's part cost. */
const scaling: Measure = async (bed) => {
  const rows: string[] = [];
  let equal = true;
  let costs: Costs | null = null;
  for (const count of [1, 2, 4]) {
    const crew = await startCrew(bed.redis.url, count);
    const before = process.cpuUsage();
    const there = await bed.there(lives);
    const { user, system } = process.cpuUsage(before);
    await crew.close();
    equal &&= there.text === (await bed.here(lives)).text;
    const part = (user + system) / 1000 / (lives / 8);
    costs ??= { part: there.seconds / (lives / 8), driver: part / 1000 };
    rows.push(
      `${count}: ${(lives / there.seconds).toFixed(0)} lives/s (driver ${part.toFixed(1)} ms of processor a part)`,
    );
  }
  const { part, driver } = costs!;
  const told = `a part ${(1000 * part).toFixed(0)} ms on a worker, ${(1000 * driver).toFixed(1)} ms on the driver`;
  return { equal, told: `${rows.join(", ")}. Simulated from ${told}, lives/s: ${simulated(costs!)}` };
};

/** Many parts of one short life: what Redis holds then, and at most. */
const memory: Measure = async (bed) => {
  const crew = await startCrew(bed.redis.url, 2);
  let peak = 0;
  const used = (): number => Number(/used_memory:(\d+)/.exec(bed.redis.cli("info", "memory"))?.[1]) / 1e6;
  const before = used();
  const timer = setInterval(() => {
    peak = Math.max(peak, used());
  }, 1000);
  try {
    const began = performance.now();
    await bed.there(bed.parts, { part: 1 });
    const rate = bed.parts / ((performance.now() - began) / 1000);
    await sleep(1500);
    const after = used() - before;
    const told = `${bed.parts} parts at ${rate.toFixed(0)} a second: ${after.toFixed(1)} MB more after, ${(peak - before).toFixed(1)} at most`;
    return { equal: after < 10, told };
  } finally {
    clearInterval(timer);
    await crew.close();
  }
};

export const measures: { readonly [name: string]: Measure } = { speed, scaling, memory };
