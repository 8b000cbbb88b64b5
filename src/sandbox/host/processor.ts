/** The processor time of a child: of its process and those below, since its locks may be processes of their own. Linux has it. */

import { readFileSync } from "node:fs";

/** The kernel counts in hundredths of a second, whatever its own clock is. */
const msPerTick = 10;

/** Who had this part of the time on a processor was not kept from it. */
const enough = 0.5;

/** Milliseconds so far of a process and of all below it; null where this system does not tell, or it is gone. */
export function processorMs(pid: number): number | null {
  try {
    const [, rest = ""] = readFileSync(`/proc/${pid}/stat`, "utf8").split(/\) (?=[^)]*$)/);
    const fields = rest.split(" ");
    const below = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean);
    const own = (Number(fields[11]) + Number(fields[12])) * msPerTick;
    return below.reduce((sum, child) => sum + (processorMs(Number(child)) ?? 0), own);
  } catch {
    return null;
  }
}

/**
 * Whether a process was kept from the processor while so many milliseconds passed, by what it had of one before and has now;
 * false where that is not known.
 */
export function wasKept({ had, has, passed }: { had: number | null; has: number | null; passed: number }): boolean {
  return had !== null && has !== null && has - had < passed * enough;
}
