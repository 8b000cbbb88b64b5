/** What a driver says of its queue in one line. */

import { withoutPassword } from "./connect.ts";
import type { Session } from "./session.ts";

/** What was found of the workers. */
export interface Found {
  /** Lives a second of each worker that is up. */
  rates: readonly number[];
  /** What workers counted for this driver. */
  counts: { readonly [name: string]: string };
  /** Workers of another build. */
  others: number;
}

/** Workers that are up, and parts that are out, wait or came again. */
export function lineOf(
  { up, out, waiting, again, options }: Pick<Session, "up" | "out" | "waiting" | "again" | "options">,
  { rates, counts, others }: Found,
): string {
  const total = Math.round(rates.reduce((sum, rate) => sum + rate, 0));
  const oldest = Math.round((Date.now() - Math.min(...[...out.values()].map(({ at }) => at))) / 1000);
  const { differs = "0" } = counts;
  const url = withoutPassword(options.url);
  return [
    up === 0
      ? `no worker is up: start one by \`npx autoagent worker --redis ${url}\``
      : `${up} ${up === 1 ? "worker" : "workers"} up, ${total} lives/s (${rates.map(Math.round).join(", ")})`,
    ...(others > 0 ? [`${others} of another build`] : []),
    ...(out.size > 0 ? [`${out.size} parts out, oldest ${oldest} s`] : []),
    ...(waiting.length > 0 ? [`${waiting.length} waiting`] : []),
    ...(again > 0 ? [`${again} given twice`] : []),
    ...(differs === "0" ? [] : [`${differs} came twice with different results`]),
  ].join(", ");
}
