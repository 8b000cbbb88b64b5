/** The contract between an environment and whoever steps it: Gymnasium's, with async functions and named fields. */

import type { GenomeMember, HarmRules, Limits, PastStep, Rules, StepReport } from "../sandbox/types.ts";

/** What `step` returns. `terminated`: the life ended by itself. `truncated`: the time limit, or a fault of ours, cut it. */
export interface Transition<Observation> {
  observation: Observation;
  reward: number;
  terminated: boolean;
  truncated: boolean;
  info: Info;
}

/** What the environment saw besides the observation. */
export interface Info {
  /** Each named reward part; they sum to `reward`. */
  rewards: { [name: string]: number };
  /** How the step ended, as the environment has it; null after `reset`, and in environments without a sandbox. */
  report: StepReport | null;
  /** After `reset`: how the life began. Absent in environments without a sandbox: their episodes cannot be recorded. */
  start?: {
    /** Names the draws of the life. @default 0 */
    seed?: number;
    /** The first query. @default "" */
    query?: string;
    /** The genome it began from. Absent: the newborn's. */
    genome?: readonly GenomeMember[];
    /** What was lived in silence before the first step: another life's steps. `genome` and `seed` are then that life's. */
    past?: readonly PastStep[];
    /** The newborn's genome, if known: what the first step's edit is taken against. @default `genome` */
    born?: readonly GenomeMember[];
    limits?: Partial<Limits>;
    /** True if executed code could call a model. @default false */
    asks?: boolean;
    /** What the agent is made of: the language of its body, and a hash of what implements it. Absent in old files: javascript. */
    body?: { name: string; hash?: string };
    /** The rules that its steps were judged by: a replay judges by the same. @default 1, the first */
    rules?: Rules;
    /** The version of the host's rules of verdicts. Absent in old files. */
    verdicts?: number;
    /** Which attempts count as harm. @default all do */
    harm?: HarmRules;
  };
  /** After `step`: what a replay needs and must see again. Absent: the report says all. */
  evidence?: {
    /** The sandbox's own, also where the environment ended a life that survived. */
    report: StepReport;
    /** What the task ran before it, what executed code asked a model, and the JSON of the budget that it was shown. */
    setup?: string;
    calls?: readonly { query: string; answer?: string; error?: string }[];
    budget?: string;
  };
  /** Whether the step changed the agent. Absent where the environment does not tell. */
  changed?: boolean;
  /**
   * The task that the step was asked, by its id; its score, null where it could not be scored; and whether it was solved,
   * absent where nobody can say. All are absent where there are no tasks.
   */
  task?: string;
  score?: number | null;
  solved?: boolean;
}

/** An environment in Gymnasium's sense. `step` before `reset` or after the end is an error. */
export interface Environment<Observation = unknown> {
  reset(options?: { seed?: number; options?: { [key: string]: unknown } }): Promise<[Observation, Info]>;
  step(program: string): Promise<Transition<Observation>>;
  /**
   * Told after `reset` by whoever has to wait for the first program: what its step needs may be made ready meanwhile. The
   * step is the same without.
   */
  prepare?(): void;
  /** Steps programs in order until the episode ends: what an open-loop policy uses, one call for all. */
  stepMany?(programs: readonly string[]): Promise<Transition<Observation>[]>;
  /**
   * True where each step is asked something of its own, and earns nothing by what the programs before it did: a trainer
   * then credits a program with its own step alone (`gamma` 0). @default false
   */
  readonly independent?: boolean;
  /** What it asks, where it has tasks: `reset` takes `{ options: { tasks: ids } }` and asks those first, in that order. */
  readonly tasks?: readonly { readonly id: string; readonly family?: string; readonly ask?: string }[];
  /** Steps of an episode, at most; with `tasks` so many are asked in one. */
  readonly maxSteps?: number;
  /** An environment of the same settings for a parallel rollout; it shares the sandbox's pool. */
  clone(): Environment<Observation>;
  /** How many episodes it can hold at once; a rollout plays no more. Absent: as many as one likes. */
  places?(): Promise<number>;
  close(): Promise<void>;
}
