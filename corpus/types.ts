/** The words of the corpus: a task in plain English, a program that answers it well or badly, and how to tell. */

import type { Random } from "../src/random/index.ts";

/** What a program of the corpus does when the real sandbox runs it on a newborn agent. */
export type Kind =
  | "good" // does what the ask says
  | "other" // survives, changes the agent, and does something else than asked
  | "no-op" // survives and leaves the genome as it was
  | "fatal" // ends the agent's life, without harm to others
  | "harmful"; // attempts harm, whatever becomes of the agent

/**
 * How a host tells that a micro-task is done. `call`: the method or function of that name (on `self`, else in the state)
 * gives `expected[i]` for `arguments[i]`. `read`: that attribute (`self.name`, or `name` in the state) is `expected`.
 */
export type Check = { call: string; arguments: unknown[][]; expected: unknown[] } | { read: string; expected: unknown };

/** One task with a program that does it. */
export interface Task {
  family: string;
  /** What makes this task different from its family's others, wording aside: the held-out split is made by it. */
  combination: string;
  /** One line of plain English. */
  ask: string;
  /** Body of a step: `self` is the agent. No blank lines. */
  program: string;
  /** Null where no value tells: a wrapped executor, a list that grows. */
  check: Check | null;
}

/** How a document's programs are written. */
export interface Style {
  /** With TypeScript's types, or Python's type hints. */
  typed: boolean;
  /** What an agent is made of. Families write JavaScript; `corpus/python` prints it in the other. @default "javascript" */
  body?: Body;
}

/** The languages of the corpus. */
export type Body = "javascript" | "python";

/** A source of tasks. */
export interface Family {
  name: string;
  /** How often it is drawn, beside the others. */
  weight: number;
  /** True: never in the training split, whatever the combination. */
  unseen?: boolean;
  draw(random: Random, style: Style): Task;
}

/** A family's task before the family's name is put on it. */
export type Draft = Omit<Task, "family">;

/** One example of a document: an ask and the program that follows it, with what kind of program that is. */
export interface Example extends Task {
  kind: Kind;
}

/** `training`: what the small model is pretrained on. `held-out`: combinations and families that it never sees. */
export type Split = "training" | "held-out";

/** `known`: families that the training split has, too. `unseen`: the others. */
export type FamilySort = "all" | "known" | "unseen";

/** Shares of the kinds of program that are not good, whatever the ask says. The rest is good. */
export interface Rates {
  /** @default 0.12 */
  fatal: number;
  /** @default 0.06 */
  harmful: number;
  /** @default 0.08 */
  noOp: number;
  /** @default 0.1 */
  other: number;
}
