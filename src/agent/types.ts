/** The words of an agent: how it is made, what it lived, where it was, and what it says when it is used as it cannot be. */

import type { Budget, BudgetOptions, Completion, LanguageModel } from "../llm/index.ts";
import type { Gene, LifePast, Limits, Sandbox, StepReport } from "../sandbox/index.ts";

/** How an agent is made. */
export interface AgentOptions {
  /** What writes the programs. */
  llm: LanguageModel;
  /** Most that its model may cost, its own calls from inside a step included; a spent one ends the life. @default no limit */
  budget?: BudgetOptions | Budget;
  /** The first query. Without it `run` asks for one. */
  query?: string;
  /** How a person is asked. @default the notebook's `input` */
  input?: (question: string) => Promise<string>;
  /** Begin with this genome: methods from their text, without what they closed over. */
  genome?: readonly Gene[];
  /** Begin where another life was, closures and all: `snapshot().past`. Takes the place of `genome` and `seed`. */
  past?: LifePast | undefined;
  /** Names the draws of the life and of the model. @default 0 */
  seed?: number;
  limits?: Partial<Limits>;
  /** @default the process's shared sandbox */
  sandbox?: Sandbox;
}

/** Where an agent was: plain data. */
export interface Place {
  genome: readonly Gene[];
  /** What it is asked next. */
  query: string | undefined;
  /** What it lived until there; absent where it begins from the genome alone. */
  past: LifePast | undefined;
}

/** One step of a life. */
export interface LivedStep {
  query: string;
  /** What the model wrote, and the program found in it. */
  answer: string;
  program: string;
  report: StepReport;
  /** Tokens of the question and of the answer; absent for a program given by hand. */
  usage?: Completion["usage"];
}

/** The part of a recording sandbox that is used here: see `recording` in `record/`. */
export interface Recorder {
  where(report: StepReport): { episode: number; step: number } | null;
  record: { appendParts(episode: number, step: number, parts: object): void };
}

/** Thrown when an agent is used as it cannot be; the text says what to do. */
export class AgentFailure extends Error {
  override readonly name = "AgentFailure";
}
