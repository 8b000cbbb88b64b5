/** What the grammar draws. */

import type { MicroTask } from "../../src/tasks/index.ts";

/** A task before it has a number and a part. */
export interface Draft extends Pick<MicroTask, "ask" | "setup" | "check"> {
  operation: string;
  /** What is held out together: no two parts share one. */
  combination: string;
}
