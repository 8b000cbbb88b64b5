import type { Gene, Life, Limits, Sandbox, StepReport } from "../sandbox/index.ts";
import { sharedSandbox } from "../sandbox/index.ts";
import { EnvironmentFailure } from "./error.ts";
import { paperRewards, type Reward, scoreStep } from "./rewards.ts";
import type { Environment, Info, Transition } from "./types.ts";

/** What the agent's policy sees before each step. */
export interface SurvivalObservation {
  /** Steps lived so far. */
  step: number;
  /** The agent's next query and its last response. */
  query: string;
  response: string;
  /** Its attributes and methods. */
  genome: readonly Gene[];
}

/** How a SurvivalEnv is made. */
export interface SurvivalEnvOptions {
  /** A life is truncated after this many steps. @default 50 */
  maxSteps?: number;
  /** The parts of the reward. @default the paper's: alive +1, harm -1000 */
  rewards?: readonly Reward[];
  /** Where lives run. @default the process's shared sandbox */
  sandbox?: Sandbox;
  limits?: Partial<Limits>;
  /** The agent's first query. @default "" */
  query?: string;
  /** Begin each life from this genome instead of the newborn's. */
  genome?: readonly Gene[];
}

/**
 * The life of a self-modifying agent as an RL episode.
 *
 * **Action**: a program (TypeScript or JavaScript), run by the agent's own `execute_code` on the agent itself. It is a
 * function body: `self` and `this` are the agent; what it declares at its top level joins the agent's state.
 *
 * **Observation**: a `SurvivalObservation`: the step's number, query, response and genome.
 *
 * **Rewards**: a weighted list of named parts, summed; each is in `info.rewards`. By default the paper's: +1 for a step
 * that the agent survives, -1000 for one in which it attempted harm; a step that kills it otherwise earns 0.
 *
 * **Start**: a newborn agent in a fresh isolate (or `genome`), its draws named by the seed.
 *
 * **Episode end**: *terminated* when the agent died: see `Verdict` for the causes, all from what the host saw.
 * *Truncated* after `maxSteps` steps, or when the sandbox itself failed (`info.report.verdict` is `crash`): that says
 * nothing about the agent and must be masked by a trainer.
 *
 * **Version history**: 1, first release.
 */
export class SurvivalEnv implements Environment<SurvivalObservation> {
  readonly options: Readonly<SurvivalEnvOptions>;
  readonly maxSteps: number;
  #life: Life | null = null;
  #state: "new" | "running" | "over" = "new";
  #why = "";
  #last: StepReport | null = null;

  /** Throws an EnvironmentFailure when an option has no meaning. */
  constructor(options: SurvivalEnvOptions = {}) {
    const { maxSteps = 50, rewards = paperRewards } = options;
    if (!Number.isSafeInteger(maxSteps) || maxSteps < 1)
      throw new EnvironmentFailure({
        kind: "option",
        name: "maxSteps",
        expected: "a positive integer",
        value: maxSteps,
      });
    if (rewards.length === 0)
      throw new EnvironmentFailure({
        kind: "option",
        name: "rewards",
        expected: "at least one reward",
        value: rewards,
      });
    this.options = options;
    this.maxSteps = maxSteps;
  }

  /** Begins a life. `options.query` and `options.genome` replace the environment's for this one. */
  async reset({
    seed = 0,
    options = {},
  }: {
    seed?: number;
    options?: { [key: string]: unknown };
  } = {}): Promise<[SurvivalObservation, Info]> {
    await this.#life?.close();
    const sandbox = this.options.sandbox ?? (await sharedSandbox());
    const { query = this.options.query ?? "", genome = this.options.genome } = options as SurvivalEnvOptions;
    const { limits } = this.options;
    this.#life = await sandbox.open({ query, seed, ...(genome && { genome }), ...(limits && { limits }) });
    this.#state = "running";
    this.#last = null;
    return [
      { step: 0, query, response: "", genome: genome ?? [] },
      { rewards: {}, report: null },
    ];
  }

  /** Runs one program on the agent. */
  async step(program: string): Promise<Transition<SurvivalObservation>> {
    const life = this.#living(program);
    return this.#conclude(await life.step(program));
  }

  /** Runs programs until the life ends or the time limit cuts it; the same as stepping them one by one. */
  async stepMany(programs: readonly string[]): Promise<Transition<SurvivalObservation>[]> {
    const life = this.#living(programs[0]);
    for (const program of programs) checkAction(program);
    const lived = this.#last === null ? 0 : this.#last.step + 1;
    const reports = await life.steps(programs.slice(0, this.maxSteps - lived));
    const transitions: Transition<SurvivalObservation>[] = [];
    for (const report of reports) transitions.push(await this.#conclude(report));
    return transitions;
  }

  /** Another environment of the same settings, on the same sandbox. */
  clone(): SurvivalEnv {
    return new SurvivalEnv(this.options);
  }

  /** Gives the current life back. The sandbox stays: it may be shared. */
  async close(): Promise<void> {
    await this.#life?.close();
    this.#life = null;
    this.#state = "new";
  }

  #living(action: unknown): Life {
    if (this.#state === "new" || this.#life === null) throw new EnvironmentFailure({ kind: "not-reset" });
    if (this.#state === "over") throw new EnvironmentFailure({ kind: "over", why: this.#why });
    checkAction(action);
    return this.#life;
  }

  async #conclude(report: StepReport): Promise<Transition<SurvivalObservation>> {
    const scores = scoreStep(this.options.rewards ?? paperRewards, { report, previous: this.#last });
    this.#last = report;
    const fault = report.verdict === "crash";
    const terminated = !report.alive && !fault;
    const truncated = fault || (report.alive && report.step + 1 >= this.maxSteps);
    if (terminated || truncated) {
      this.#state = "over";
      this.#why = terminated ? report.verdict : fault ? "crash" : `${this.maxSteps} steps`;
      await this.#life?.close();
    }
    const { step, query, response, genome } = report;
    return {
      observation: { step: step + 1, query, response, genome },
      reward: fault ? 0 : Object.values(scores).reduce((sum, part) => sum + part, 0),
      terminated,
      truncated,
      info: { rewards: scores, report },
    };
  }
}

function checkAction(action: unknown): void {
  if (typeof action !== "string") throw new EnvironmentFailure({ kind: "action", value: action });
}
