/**
 * Where an evaluation keeps what was played: one JSON line a batch of episodes, appended when the batch is over, so that a
 * second call goes on where the first was stopped. A line that was torn by a crash is left out and played again, and so are the
 * episodes of a batch in which the sandbox failed.
 */

import { readFileSync } from "node:fs";
import { describeFault, faultOf, integer, like, listOf, numberFrom, only, type Schema, text } from "../data/check.ts";
import { openLines } from "../data/lines.ts";
import { decode, type Episode, encode, type Plain } from "../episode/index.ts";

/** Episodes that were played together. */
export interface Batch {
  /** What was played: policy, run, split, weights, settings, seed. Equal keys give equal episodes. */
  key: string;
  seconds: number;
  episodes: Episode[];
}

/** Batches on disk, by key. */
export interface FactsFile {
  readonly found: ReadonlyMap<string, Batch>;
  append(batch: Batch): void;
}

/** Of a batch as a line holds it: numbers that JSON cannot say are written otherwise there. */
const batchSchema = only<Batch>(
  {
    key: text,
    seconds: numberFrom(0, Number.MAX_VALUE, "a number of at least 0"),
    episodes: listOf(
      like<Episode>((value) => Array.isArray((value as Partial<Episode> | null)?.steps), "an episode"),
      "a list of episodes",
    ) as Schema<Episode[]>,
  },
  "a batch of episodes",
);

const headSchema = only<typeof head>({ format: text, version: integer });

const head = { format: "autoagent-lab evaluation", version: 2 };

/** Opens a file of batches, or begins one. Throws an Error for a file that is something else, and leaves that as it is. */
export function openFacts(path: string): FactsFile {
  const lines = openLines(path);
  if (lines.values.length === 0 && readFileSync(path).length === 0) lines.append(head);
  const [first, ...rest] = lines.values;
  checkHead(path, first);
  const found = new Map<string, Batch>();
  for (const [i, value] of rest.entries()) {
    const fault = faultOf(batchSchema, value, "a batch");
    if (fault !== null)
      throw new Error(
        `Line ${i + 2} of ${path} is damaged: delete that line, and its episodes are played again (${describeFault(fault)})`,
      );
    const batch = decode(value as Plain) as unknown as Batch;
    if (batch.episodes.every((episode) => !episode.fault)) found.set(batch.key, batch);
  }
  return {
    found,
    append(batch) {
      lines.append(encode(batch, "batch"));
      found.set(batch.key, batch);
    },
  };
}

function checkHead(path: string, value: unknown): void {
  const { format, version } = (value ?? {}) as { format?: unknown; version?: unknown };
  if (format !== head.format)
    throw new Error(`${path} holds something else than an evaluation: give \`file\` another path`);
  if (version !== head.version)
    throw new Error(
      `The evaluation ${path} has version ${String(version)}, this library reads version ${head.version}: give \`file\` another path`,
    );
  const fault = faultOf(headSchema, value, "the head of an evaluation");
  if (fault !== null)
    throw new Error(`Line 1 of ${path} is damaged (${describeFault(fault)}): give \`file\` another path`);
}
