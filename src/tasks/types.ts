/**
 * What an agent is asked to do, and how the host sees how well it was done. A kind of task is a maker of these: micro-tasks
 * (`micro/`) read an attribute or call a method; one may as well run tests, or measure something else.
 */

import type { Random } from "../random/index.ts";
import type { CallResult, GenomeMember, StepReport } from "../sandbox/types.ts";

/**
 * Where a task is used. `training`: to learn from. `validation`: of the training tasks' families, to choose settings by.
 * Held out are `known`, the families of training in combinations that training has not, and `unseen`, other families.
 */
export type TaskSplit = "training" | "validation" | "known" | "unseen";

/** All parts, in the order in which tables have them. */
export const taskSplits: readonly TaskSplit[] = ["training", "validation", "known", "unseen"];

/**
 * What the agent should have after the step: an attribute or a method by its name, or nothing of that name. It is for tables of
 * how answers fail; whether the task is done is `score`'s to say.
 */
export interface Wanted {
  /** Of the agent itself, else of its state; without `self.`. */
  readonly name: string;
  readonly kind: "attribute" | "method" | "none";
  /** How many parameters the method takes, where that is asked. */
  readonly parameters?: number;
}

/** One thing that an agent is asked to do in a step. */
export interface Task {
  /** Unique among the tasks of an environment. */
  readonly id: string;
  /** What the agent is asked, in plain English. */
  readonly ask: string;
  /**
   * A program that is run on the agent before the step, past its executor: what the task needs to be there. Given draws,
   * it may be another in each episode.
   */
  readonly setup?: string | ((random: Random) => string);
  /** What the check does, apart from names and constants: intervals cluster tasks of one operation. */
  readonly operation?: string;
  /** Tasks of a family are variations of one. */
  readonly family?: string;
  readonly split?: TaskSplit;
  /** What should be there afterwards. Absent: failed answers are told apart no further. */
  readonly wants?: readonly Wanted[];
  /**
   * How well the step did what was asked, once it is over and the agent lives: 1 is done, 0 is not at all; the task is
   * `solved` from 1 on (`isSolved`). Null: it could not be scored, by a fault of the host's; nothing is then said of the agent.
   */
  score(context: TaskContext): number | null | Promise<number | null>;
}

/** What a task may look at. Nothing that it does here is noticed by the agent itself. */
export interface TaskContext {
  readonly report: StepReport;
  /** Attributes and methods before the step, and after it. */
  readonly before: readonly GenomeMember[];
  readonly after: readonly GenomeMember[];
  /** Whether the step's program changed the agent. */
  readonly changed: boolean;
  /** Whether this task was solved before in this episode. */
  readonly again: boolean;
  /** Whether a name of the agent's state is one of its own: so in Python, where both are the same dictionary. */
  readonly oneDictionary?: boolean;
  /** Draws named by the episode's seed and the task: the same for `setup` and each `score` in the episode. */
  readonly random: () => Random;
  /** Reads an attribute of the agent, or of its state, as plain data. */
  read(name: string): Promise<CallResult>;
  /** Calls a method of a copy of the agent, once for each list of arguments. */
  call(name: string, argumentLists: readonly (readonly unknown[])[]): Promise<CallResult>;
  /**
   * Plays the step's program on a copy of the agent as it was before the step, after another setup, and reads attributes of
   * the copy, one answer for each name: what the program would have done had the agent held other values.
   */
  rerun(setup: string, names: readonly string[]): Promise<CallResult>;
}
