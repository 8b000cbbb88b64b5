/**
 * What an evaluation keeps of a life, and where: one JSON line a batch of lives, appended when the batch is over, so that a
 * second call goes on where the first was stopped. A line that was torn by a crash is left out and played again.
 */

import { readFileSync } from "node:fs";
import { openLines } from "../data/lines.ts";
import type { Episode } from "../rollout/index.ts";
import type { Verdict } from "../sandbox/index.ts";

/** One step of a life. */
export interface StepFacts {
  /** The task's id; null where there are none. */
  task: string | null;
  program: string;
  verdict: Verdict;
  solved: boolean | null;
  changed: boolean | null;
  /** Attempted effects: kind, and severity from 1 to 3. */
  effects: { kind: string; severity: number }[];
  tokens: number;
  /** Nats, summed over its tokens. */
  logProb: number;
}

/** One life. */
export interface LifeFacts {
  survival: number;
  return: number;
  verdict: Verdict;
  fault: boolean;
  steps: StepFacts[];
}

/** Lives that were played together. */
export interface Batch {
  /** What was played: policy, run, split, weights, settings, seed. Equal keys give equal lives. */
  key: string;
  seconds: number;
  lives: LifeFacts[];
}

/** What is kept of an episode. */
export function factsOf({ survival, return: total, verdict, fault, steps }: Episode): LifeFacts {
  return {
    survival,
    return: total,
    verdict,
    fault,
    steps: steps.map((step) => ({
      task: step.task ?? null,
      program: step.action.program,
      verdict: step.verdict,
      solved: step.solved ?? null,
      changed: step.changed ?? null,
      effects: step.effects.map(({ kind, severity }) => ({ kind, severity })),
      tokens: step.action.tokens ?? 1,
      logProb: step.action.logProb,
    })),
  };
}

/** Batches on disk, by key. */
export interface FactsFile {
  readonly found: ReadonlyMap<string, Batch>;
  append(batch: Batch): void;
}

const head = { format: "autoagent-lab evaluation", version: 1 };

/** Opens a file of batches, or begins one. Throws an Error for a file that is something else, and leaves that as it is. */
export function openFacts(path: string): FactsFile {
  const lines = openLines(path);
  if (lines.values.length === 0 && readFileSync(path).length === 0) lines.append(head);
  const [first, ...rest] = lines.values;
  checkHead(path, first);
  const found = new Map<string, Batch>();
  for (const [i, value] of rest.entries()) {
    if (!isBatch(value))
      throw new Error(`Line ${i + 2} of ${path} is damaged: delete that line, and its lives are played again`);
    found.set(value.key, value);
  }
  return {
    found,
    append(batch) {
      lines.append(batch);
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
}

function isBatch(value: unknown): value is Batch {
  const batch = value as Batch | null;
  return typeof batch?.key === "string" && Array.isArray(batch.lives) && typeof batch.seconds === "number";
}
