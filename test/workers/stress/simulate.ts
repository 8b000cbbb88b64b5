/**
 * What more workers than this machine has cores for would give, from costs that were measured: a part's time on a worker of one
 * child, and the driver's own work on it. Assumed, not measured: each worker has a core, times spread by a factor of e^0.3, one part in
 * a hundred takes five times as long, and the queue adds 3 ms. The driver takes parts one after the other.
 */

import { createRandom } from "../../../src/random/index.ts";

/** What was measured, in seconds a part. */
export interface Costs {
  part: number;
  driver: number;
}

const [spread, straggling, slower, queue] = [0.3, 0.01, 5, 0.003];

/** Parts a second, where a batch of so many parts is over before the next begins. */
export function partsPerSecond(
  { part, driver }: Costs,
  { workers, parts, batches }: { workers: number; parts: number; batches: number },
): number {
  const random = createRandom(1, "simulated workers");
  const free = new Array<number>(workers).fill(0);
  let now = 0;
  for (let batch = 0; batch < batches; batch++) {
    const ends = Array.from({ length: parts }, () => {
      const first = free.indexOf(Math.min(...free));
      const usual = part * Math.exp(spread * random.normal() - spread ** 2 / 2);
      const took = random.uniform() < straggling ? slower * usual : usual;
      free[first] = Math.max(free[first]!, now) + took + queue;
      return free[first];
    });
    let taken = now;
    for (const end of ends.sort((a, b) => a - b)) taken = Math.max(taken, end) + driver;
    now = taken;
  }
  return (parts * batches) / now;
}

/** Lives a second of parts of 8, for more and more workers: of a rollout of 10,000, of updates of 48 lives, and of updates of 32 lives a worker. */
export function simulated(costs: Costs): string {
  const kinds: [string, (workers: number) => { parts: number; batches: number }][] = [
    ["a rollout of 10,000", () => ({ parts: 1250, batches: 1 })],
    ["updates of 48", () => ({ parts: 6, batches: 50 })],
    ["updates of 32 a worker", (workers) => ({ parts: 4 * workers, batches: 20 })],
  ];
  return kinds
    .map(([kind, sizeOf]) => {
      const rates = [1, 4, 16, 64, 256].map(
        (workers) => `${workers}: ${(8 * partsPerSecond(costs, { workers, ...sizeOf(workers) })).toFixed(0)}`,
      );
      return `${kind} ${rates.join(", ")}`;
    })
    .join("; ");
}
