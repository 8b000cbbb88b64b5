/** The memory of a kernel with the processes below it, as Linux counts it. */

import type { ChildProcess } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** In MiB, pages that its processes share counted once; NaN where there is no /proc. */
export function memoryOf({ pid }: ChildProcess): number {
  try {
    const parents = new Map<number, number>();
    for (const entry of readdirSync("/proc")) {
      if (!/^\d+$/.test(entry)) continue;
      try {
        const stat = readFileSync(`/proc/${entry}/stat`, "utf8");
        parents.set(Number(entry), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
      } catch {} // it ended just now
    }
    const below = (one: number): number[] => [
      one,
      ...[...parents].filter(([, parent]) => parent === one).flatMap(([child]) => below(child)),
    ];
    const pages = below(pid ?? -1).map((one) => {
      const text = readFileSync(`/proc/${one}/smaps_rollup`, "utf8");
      const kib = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(text)?.[1] ?? 0);
      return {
        own: kib("Private_Clean") + kib("Private_Dirty"),
        shared: kib("Shared_Clean") + kib("Shared_Dirty"),
      };
    });
    // Two processes of one program share its code: it is in memory once.
    const shared = Math.max(...pages.map((one) => one.shared));
    return (pages.reduce((sum, { own }) => sum + own, 0) + shared) / 1024;
  } catch {
    return Number.NaN;
  }
}
