/** The end of a user process whose kernel is gone, by whichever thread hears of it first. */

import { markName, programsNow } from "../programs.ts";

/** Read before cells run, which may change their environment. */
const ownMark = process.env[markName] ?? "";

/** Ends this process and what its cells started. */
export function endOwnGroup(): void {
  for (const { pid } of programsNow({ pid: process.pid, mark: ownMark })) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {} // it ended meanwhile
  }
  try {
    process.kill(-process.pid, "SIGKILL");
  } catch {} // it leads no group: on Windows there is none
  process.kill(process.pid, "SIGKILL");
}
