/** Episodes without what a clock decides: what two plays of one episode must agree on. */

import type { Episode, Step } from "../../src/episode/index.ts";

export function timeless<E extends Pick<Episode, "steps">>(episode: E): E {
  return { ...episode, steps: episode.steps.map(timelessStep) };
}

export function timelessStep({ at: _at, report, ...step }: Step): Step {
  return { ...step, report: report === null ? null : { ...report, ms: 0 } };
}
