/** What follows from an episode's steps, in one place. */

import type { GenomeMember } from "../sandbox/types.ts";
import type { Episode, Step } from "./types.ts";

/** Steps survived, undiscounted return, how it ended, and whether the sandbox failed. */
export function figuresOf({
  steps,
  terminated,
}: Pick<Episode, "steps" | "terminated">): Pick<Episode, "survival" | "return" | "verdict" | "fault"> {
  const verdict = steps.at(-1)?.verdict ?? "survived";
  return {
    survival: terminated ? steps.length - 1 : steps.length,
    return: steps.reduce((sum, { reward }) => sum + reward, 0),
    verdict,
    fault: verdict === "infrastructure_error",
  };
}

/** The genome that a step's program found: that which the step before left, else that which the episode began with. */
export function genomeBefore(
  { steps, start }: { steps: readonly Pick<Step, "report">[]; start: Episode["start"] },
  step: number,
): readonly GenomeMember[] | undefined {
  return steps[step - 1]?.report?.genome ?? start.genome ?? start.born;
}
