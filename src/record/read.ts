/** Reading episodes back out of the entries. */

import type { DatabaseSync } from "node:sqlite";
import {
  type Episode,
  type EpisodeStart,
  episodeVersion,
  figuresOf,
  genomeBefore,
  type Step,
} from "../episode/index.ts";
import type { GenomeMember, Verdict } from "../sandbox/types.ts";
import { type Parts, readBody, type StepBody, stepOfBody, verdictOf } from "./body.ts";
import { canonicalJson, sha256 } from "./canonical.ts";
import type { EntryRow } from "./schema.ts";
import { genomeOf, type RecordState } from "./state.ts";
import type { Closing, Ending, EpisodeSummary, GenomeChange } from "./types.ts";

type StartBody = Omit<EpisodeStart, "genome" | "born"> & {
  genome: string | null;
  born: string | null;
  index?: number;
  group?: number;
};

/** One line an episode. */
export function readSummaries(database: DatabaseSync): EpisodeSummary[] {
  const rows = database
    .prepare(
      `SELECT e.episode AS id, e.body AS body,
         (SELECT count(*) FROM entries s WHERE s.episode = e.episode AND s.kind = 'step') AS steps,
         (SELECT json_object('verdict', s.body ->> '$.report.verdict', 'cause', s.body ->> '$.report.cause')
            FROM entries s WHERE s.episode = e.episode AND s.kind = 'step' ORDER BY s.step DESC LIMIT 1) AS last,
         (SELECT s.body FROM entries s WHERE s.episode = e.episode AND s.kind = 'end') AS ended
       FROM entries e WHERE e.kind = 'episode' ORDER BY e.episode`,
    )
    .all() as { id: number; body: string; steps: number; last: string | null; ended: string | null }[];
  return rows.map(({ id, body, steps, last, ended }) => {
    const { verdict, cause } = endingOf(ended) ?? endingOf(last) ?? alive;
    const { seed = 0, labels = {}, forkOf = null } = readBody<StartBody>(body);
    return { id, seed, steps, verdict, cause, complete: ended !== null || verdict !== "survived", labels, forkOf };
  });
}

const alive: Ending = { verdict: "survived", cause: "" };

/** One episode with its steps. */
export function readEpisode(state: RecordState, id: number): Episode {
  const { rows, body, later } = entriesOf(state, id);
  const { genome, born, index = 0, group = 0, ...rest } = body;
  const start: EpisodeStart = {
    ...rest,
    ...(genome !== null && { genome: genomeOf(state, genome) }),
    ...(born !== null && { born: genomeOf(state, born) }),
  };
  const steps = rows.filter(({ kind }) => kind === "step").map((row) => readStep(state, row, later[row.step!]));
  const closing = rows.find(({ kind }) => kind === "end")?.body ?? null;
  const last = steps.at(-1)?.verdict ?? "survived";
  const verdict = endingOf(closing)?.verdict ?? last;
  const told = closing === null ? {} : (JSON.parse(closing) as Closing);
  const { terminated, truncated } = { ...endedBy(verdict, closing !== null), ...told };
  const figures = figuresOf({ steps, terminated });
  // An agent that spent its budget ended after a step that it survived.
  const survivedAll = told.terminated === undefined && last === "survived";
  return {
    ...{ version: episodeVersion, id, seed: start.seed ?? 0, index, group, start, steps, terminated, truncated },
    ...{ ...figures, verdict, survival: survivedAll ? steps.length : figures.survival },
  };
}

/** How an episode ended whose last word is a verdict, where its record says no more. `isClosed`: it was played to its end. */
export function endedBy(verdict: Verdict, isClosed: boolean): Pick<Episode, "terminated" | "truncated"> {
  const terminated = verdict !== "survived" && verdict !== "infrastructure_error";
  return { terminated, truncated: verdict === "infrastructure_error" || (isClosed && !terminated) };
}

/** What is equal for equal lives. */
export function readDigest(state: RecordState, id: number): string {
  const { rows, body, later } = entriesOf(state, id);
  const { labels: _labels, forkOf: _forkOf, index: _index, group: _group, body: _body, verdicts: _, ...start } = body;
  const steps = rows
    .filter(({ kind }) => kind === "step")
    .map((row) => {
      const { told: _told, parts, ...step } = JSON.parse(row.body) as StepBody;
      return { ...step, parts: { ...parts, ...later[row.step!] } };
    });
  return sha256(canonicalJson({ start, steps }));
}

/** An episode's rows, how it began, and by their steps the parts that were appended later. */
function entriesOf({ database }: RecordState, id: number): { rows: EntryRow[]; body: StartBody; later: Parts[] } {
  const rows = database
    .prepare("SELECT * FROM entries WHERE episode = ? ORDER BY seq")
    .all(id) as unknown as EntryRow[];
  const later: Parts[] = [];
  for (const { kind, step, body } of rows)
    if (kind === "parts") later[step!] = { ...later[step!], ...(JSON.parse(body) as Parts) };
  return { rows, body: readBody<StartBody>(rows[0]!.body), later };
}

function readStep(state: RecordState, row: EntryRow, later: Parts | undefined): Step {
  const body = readBody<StepBody>(row.body);
  const { at, ms } = JSON.parse(row.timings) as { at: number; ms: number };
  const genome = body.genome === null ? [] : genomeOf(state, body.genome);
  return stepOfBody(body, { ...body.parts, ...later }, { genome, ms, at });
}

/** What the body of an `end` entry, or a step's, says of how it ended. */
function endingOf(body: string | null): Ending | null {
  const { verdict, cause } = (body === null ? {} : JSON.parse(body)) as Partial<Ending>;
  return verdict === undefined ? null : { verdict: verdictOf(verdict), cause: cause ?? "" };
}

/** The names of the members that differ. */
export function editBetween(before: readonly GenomeMember[], after: readonly GenomeMember[]): GenomeChange {
  const old = new Map(before.map((member) => [member.name, member]));
  const now = new Set(after.map(({ name }) => name));
  const isChanged = (member: GenomeMember): boolean => {
    const was = old.get(member.name);
    return was !== undefined && (was.source !== member.source || was.kind !== member.kind);
  };
  return {
    added: after.filter(({ name }) => !old.has(name)).map(({ name }) => name),
    changed: after.filter(isChanged).map(({ name }) => name),
    deleted: before.filter(({ name }) => !now.has(name)).map(({ name }) => name),
  };
}

/** What a step of an episode changed, against the genome before; null where that is not known or the step left none. */
export function editOf(episode: Pick<Episode, "steps" | "start">, step: number): GenomeChange | null {
  const before = genomeBefore(episode, step);
  const after = episode.steps[step]?.report?.genome ?? [];
  const isKnown = before !== undefined && (step === 0 || before.length > 0);
  return isKnown && after.length > 0 ? editBetween(before, after) : null;
}
