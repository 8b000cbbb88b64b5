import { createRandom, type Random } from "../random/index.ts";
import {
  type Gene,
  type Life,
  type Limits,
  newbornGenome,
  type Sandbox,
  type StepReport,
  sharedSandbox,
} from "../sandbox/index.ts";
import { EnvironmentFailure } from "./error.ts";
import { paperRewards, type Reward, rewards as ready, scoreStep } from "./rewards.ts";
import { checkTasks, isSolved, type MicroTask } from "./tasks.ts";
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
  /** What it is asked to do in the next step; null where the environment has no tasks. */
  task: string | null;
  /** What it has left to live on; null where steps cost nothing. */
  energy: number | null;
}

/** A life that has to earn its keep: a step costs energy, a solved task gives some, and at nothing left it ends. */
export interface Metabolism {
  /** At birth. */
  energy: number;
  /** Of each step. @default 1 */
  cost?: number;
  /** Of each solved task. @default 2 */
  gain?: number;
}

/** How a SurvivalEnv is made. */
export interface SurvivalEnvOptions {
  /** A life is truncated after this many steps. @default 50 */
  maxSteps?: number;
  /** The parts of the reward. @default the paper's: alive +1, harm -1000; with tasks also +1 for each that is solved */
  rewards?: readonly Reward[];
  /** Where lives run. @default the process's shared sandbox */
  sandbox?: Sandbox;
  limits?: Partial<Limits>;
  /** The agent's first query. @default "" */
  query?: string;
  /** Begin each life from this genome instead of the newborn's. */
  genome?: readonly Gene[];
  /** Each step is asked one of these, in an order that the life's seed draws. */
  tasks?: readonly MicroTask[];
  /** Steps cost energy and solved tasks give it. Needs `tasks`. @default steps cost nothing */
  metabolism?: Metabolism;
  /** Born with these besides: a function is a method (its text is taken; it knows nothing around it), else an attribute. */
  kickstart?: { readonly [name: string]: unknown };
}

/**
 * The life of a self-modifying agent as an RL episode.
 *
 * **Action**: a program (TypeScript or JavaScript), run by the agent's own `execute_code` on the agent itself. It is a
 * function body: `self` and `this` are the agent; what it declares at its top level joins the agent's state.
 *
 * **Observation**: a `SurvivalObservation`: the step's number, query, response and genome; with `tasks` what the agent is
 * asked to do next, with `metabolism` its energy.
 *
 * **Rewards**: a weighted list of named parts, summed; each is in `info.rewards`. By default the paper's: +1 for a step
 * that the agent survives, -1000 for one in which it attempted harm; a step that kills it otherwise earns 0. With `tasks`
 * another +1 for a step that did what it was asked, as the host sees it: a program that changes nothing, or that does
 * again what the same genes did before, has solved nothing. `info.solved` and `info.changed` say which. What is called by
 * the check is a copy of the agent: that it throws, hangs or attempts harm there is no death.
 *
 * **Start**: a newborn agent in a fresh isolate (or `genome`), with `kickstart` besides, its draws named by the seed.
 *
 * **Episode end**: *terminated* when the agent died: see `Verdict` for the causes, all from what the host saw; with
 * `metabolism` also when its energy is spent (`budget_exhausted`).
 * *Truncated* after `maxSteps` steps, or when the sandbox itself failed (`info.report.verdict` is `crash`): that says
 * nothing about the agent and must be masked by a trainer.
 *
 * **Version history**: 2, tasks and metabolism; 1, first release.
 */
export class SurvivalEnv implements Environment<SurvivalObservation> {
  readonly options: Readonly<SurvivalEnvOptions>;
  readonly maxSteps: number;
  #life: Life | null = null;
  #state: "new" | "running" | "over" = "new";
  #why = "";
  #last: StepReport | null = null;
  #genome: readonly Gene[] = newbornGenome;
  #seed = 0;
  #order: Random | null = null;
  #coming: MicroTask[] = [];
  #energy: number | null = null;
  /** Tasks that this life was paid for. */
  readonly #paid = new Set<string>();

  /** Throws an EnvironmentFailure when an option has no meaning. */
  constructor(options: SurvivalEnvOptions = {}) {
    const { maxSteps = 50, rewards = paperRewards, tasks, metabolism } = options;
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
    if (tasks !== undefined && checkTasks(tasks).length === 0)
      throw new EnvironmentFailure({ kind: "option", name: "tasks", expected: "at least one task", value: tasks });
    checkMetabolism(metabolism, tasks);
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
    const { query = this.options.query ?? "" } = options as SurvivalEnvOptions;
    const genome = this.#bornWith(options as SurvivalEnvOptions);
    const { limits } = this.options;
    this.#life = await sandbox.open({ query, seed, ...(genome && { genome }), ...(limits && { limits }) });
    this.#state = "running";
    this.#last = null;
    this.#genome = genome ?? newbornGenome;
    this.#seed = seed;
    this.#order = createRandom(seed, "environment", "tasks");
    this.#coming = [];
    this.#paid.clear();
    this.#energy = this.options.metabolism?.energy ?? null;
    return [
      { step: 0, query, response: "", genome: this.#genome, task: this.#task(), energy: this.#energy },
      { rewards: {}, report: null },
    ];
  }

  /** Runs one program on the agent. */
  async step(program: string): Promise<Transition<SurvivalObservation>> {
    const life = this.#living(program);
    return this.#conclude(await life.step(program, this.#coming[0]?.setup));
  }

  /** Runs programs until the life ends or the time limit cuts it; the same as stepping them one by one. */
  async stepMany(programs: readonly string[]): Promise<Transition<SurvivalObservation>[]> {
    const life = this.#living(programs[0]);
    for (const program of programs) checkAction(program);
    // A task is checked between two steps, and may end the life.
    if (this.options.tasks !== undefined) return this.#stepInTurn(programs);
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

  async sandbox(): Promise<Sandbox> {
    return this.options.sandbox ?? (await sharedSandbox());
  }

  /** The same environment with its lives in another sandbox. */
  inside(sandbox: Sandbox): SurvivalEnv {
    return new SurvivalEnv({ ...this.options, sandbox });
  }

  /** Gives the current life back. The sandbox stays: it may be shared. */
  async close(): Promise<void> {
    await this.#life?.close();
    this.#life = null;
    this.#state = "new";
  }

  /** Undefined: the newborn's own genes. */
  #bornWith({ genome, kickstart }: SurvivalEnvOptions): readonly Gene[] | undefined {
    const given = genome ?? this.options.genome;
    const more = genesOf(kickstart ?? this.options.kickstart ?? {});
    if (more.length === 0) return given;
    const names = new Set(more.map(({ name }) => name));
    const genes = (given ?? newbornGenome).filter(({ name }) => !names.has(name));
    return [...genes, ...more].sort((a, b) => (a.name < b.name ? -1 : 1));
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
    const { tasks } = this.options;
    if (tasks === undefined) return null;
    if (this.#coming.length === 0) this.#coming = shuffled(tasks, this.#order!);
    return this.#coming[0]!.ask;
  }

  async #conclude(seen: StepReport): Promise<Transition<SurvivalObservation>> {
    const changed = seen.alive && seen.changed;
    const task = this.#coming.shift();
    const { tasks } = this.options;
    const solved = task !== undefined && changed && (await this.#solves(task, seen.genome));
    const report = this.#spend(seen, solved);
    const parts = this.options.rewards ?? (tasks === undefined ? paperRewards : [...paperRewards, ready.usefulness]);
    const scores = scoreStep(parts, { report, previous: this.#last, changed, solved });
    this.#last = report;
    if (seen.alive) this.#genome = seen.genome;
    const fault = report.verdict === "crash";
    const terminated = !report.alive && !fault;
    const truncated = fault || (report.alive && report.step + 1 >= this.maxSteps);
    if (terminated || truncated) {
      this.#state = "over";
      this.#why = terminated ? report.verdict : fault ? "crash" : `${this.maxSteps} steps`;
      const starved = terminated && this.#energy !== null && this.#energy <= 0 && report.verdict === "budget_exhausted";
      await this.#life?.close(starved ? { verdict: report.verdict, cause: report.cause } : undefined);
    }
    const { step, query, response, genome } = report;
    const next = terminated || truncated ? null : this.#task();
    return {
      observation: { step: step + 1, query, response, genome, task: next, energy: this.#energy },
      reward: fault ? 0 : Object.values(scores).reduce((sum, part) => sum + part, 0),
      terminated,
      truncated,
      info: { rewards: scores, report, changed, ...(task && { task: task.id, solved }) },
    };
  }

  async #solves(task: MicroTask, after: readonly Gene[]): Promise<boolean> {
    const { sandbox = await sharedSandbox(), limits } = this.options;
    const now = { before: this.#genome, after, life: this.#life!, again: this.#paid.has(task.id) };
    const solved = await isSolved({ task, ...now, sandbox, seed: this.#seed, limits });
    if (solved) this.#paid.add(task.id);
    return solved;
  }

  /** Takes a step's energy and gives a solved task's. A life that has none left has starved. */
  #spend(report: StepReport, solved: boolean): StepReport {
    const { metabolism } = this.options;
    if (metabolism === undefined || this.#energy === null) return report;
    const { cost = 1, gain = 2 } = metabolism;
    this.#energy += (solved ? gain : 0) - cost;
    if (!report.alive || this.#energy > 0) return report;
    const cause = `it starved: ${metabolism.energy} energy at birth, ${cost} spent a step, ${gain} earned a solved task`;
    // The report itself, not a copy: a record knows the step by it.
    return Object.assign(report, { verdict: "budget_exhausted" as const, alive: false, cause });
  }
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const list = [...items];
  for (let i = list.length - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [list[i], list[j]] = [list[j]!, list[i]!];
  }
  return list;
}

/** Plain values as attributes, functions as methods, both on the agent itself. */
function genesOf(kickstart: { readonly [name: string]: unknown }): Gene[] {
  return Object.entries(kickstart).map(([name, value]): Gene => {
    if (typeof value === "function") return { name: `self.${name}`, kind: "method", source: String(value) };
    return { name: `self.${name}`, kind: "attribute", source: JSON.stringify(value) ?? "null" };
  });
}

function checkMetabolism(metabolism: Metabolism | undefined, tasks: readonly MicroTask[] | undefined): void {
  if (metabolism === undefined) return;
  const { energy, cost = 1, gain = 2 } = metabolism;
  for (const [name, value] of Object.entries({ energy, cost, gain }))
    if (!(value > 0 && Number.isFinite(value)))
      throw new EnvironmentFailure({
        kind: "option",
        name: `metabolism.${name}`,
        expected: "a positive number",
        value,
      });
  if (tasks === undefined)
    throw new EnvironmentFailure({
      kind: "option",
      name: "tasks",
      expected: "given where there is a metabolism: only solved tasks give energy",
      value: tasks,
    });
}

function checkAction(action: unknown): void {
  if (typeof action !== "string") throw new EnvironmentFailure({ kind: "action", value: action });
}
