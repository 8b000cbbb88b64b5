/** Appending an episode to a record: its start, its steps, its end, each an entry of its own. */

import { type EpisodeStart, encode } from "../episode/index.ts";
import { bodyOf } from "./body.ts";
import { RecordFailure } from "./error.ts";
import type { EntryRow } from "./schema.ts";
import { addGenome, appendEntry, checkEpisode, lastId, type RecordState, together } from "./state.ts";
import type { Closing, NewStep } from "./types.ts";

/** Begins an episode and returns its id. */
export function begin(
  state: RecordState,
  { genome, born, ...start }: EpisodeStart & { index?: number; group?: number },
): number {
  return together(state, () => {
    const id = lastId(state) + 1;
    const given = genome === undefined ? null : addGenome(state, genome);
    const first = genome ?? born;
    const body = { ...start, genome: given, born: first === undefined ? null : addGenome(state, first) };
    appendEntry(state, {
      ...{ kind: "episode", episode: id, step: null, body: encode(body, "episode"), timings: { at: Date.now() } },
    });
    return id;
  });
}

/** Appends the next step of an episode that has not ended. */
export function append(state: RecordState, id: number, step: NewStep): void {
  together(state, () => {
    const next = nextStep(state, id);
    const { report } = step;
    if (report !== null && report.step !== next) {
      const detail = `its next step is ${next}, not ${report.step}`;
      throw new RecordFailure({ kind: "order", episode: id, detail });
    }
    const body = bodyOf(step, report === null || report.genome.length === 0 ? null : addGenome(state, report.genome));
    appendEntry(state, { kind: "step", episode: id, step: next, body, timings: { at: Date.now(), ms: report!.ms } });
  });
}

/** Closes an episode: no step follows. */
export function end(state: RecordState, id: number, ended?: Closing): void {
  together(state, () => {
    checkEpisode(state, id);
    const { kind } = state.prepared.lastStep.get(id) as Pick<EntryRow, "kind">;
    if (kind === "end") throw new RecordFailure({ kind: "order", episode: id, detail: "it has ended" });
    appendEntry(state, { kind: "end", episode: id, step: null, body: { ...ended }, timings: { at: Date.now() } });
  });
}

function nextStep(state: RecordState, id: number): number {
  checkEpisode(state, id);
  const { kind, step, alive } = state.prepared.lastStep.get(id) as Pick<EntryRow, "kind" | "step"> & { alive: number };
  if (kind === "episode") return 0;
  if (kind === "end") throw new RecordFailure({ kind: "order", episode: id, detail: "it has ended" });
  if (alive !== 1) throw new RecordFailure({ kind: "order", episode: id, detail: `it died in step ${step}` });
  return step! + 1;
}
