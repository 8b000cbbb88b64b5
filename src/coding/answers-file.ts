/**
 * Where an evaluation keeps what it paid for: answers in one file, their scores in a second, and the seconds that answers took in a
 * third, which alone holds what another run on another machine has not. So two runs of the same questions are equal byte for
 * byte, wherever one of them was stopped, and scoring anew asks nobody. One JSON line each, after a first that says what the file is.
 */

import { readFileSync } from "node:fs";
import { type LinesFile, openLines } from "../data/lines.ts";
import type { CodeScore } from "./types.ts";

/** An answer as it is kept. */
export interface KeptAnswer {
  key: string;
  contestant: string;
  run: number;
  problem: string;
  exercise: string;
  sample: number;
  /** Who answered: the contestant's model, or the writer. */
  model: string;
  text: string;
  finish: "stop" | "length" | null;
  promptTokens: number;
  tokens: number;
  /** Of them, those whose odds a trained head changes itself; null where there is none. */
  steered: number | null;
}

/** A score as it is kept. */
export interface KeptScore {
  answer: string;
  /** The problem's content: another set of tests is another problem. */
  problem: string;
  /** Of what finds programs in answers and of what runs them. */
  scorer: string;
  score: CodeScore;
}

/** The seconds that a part's answers took, all its questions asked at once. */
export interface KeptSeconds {
  part: string;
  contestant: string;
  run: number;
  answers: number;
  seconds: number;
}

/** What is kept of an evaluation; in memory alone where no file was given. */
export interface AnswersFile {
  readonly answers: ReadonlyMap<string, KeptAnswer>;
  readonly scores: ReadonlyMap<string, CodeScore>;
  readonly seconds: readonly KeptSeconds[];
  addAnswer(answer: KeptAnswer): void;
  addScore(score: KeptScore): void;
  addSeconds(seconds: KeptSeconds): void;
}

/** What a score is found by. */
export function scoreKey({ answer, problem, scorer }: Omit<KeptScore, "score">): string {
  return `${answer} ${problem} ${scorer}`;
}

const version = 1;

/** Opens the three files, or begins them. Throws an Error for one that is something else, and leaves that as it is. */
export function openAnswers(path?: string): AnswersFile {
  const [answersFile, scoresFile, secondsFile] =
    path === undefined ? [] : ["answers", "scores", "seconds"].map((kind) => open(path, kind));
  const answers = new Map<string, KeptAnswer>();
  const scores = new Map<string, CodeScore>();
  const seconds: KeptSeconds[] = [];
  for (const value of linesOf(answersFile, ["key", "text"]))
    answers.set((value as KeptAnswer).key, value as KeptAnswer);
  for (const value of linesOf(scoresFile, ["answer", "score"]))
    scores.set(scoreKey(value as KeptScore), (value as KeptScore).score);
  for (const value of linesOf(secondsFile, ["part", "seconds"])) seconds.push(value as KeptSeconds);
  return {
    ...{ answers, scores, seconds },
    addAnswer(answer) {
      answersFile?.lines.append(answer);
      answers.set(answer.key, answer);
    },
    addScore(score) {
      scoresFile?.lines.append(score);
      scores.set(scoreKey(score), score.score);
    },
    addSeconds(one) {
      secondsFile?.lines.append(one);
      seconds.push(one);
    },
  };
}

interface Kept {
  path: string;
  lines: LinesFile;
}

/** `runs/code.jsonl`, `runs/code.scores.jsonl`, `runs/code.seconds.jsonl`. */
function open(path: string, kind: string): Kept {
  const own = kind === "answers" ? path : path.replace(/(\.jsonl?)?$/, (end) => `.${kind}${end || ".jsonl"}`);
  const lines = openLines(own);
  const format = `autoagent-lab code ${kind}`;
  if (lines.values.length === 0 && readFileSync(own).length === 0) lines.append({ format, version });
  const head = (lines.values[0] ?? {}) as { format?: unknown; version?: unknown };
  if (head.format !== format)
    throw new Error(`${own} holds something else than the ${kind} of code tasks: give \`file\` another path`);
  if (head.version !== version)
    throw new Error(
      `The ${kind} of code tasks in ${own} have version ${String(head.version)}, this library reads version ${version}: give \`file\` another path`,
    );
  return { path: own, lines };
}

function linesOf(kept: Kept | undefined, fields: readonly string[]): readonly unknown[] {
  const [, ...rest] = kept?.lines.values ?? [];
  for (const [i, value] of rest.entries())
    if (!fields.every((field) => (value as { [field: string]: unknown } | null)?.[field] !== undefined))
      throw new Error(`Line ${i + 2} of ${kept!.path} is damaged: delete that line, and it is made anew`);
  return rest;
}
