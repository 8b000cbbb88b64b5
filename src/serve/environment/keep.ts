/** Episodes of clients, written down as they are played: each step is in the record before the client hears of it. */

import type { Transition } from "../../environment/index.ts";
import { byHand, type EpisodeStart, episodeVersion, figuresOf, type Step } from "../../episode/index.ts";
import { stepOf } from "../../episode/run.ts";
import { type EpisodeRecord, recordTo } from "../../record/index.ts";

/** Where episodes are kept. */
export interface Keeping {
  readonly record: EpisodeRecord;
  /** How many episodes this server has begun. */
  begun: number;
}

/** An episode that is being written down. */
export interface KeptEpisode {
  /** Appends a step, and the episode's end where that ends it. */
  step(program: string, transition: Transition<unknown>): void;
}

/**
 * Begins an episode in the record, under the client's name for it. One that its client leaves has no end there, as one whose
 * program was stopped: its steps are as good as any. Throws a TypeError where the environment has no sandbox.
 */
export function keepEpisode(keeping: Keeping, start: EpisodeStart, episodeId: string): KeptEpisode {
  const index = keeping.begun++;
  const listener = recordTo(keeping.record, { labels: { episode: episodeId } });
  const id = listener.onStart(start, { index });
  const steps: Step[] = [];
  return {
    step(program, transition) {
      const step = stepOf({ ...byHand, program }, transition, steps.at(-1) ?? start);
      steps.push(step);
      listener.onStep(step);
      const { terminated, truncated } = transition;
      if (!(terminated || truncated)) return;
      const { seed = 0 } = start;
      const known = { id, seed, index, group: index, start, steps, terminated, truncated };
      listener.onEnd({ version: episodeVersion, ...known, ...figuresOf({ steps, terminated }) }, []);
    },
  };
}
