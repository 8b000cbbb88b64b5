/** The contract between an environment and whoever steps it: Gymnasium's, with async functions and named fields. */

import type { Sandbox, StepReport } from "../sandbox/types.ts";

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
  /** The sandbox's report of the step; null after `reset`, and in environments without a sandbox. */
  report: StepReport | null;
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
  /** Steps programs in order until the episode ends: what an open-loop policy uses, one call for all. */
  stepMany?(programs: readonly string[]): Promise<Transition<Observation>[]>;
  /** An environment of the same settings for a parallel rollout; it shares the sandbox's pool. */
  clone(): Environment<Observation>;
  /** The sandbox that its lives are in, and the same environment with its lives in another: what recording them needs. */
  sandbox?(): Promise<Sandbox>;
  inside?(sandbox: Sandbox): Environment<Observation>;
  close(): Promise<void>;
}
