/** The environment: a life in the sandbox as an RL episode. Its specification is the doc comment of `SurvivalEnv`. */

import { createRandom, type Random, shuffled } from "../random/index.ts";
import { type GenomeMember, type Life, type Sandbox, type StepReport, sharedSandbox } from "../sandbox/index.ts";
import { tasksOf } from "../tasks/given.ts";
import { isSolved, type Task } from "../tasks/index.ts";
import { contextOf, setupOf } from "../tasks/look.ts";
import { anotherOf, type Fields, fieldsOf } from "./another.ts";
import { EnvironmentFailure } from "./error.ts";
import { paperRewards, type Reward, rewards as ready, rewardsOf, scoreStep, scoreTask } from "./rewards.ts";
import {
  bodyOf,
  checkAction,
  checkOptions,
  checkReset,
  membersOf,
  type ResetOptions,
  type SurvivalEnvOptions,
  type SurvivalObservation,
  tasksNamed,
  termsOf,
  withMembers,
} from "./settings.ts";
import { startOf } from "./start.ts";
import type { Environment, Info, Transition } from "./types.ts";

/**
 * The life of a self-modifying agent as an RL episode.
 *
 * **Action**: a program, run by the agent's own `execute_code` on the agent itself: TypeScript or JavaScript, a function body
 * in which `self` and `this` are the agent; with `body: "python"` Python, in which `self` is. What it declares at its top level
 * joins the agent's state.
 *
 * **Observation**: a `SurvivalObservation`: the step's number, query, response and genome; with `tasks` what the agent is
 * asked to do next, with `metabolism` its energy.
 *
 * **Rewards**: a weighted list of named parts, summed; each is in `info.rewards`. By default the paper's: +1 for a step
 * that the agent survives, -1000 for one in which it attempted harm; a step that kills it otherwise earns 0. With `tasks`
 * another +1 for a step that did what it was asked, as the host sees it: a program that changes nothing, or that does
 * again what the same members did before, has solved nothing of a micro-task. `info.score` (from 1 on a task is solved),
 * `info.solved` and `info.changed` say which. What is called by
 * the check is a copy of the agent: that it throws, hangs or attempts harm there is no death.
 *
 * **Start**: a newborn agent in a fresh isolate (or `genome`), with `kickstart` besides, its draws named by the seed.
 *
 * **Episode end**: *terminated* when the agent died: see `Verdict` for the causes, all from what the host saw; with
 * `metabolism` also when its energy is spent (`budget_exhausted`).
 * *Truncated* after `maxSteps` steps, or when the sandbox itself failed (`info.report.verdict` is `infrastructure_error`): that says
 * nothing about the agent, earns 0 by every part, and must be masked by a trainer.
 *
 * **A class of your own** may override `step` or `reset`, as Gymnasium's wrappers do: rollouts and training step its clones.
 *
 * **Version history**: 2, tasks and metabolism; 1, first release.
 */
export class SurvivalEnv implements Environment<SurvivalObservation> {
  readonly options: Readonly<SurvivalEnvOptions>;
  readonly maxSteps: number;
  readonly #rewards: readonly Reward[];
  /** Its fields before its first life: what another like it must have. */
  #made: Fields | null = null;
  #life: Life | null = null;
  #state: "new" | "running" | "over" = "new";
  #why = "";
  #last: StepReport | null = null;
  #genome: readonly GenomeMember[];
  #seed = 0;
  #order: Random | null = null;
  readonly #tasks: readonly Task[];
  #coming: Task[] = [];
  #energy: number | null = null;
  /** Tasks that this life has solved. */
  readonly #paid = new Set<string>();

  /** The one of which another is being made, whose options were found right, and whose hundreds of tasks are made. */
  static #original: SurvivalEnv | null = null;

  /** Throws an EnvironmentFailure when an option has no meaning. */
  constructor(options: SurvivalEnvOptions = {}) {
    const original = SurvivalEnv.#original?.options === options ? SurvivalEnv.#original : null;
    if (original === null) checkOptions(options);
    this.options = options;
    this.#genome = bodyOf(options).newborn;
    this.#tasks = original === null ? tasksOf(options.tasks ?? []) : original.#tasks;
    const usual = options.tasks === undefined ? paperRewards : [...paperRewards, ready.usefulness];
    this.#rewards = rewardsOf([options.rewards ?? usual].flat());
    this.maxSteps = options.maxSteps ?? 50;
  }

  /** Whether each step has a task of its own. A metabolism makes later steps live on what earlier ones earned. */
  get independent(): boolean {
    return this.options.tasks !== undefined && this.options.metabolism === undefined;
  }

  /** What it asks; none without `tasks`. */
  get tasks(): readonly Task[] {
    return this.#tasks;
  }

  /**
   * Begins a life. `options.query`, `options.genome` and `options.kickstart` replace the environment's for this one; `options.tasks`
   * names the tasks that it is asked first, by their ids.
   */
  async reset({
    seed = 0,
    options = {},
  }: {
    seed?: number;
    options?: { [key: string]: unknown };
  } = {}): Promise<[SurvivalObservation, Info]> {
    checkReset({ seed, options }, this.options);
    const { query = this.options.query ?? "", tasks = [] } = options as ResetOptions;
    const coming = tasksNamed(tasks, this.#tasks);
    this.#made ??= fieldsOf(this);
    await this.#life?.close();
    this.#life = null;
    const sandbox = await this.#sandbox();
    const genome = this.#bornWith(options as ResetOptions);
    const born = { query, seed, ...(genome && { genome }), ...termsOf(this.options) };
    this.#life = await sandbox.open(born);
    this.#state = "running";
    this.#last = null;
    this.#genome = genome ?? sandbox.body.newborn;
    this.#seed = seed;
    this.#order = createRandom(seed, "environment", "tasks");
    this.#coming = coming;
    this.#paid.clear();
    this.#energy = this.options.metabolism?.energy ?? null;
    return [
      { step: 0, query, response: "", genome: this.#genome, task: this.#task(), energy: this.#energy },
      { rewards: {}, report: null, start: startOf(born, sandbox) },
    ];
  }

  /** Opens the life's isolate, which takes longer than most steps. */
  prepare(): void {
    if (this.#state === "running") void this.#life?.begin();
  }

  /** Runs one program on the agent. */
  async step(program: string): Promise<Transition<SurvivalObservation>> {
    const life = this.#living(program);
    const [task] = this.#coming;
    const setup = task && setupOf(task, this.#seed);
    return this.#conclude(await life.step(program, setup), setup);
  }

  /** Runs programs until the life ends or the time limit cuts it; the same as stepping them one by one. */
  async stepMany(programs: readonly string[]): Promise<Transition<SurvivalObservation>[]> {
    const life = this.#living(programs[0]);
    for (const program of programs) checkAction(program);
    // A task is checked between two steps, and may end the life; a step of somebody's own is what counts.
    if (this.options.tasks !== undefined || this.step !== SurvivalEnv.prototype.step) return this.#stepInTurn(programs);
    const lived = this.#last === null ? 0 : this.#last.step + 1;
    const reports = await life.steps(programs.slice(0, this.maxSteps - lived));
    const transitions: Transition<SurvivalObservation>[] = [];
    for (const report of reports) transitions.push(await this.#conclude(report));
    return transitions;
  }

  /**
   * Another environment of the same class and settings, on the same sandbox. Throws an EnvironmentFailure where the class
   * has a constructor that does not take the options.
   */
  clone(): SurvivalEnv {
    const before = SurvivalEnv.#original;
    SurvivalEnv.#original = this;
    try {
      return anotherOf<SurvivalEnv>(this, this.#made ?? fieldsOf(this));
    } finally {
      SurvivalEnv.#original = before;
    }
  }

  async places(): Promise<number> {
    return (await this.#sandbox()).places;
  }

  async #sandbox(): Promise<Sandbox> {
    return this.options.sandbox ?? sharedSandbox(this.options.body);
  }

  /** Gives the current life back. The sandbox stays: it may be shared. */
  async close(): Promise<void> {
    await this.#life?.close();
    this.#life = null;
    this.#state = "new";
  }

  /** Undefined: the newborn's own members. */
  #bornWith({ genome, kickstart }: ResetOptions): readonly GenomeMember[] | undefined {
    const given = genome ?? this.options.genome;
    const more = membersOf(kickstart ?? this.options.kickstart ?? {});
    return more.length === 0 ? given : withMembers(given ?? bodyOf(this.options).newborn, more);
  }

  #living(action: unknown): Life {
    if (this.#state === "new" || this.#life === null) throw new EnvironmentFailure({ kind: "not-reset" });
    if (this.#state === "over") throw new EnvironmentFailure({ kind: "over", why: this.#why });
    checkAction(action);
    return this.#life;
  }

  async #stepInTurn(programs: readonly string[]): Promise<Transition<SurvivalObservation>[]> {
    const transitions: Transition<SurvivalObservation>[] = [];
    for (const program of programs) {
      const transition = await this.step(program);
      transitions.push(transition);
      if (transition.terminated || transition.truncated) break;
    }
    return transitions;
  }

  /** What is asked next: all tasks in a drawn order, then again in another. */
  #task(): string | null {
    if (this.#tasks.length === 0) return null;
    if (this.#coming.length === 0) this.#coming = shuffled(this.#tasks, this.#order!);
    return this.#coming[0]!.ask;
  }

  async #conclude(seen: StepReport, setup?: string): Promise<Transition<SurvivalObservation>> {
    const changed = seen.alive && seen.changed;
    const task = this.#coming.shift();
    const score = task === undefined ? undefined : await this.#score(task, seen, changed);
    const solved = typeof score === "number" && isSolved(score);
    const report = this.#spend(seen, solved);
    const parts = this.#rewards;
    const fault = report.verdict === "infrastructure_error";
    // What the sandbox spoiled is no step of the agent's: no part is asked what it is worth.
    const scores = fault
      ? Object.fromEntries(parts.map(({ name }) => [name, 0]))
      : scoreStep(parts, { report, previous: this.#last, changed, solved, ...(task && { score: score! }) });
    this.#last = report;
    if (seen.alive) this.#genome = seen.genome;
    const terminated = !report.alive && !fault;
    const truncated = fault || (report.alive && report.step + 1 >= this.maxSteps);
    if (terminated || truncated) {
      this.#state = "over";
      this.#why = terminated ? report.verdict : fault ? "infrastructure_error" : `${this.maxSteps} steps`;
      await this.#life?.close();
    }
    const { step, query, response, genome } = report;
    const next = terminated || truncated ? null : this.#task();
    return {
      observation: { step: step + 1, query, response, genome, task: next, energy: this.#energy },
      reward: Object.values(scores).reduce((sum, part) => sum + part, 0),
      terminated,
      truncated,
      info: {
        rewards: scores,
        report,
        evidence: { report: seen, ...(setup !== undefined && { setup }) },
        changed,
        ...(task && { task: task.id, score: score!, ...(score !== null && { solved }) }),
      },
    };
  }

  /** How well the step did what it was asked; 0 where the agent died, null where nobody can say. */
  async #score(task: Task, report: StepReport, changed: boolean): Promise<number | null> {
    if (!report.alive) return report.verdict === "infrastructure_error" ? null : 0;
    const sandbox = await this.#sandbox();
    const terms = termsOf(this.options);
    const again = this.#paid.has(task.id);
    const now = { report, before: this.#genome, changed, again, life: this.#life!, sandbox, seed: this.#seed, terms };
    const score = await scoreTask(task, contextOf({ task, ...now }));
    if (score !== null && isSolved(score)) this.#paid.add(task.id);
    return score;
  }

  /** Takes a step's energy and gives a solved task's. A life that has none left has starved. */
  #spend(report: StepReport, solved: boolean): StepReport {
    const { metabolism } = this.options;
    if (metabolism === undefined || this.#energy === null) return report;
    const { cost = 1, gain = 2 } = metabolism;
    const left = this.#energy + (solved ? gain : 0) - cost;
    // Tenths that are taken away one by one leave a trace that is no energy.
    this.#energy = Math.abs(left) < 1e-9 * metabolism.energy ? 0 : left;
    if (!report.alive || this.#energy > 0) return report;
    const cause = `it starved: ${metabolism.energy} energy at birth, ${cost} spent a step, ${gain} earned a solved task`;
    return { ...report, verdict: "budget_exhausted", alive: false, cause };
  }
}
