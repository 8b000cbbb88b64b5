/** Writes episodes down: one while it is played, each step in the file before the next begins; or one that is over, whole. */

import type { Episode, EpisodeListener, EpisodeStart } from "../episode/index.ts";
import type { EpisodeRecord } from "./store.ts";

/** What is kept with an episode besides what is known of it. */
export type Marks = Pick<EpisodeStart, "labels" | "forkOf">;

/** What `runEpisode` tells of one episode, appended to a record. A TypeError where the environment has no sandbox. */
export function recordTo(record: EpisodeRecord, marks: Marks = {}): Required<EpisodeListener> {
  let id = 0;
  return {
    onStart(start, { index, group = 1 }) {
      if (start.rules === undefined) throw notRecordable();
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
  if (start.rules === undefined) throw notRecordable();
  return record.together(() => {
    const id = record.begin({ ...start, ...marks, index, group });
    for (const step of episode.steps) record.append(id, step);
    endOf(record, id, episode);
    return id;
  });
}

/** Nothing is said of an episode whose last step has said how it ended. */
function endOf(record: EpisodeRecord, id: number, { steps }: Episode): void {
  const { report, verdict, cause } = steps.at(-1) ?? {};
  if (report?.alive === false) return;
  record.end(id, verdict === undefined || verdict === "survived" ? undefined : { verdict, cause: cause! });
}

function notRecordable(): Error {
  return new TypeError("This environment has no sandbox whose episodes could be recorded: leave `record` out");
}
