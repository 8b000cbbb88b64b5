/** Writes episodes down: one while it is played, each step in the file before the next begins; or one that is over, whole. */

import type { Episode, EpisodeListener, EpisodeStart } from "../episode/index.ts";
import { endedBy } from "./read.ts";
import type { EpisodeRecord } from "./store.ts";

/** What is kept with an episode besides what is known of it. */
export type Marks = Pick<EpisodeStart, "labels" | "forkOf">;

/** Throws a TypeError for an episode of an environment without a sandbox. */
export function checkRecordable({ rules }: EpisodeStart): void {
  if (rules === undefined)
    throw new TypeError("This environment has no sandbox whose episodes could be recorded: leave `record` out");
}

/** What `runEpisode` tells of one episode, appended to a record. A TypeError where the environment has no sandbox. */
export function recordTo(record: EpisodeRecord, marks: Marks = {}): Required<EpisodeListener> {
  let id = 0;
  return {
    onStart(start, { index, group = 1 }) {
      checkRecordable(start);
      id = record.begin({ ...start, ...marks, index, group: Math.floor(index / group) });
      return id;
    },
    onStep: (step) => record.append(id, step),
    onEnd: (episode) => endOf(record, id, episode),
  };
}

/** Appends an episode that is over, and gives its id. To be called within `record.together` where many belong together. */
export function writeEpisode(record: EpisodeRecord, episode: Episode, marks: Marks = {}): number {
  const { start, index, group } = episode;
  checkRecordable(start);
  return record.together(() => {
    const id = record.begin({ ...start, ...marks, index, group });
    for (const step of episode.steps) record.append(id, step);
    endOf(record, id, episode);
    return id;
  });
}

/** Nothing is said of an episode whose last step has said how it ended. */
function endOf(record: EpisodeRecord, id: number, { steps, terminated, truncated }: Episode): void {
  const { report, verdict = "survived", cause = "" } = steps.at(-1) ?? {};
  const isDead = report?.alive === false;
  const usual = endedBy(verdict, true);
  // An environment of one's own may end an episode that the agent survived, and go on to the limit after what others call its end.
  const isUsual = usual.terminated === terminated && usual.truncated === truncated;
  if (isDead && isUsual) return;
  const ended = verdict === "survived" || isDead ? {} : { verdict, cause };
  record.end(id, { ...ended, ...(!isUsual && { terminated, truncated }) });
}
