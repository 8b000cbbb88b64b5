/** Reading episodes back out of the entries. */

import type { DatabaseSync } from "node:sqlite";
import type { Gene, StepReport } from "../sandbox/types.ts";
import { canonicalJson, sha256 } from "./canonical.ts";
import type { EntryRow } from "./schema.ts";
import type {
  Ending,
  EpisodeStart,
  EpisodeSummary,
  GeneEdit,
  ModelCall,
  RecordedEpisode,
  RecordedStep,
  StepParts,
} from "./types.ts";

type StartBody = Omit<EpisodeStart, "genome" | "born"> & { genome: string | null; born: string | null };
interface StepBody {
  program: string;
  setup?: string;
  budget?: string;
  calls: ModelCall[];
  parts: StepParts;
  report: Omit<StepReport, "genome" | "ms">;
  genome: string | null;
}

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
    const end = (last === null ? null : JSON.parse(last)) as Ending | null;
    return summaryOf(id, JSON.parse(body) as StartBody, { steps, end: endingOf(ended, end), ended: ended !== null });
  });
}

/** One episode with its steps. */
export function readEpisode(database: DatabaseSync, id: number, genomeOf: (hash: string) => Gene[]): RecordedEpisode {
  const rows = database
    .prepare("SELECT * FROM entries WHERE episode = ? ORDER BY seq")
    .all(id) as unknown as EntryRow[];
  const first = JSON.parse(rows[0]!.body) as StartBody;
  const list: RecordedStep[] = [];
  let before: Gene[] | null = first.born === null ? null : genomeOf(first.born);
  for (const row of rows) {
    if (row.kind === "parts") Object.assign(list[row.step!]!.parts, JSON.parse(row.body) as StepParts);
    if (row.kind !== "step") continue;
    const { program, setup, budget, calls, parts, report, genome } = JSON.parse(row.body) as StepBody;
    const { at, ms } = JSON.parse(row.timings) as { at: number; ms: number };
    const after = genome === null ? null : genomeOf(genome);
    const edit = before === null || after === null ? null : editBetween(before, after);
    list.push({
      step: row.step!,
      program,
      ...(setup !== undefined && { setup }),
      ...(budget !== undefined && { budget }),
      calls,
      parts,
      report: { ...report, genome: after ?? [], ms },
      edit,
      genome,
      at,
    });
    before = after;
  }
  const closing = rows.find(({ kind }) => kind === "end")?.body ?? null;
  const end = endingOf(closing, list.at(-1)?.report ?? null);
  const { genome, born, ...rest } = first;
  const start = {
    ...rest,
    ...(genome !== null && { genome: genomeOf(genome) }),
    ...(born !== null && { born: genomeOf(born) }),
  };
  const ended = closing !== null;
  return { ...summaryOf(id, first, { steps: list.length, end, ended }), start, list, digest: digestOf(first, list) };
}

/** What the body of an `end` entry says, else the last step. */
function endingOf(body: string | null, last: Ending | null): Ending | null {
  const { verdict, cause } = (body === null ? {} : JSON.parse(body)) as Partial<Ending>;
  return verdict === undefined ? last : { verdict, cause: cause ?? "" };
}

/** The names of the genes that differ. */
export function editBetween(before: readonly Gene[], after: readonly Gene[]): GeneEdit {
  const old = new Map(before.map((gene) => [gene.name, gene]));
  const now = new Set(after.map(({ name }) => name));
  const isChanged = (gene: Gene): boolean => {
    const was = old.get(gene.name);
    return was !== undefined && (was.source !== gene.source || was.kind !== gene.kind);
  };
  return {
    added: after.filter(({ name }) => !old.has(name)).map(({ name }) => name),
    changed: after.filter(isChanged).map(({ name }) => name),
    deleted: before.filter(({ name }) => !now.has(name)).map(({ name }) => name),
  };
}

function digestOf({ labels: _labels, forkOf: _forkOf, ...start }: StartBody, list: readonly RecordedStep[]): string {
  const steps = list.map(
    ({ program, setup, budget, calls, parts, report: { ms: _ms, genome: _genome, ...report }, genome }) => ({
      program,
      ...(setup !== undefined && { setup }),
      ...(budget !== undefined && { budget }),
      calls,
      parts,
      report,
      genome,
    }),
  );
  return sha256(canonicalJson({ start, steps }));
}

function summaryOf(
  id: number,
  { seed = 0, labels = {}, forkOf }: StartBody,
  { steps, end, ended }: { steps: number; end: Ending | null; ended: boolean },
): EpisodeSummary {
  const verdict = end?.verdict ?? "survived";
  const complete = ended || verdict !== "survived";
  return { id, seed, steps, verdict, cause: end?.cause ?? "", complete, labels, forkOf: forkOf ?? null };
}
