/**
 * The words of an agent: how it is made, what it lived and where it was. Not here: what it says when it is used as it
 * cannot be (`failure.ts`).
 */

import type { Step } from "../episode/index.ts";
import type { Budget, BudgetOptions, LanguageModel } from "../llm/index.ts";
import type { EpisodeRecord } from "../record/index.ts";
import type { BodyName, GenomeMember, LifePast, Limits, Sandbox, StepReport } from "../sandbox/index.ts";

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
  genome?: readonly GenomeMember[];
  /** Begin where another life was, closures and all: `snapshot().past`. Takes the place of `genome` and `seed`. */
  past?: LifePast | undefined;
  /** Names the draws of the life and of the model. @default 0 */
  seed?: number;
  limits?: Partial<Limits>;
  /** What it is made of, and the language of its programs. @default that of `sandbox`, else "javascript" */
  body?: BodyName;
  /** @default the process's shared sandbox for this body */
  sandbox?: Sandbox;
  /** Appends every step to this record as it happens: an open one, or the path of one. */
  record?: EpisodeRecord | string;
}

/** Where an agent was: plain data. */
export interface Place {
  genome: readonly GenomeMember[];
  /** What it is asked next. */
  query: string | undefined;
  /** What it lived until there; absent where it begins from the genome alone. */
  past: LifePast | undefined;
}

/** A place with its node in the family's tree. */
export type Here = Place & { node: number };

/** One step of an agent's life: what it was asked and what the model wrote are in `action.prompt` and `action.output`. */
export type AgentStep = Step & { report: StepReport };
