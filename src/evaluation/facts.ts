/**
 * What an evaluation keeps of a life, and where: one JSON line a batch of lives, appended when the batch is over, so that a
 * second call goes on where the first was stopped. A line that was torn by a crash is left out and played again.
 */

import { appendFileSync, existsSync, mkdirSync, readFileSync, truncateSync } from "node:fs";
import { dirname } from "node:path";
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

/** Opens a file of batches, or begins one. Throws an Error for a file that is something else. */
export function openFacts(path: string): FactsFile {
  const found = new Map<string, Batch>();
  mkdirSync(dirname(path), { recursive: true });
  if (!existsSync(path) || readFileSync(path).length === 0) appendFileSync(path, `${JSON.stringify(head)}\n`);
  const text = readFileSync(path, "utf8");
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  if (whole.length < text.length) truncateSync(path, Buffer.byteLength(whole));
  const [first, ...lines] = whole.split("\n").slice(0, -1);
  checkHead(path, first);
  for (const [i, line] of lines.entries()) {
    const batch = read(line);
    if (batch === null)
      throw new Error(`Line ${i + 2} of ${path} is damaged: delete that line, and its lives are played again`);
    found.set(batch.key, batch);
  }
  return {
    found,
    append(batch) {
      appendFileSync(path, `${JSON.stringify(batch)}\n`);
      found.set(batch.key, batch);
    },
  };
}

function checkHead(path: string, line: string | undefined): void {
  const { format, version } = (readJson(line ?? "") ?? {}) as { format?: unknown; version?: unknown };
  if (format !== head.format)
    throw new Error(`${path} holds something else than an evaluation: give \`file\` another path`);
  if (version !== head.version)
    throw new Error(
      `The evaluation ${path} has version ${String(version)}, this library reads version ${head.version}: give \`file\` another path`,
    );
}

function read(line: string): Batch | null {
  const batch = readJson(line) as Batch | null;
  const fits = typeof batch?.key === "string" && Array.isArray(batch.lives) && typeof batch.seconds === "number";
  return fits ? batch : null;
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
