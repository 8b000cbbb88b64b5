/**
 * An episode is a value: plain data that a file, another process or another machine may hold, and that says all a replay, a
 * trainer or a figure needs. Not here: how it is written as JSON (`json.ts`), how one is played (`run.ts`), what a policy
 * keeps in process for its update (`Action.trace` and `Action.features` in `policy/`).
 */

import type { Info } from "../environment/types.ts";
import type { Action } from "../policy/types.ts";
import type { Effect, StepReport, Verdict } from "../sandbox/types.ts";

/** The version of `Episode` that this library writes. */
export const episodeVersion = 1;

/** Plain data that JSON can say. */
export type Plain = string | number | boolean | null | readonly Plain[] | { readonly [key: string]: Plain | undefined };

/** How an episode began: all that a replay needs besides its steps, and what one wants to find it by. */
export type EpisodeStart = NonNullable<Info["start"]> & {
  /** What the reader wants to find it by: policy, environment, run. */
  labels?: { readonly [name: string]: Plain };
  /** The episode it was forked from, and how. */
  forkOf?: { episode: number; step: number; without: "edit" | "nothing" };
};

/** One answer that executed code got from `self.call_LLM`, or the error it got instead. */
export interface ModelCall {
  query: string;
  answer?: string;
  error?: string;
}

/** One step. */
export interface Step {
  /** What was run on the agent. */
  program: string;
  /** What the step's task ran on the agent before it. */
  setup?: string;
  /** What the guest was shown of its budget: JSON whose keys keep their order, for the guest sees it. */
  budget?: string;
  /** What executed code asked a model, in order. */
  calls: readonly ModelCall[];
  /** What the sandbox saw, and a replay must see again; null in environments without one. */
  report: StepReport | null;
  /** What the policy told of the program that it drew. */
  action: Omit<Action, "program" | "features" | "trace">;
  /** How it ended, as the environment has it: the sandbox's verdict, unless the environment ended the life, of hunger say. */
  verdict: Verdict;
  cause: string;
  /** What was attempted. */
  effects: readonly Effect[];
  /** Named parts of the reward, and their sum: NaN where the step could not be scored. */
  rewards: { readonly [name: string]: number };
  reward: number;
  /**
   * The task that it was given, by its id; how well it did what was asked (1 is done), null where it could not be scored;
   * and whether that is done, absent where nobody can say. All are absent where there are no tasks.
   */
  task?: string;
  score?: number | null;
  solved?: boolean;
  /** Whether it changed the agent. Absent where the environment does not tell. */
  changed?: boolean;
  /** Milliseconds since 1970 when it was recorded. */
  at?: number;
}

/** One episode. The figures from `survival` on follow from the steps: see `figuresOf`. */
export interface Episode {
  version: typeof episodeVersion;
  /** Its id in the record that holds it; null where it is in none. */
  id: number | null;
  /** The seed it was reset with. */
  seed: number;
  /** Its number in the batch, from 0. */
  index: number;
  /** Its group's number, from 0: episodes of one group were reset with the same seed. */
  group: number;
  start: EpisodeStart;
  steps: Step[];
  /** The agent died; or the time limit, or a fault of the sandbox, cut it. Neither: it was not played to its end. */
  terminated: boolean;
  truncated: boolean;
  /** Steps survived: all but the one that ended it. */
  survival: number;
  /** Undiscounted sum of rewards. */
  return: number;
  /** Why it ended; `survived` if the time limit cut it. */
  verdict: Verdict;
  /** True if the sandbox failed: nothing in this episode says anything about the policy. */
  fault: boolean;
}
