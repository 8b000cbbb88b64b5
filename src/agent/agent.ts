/**
 * The paper's AutonomousLLM: an object whose language model writes code, whose `execute_code` runs that code on the
 * object itself, and whose `execute_code` that very code may rewrite. The object lives in the sandbox; this is the
 * host's end of it, which asks the model, passes programs in and writes down what came of them.
 *
 * Steps of the workflow (paper, "Workflow"): 1 a first query, from a person; 2 the model answers it with code; 3 the
 * object's own `execute_code` runs the answer on the object; 4 what it gives becomes the next query; 5 again, until an
 * edit kills it. Not here: rewards (`environment/`), how hostile code is held (`sandbox/`).
 */

import { displaySymbol, escapeHtml, type MimeBundle, stopSignal } from "../display/index.ts";
import {
  type Budget,
  type BudgetOptions,
  type Completion,
  type LanguageModel,
  budget as makeBudget,
} from "../llm/index.ts";
import {
  type Gene,
  type Life,
  type Limits,
  newbornGenome,
  type Sandbox,
  type StepReport,
  sharedSandbox,
} from "../sandbox/index.ts";
import { type Certificate, certify } from "./certificate.ts";
import { compareGenomes, type Edit, hashGenome } from "./genome.ts";
import { type AgentLineage, createFamily, type Family } from "./lineage.ts";
import { type LiveView, openLive } from "./live.ts";
import { extractProgram } from "./program.ts";

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
  /** Begin with this genome. */
  genome?: readonly Gene[];
  /** Names the draws of the life and of the model. @default 0 */
  seed?: number;
  limits?: Partial<Limits>;
  /** @default the process's shared sandbox */
  sandbox?: Sandbox;
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
interface Recorder {
  where(report: StepReport): { episode: number; step: number } | null;
  record: { appendParts(episode: number, step: number, parts: object): void };
}

/** Thrown when an agent is used as it cannot be; the text says what to do. */
export class AgentFailure extends Error {
  override readonly name = "AgentFailure";
}

/** An agent that runs code on itself. */
export class AutonomousLLM {
  readonly options: Readonly<AgentOptions>;
  readonly history: LivedStep[] = [];
  /** What its model has cost so far, and may cost. */
  readonly budget: Budget;
  readonly #model: LanguageModel;
  #life: Life | null = null;
  #query: string | undefined;
  #family: Family = createFamily();
  /** Where it is in the family's tree, and where it was after each step. */
  #node = -1;
  #nodes: number[] = [];
  /** Set by `restore`: what the next life begins with. */
  #restored: readonly Gene[] | null = null;

  constructor(options: AgentOptions) {
    if (typeof options?.llm?.complete !== "function")
      throw new AgentFailure(
        "Expected `llm` to be a language model: use one of `models`, such as models.scripted([...]).",
      );
    const { budget = { onSpend: () => {} }, llm } = options;
    this.options = options;
    this.budget = "meter" in budget ? budget : makeBudget(budget);
    this.#model = this.budget.meter(llm);
    this.#query = options.query;
    const genome = options.genome ?? newbornGenome;
    this.#node = this.#family.add(null, { program: "", verdict: "survived", cause: "", genome });
    this.#nodes = [this.#node];
  }

  /** True until an edit has killed it. */
  get alive(): boolean {
    return this.#restored !== null || (this.history.at(-1)?.report.alive ?? true);
  }

  /** Attributes and methods now. */
  get genome(): readonly Gene[] {
    return this.#restored ?? this.history.at(-1)?.report.genome ?? this.options.genome ?? newbornGenome;
  }

  /** How the life ended, or that it goes on; null before the first step. */
  get certificate(): Certificate | null {
    return certify(this.history, { born: this.options.genome ?? newbornGenome });
  }

  /** Every step of this agent and of its forks, as a tree. */
  get lineage(): AgentLineage {
    return this.#family.view(this.#node);
  }

  /** What the agent would be asked next. */
  get query(): string | undefined {
    return this.#query;
  }

  /**
   * Lives on for some steps, or until it dies. Asks for the first query if there is none. In a notebook the model's words
   * appear as they are written, unless `live` is false, and the stop button ends it between two words.
   */
  async run({
    steps,
    signal = stopSignal(),
    live = true,
  }: {
    steps: number;
    signal?: AbortSignal | undefined;
    live?: boolean;
  }): Promise<this> {
    if (!Number.isSafeInteger(steps) || steps < 1)
      throw new AgentFailure(`Expected \`steps\` to be a positive integer, got ${steps}.`);
    this.#query ??= await this.#askPerson();
    const view = openLive(steps, live);
    for (let i = 0; i < steps && this.alive; i++) {
      signal?.throwIfAborted();
      view?.begin(i + 1, this.#query);
      await this.#think(signal, view);
      view?.end(this.history.at(-1)?.report.verdict.replaceAll("_", " ") ?? "");
    }
    return this;
  }

  /** One step with a program of your own instead of the model's. */
  async step(program: string): Promise<StepReport> {
    return this.#act(program, program);
  }

  /** What changed between the genomes after two steps (counted from 1; 0 is the newborn). */
  diff(from: number, to: number): Edit {
    const at = (step: number): readonly Gene[] => {
      if (step === 0) return this.options.genome ?? newbornGenome;
      const lived = this.history[step - 1];
      if (lived === undefined)
        throw new AgentFailure(`There is no step ${step}: this agent has lived ${this.history.length}.`);
      return lived.report.genome;
    };
    return compareGenomes(at(from), at(to), [`after step ${from}`, `after step ${to}`]);
  }

  /** The genome as plain data, to begin another life from. */
  snapshot(): { genome: readonly Gene[]; hash: string; query: string | undefined } {
    return { genome: this.genome, hash: hashGenome(this.genome), query: this.#query };
  }

  /**
   * Takes this agent back to a genome: that after one of its steps (0 is its birth), or a snapshot. It lives again, in a
   * fresh isolate; its history goes on, and its lineage gets a branch.
   */
  async restore(to: number | { genome: readonly Gene[]; query?: string | undefined }): Promise<this> {
    const snapshot = typeof to === "number" ? this.#after(to) : { node: this.#node, ...to };
    if (!Array.isArray(snapshot.genome))
      throw new AgentFailure("Expected a step's number, or what `snapshot()` gave, with a `genome`.");
    await this.dispose();
    this.#restored = snapshot.genome;
    this.#query = snapshot.query ?? this.#query;
    const program = typeof to === "number" ? `restore(${to})` : "restore(snapshot)";
    this.#node = this.#family.add(snapshot.node, { program, verdict: "survived", cause: "", genome: snapshot.genome });
    return this;
  }

  /** A new agent that begins with this one's genome after `step` steps (default: all survived ones). */
  fork({
    step = this.history.length - (this.alive ? 0 : 1),
    ...other
  }: { step?: number } & Partial<AgentOptions> = {}): AutonomousLLM {
    const { genome, query, node } = this.#after(step);
    const fork = new AutonomousLLM({
      ...this.options,
      ...(genome !== undefined && step > 0 && { genome }),
      ...(query !== undefined && { query }),
      ...other,
    });
    fork.#family = this.#family;
    fork.#node = node;
    fork.#nodes = [node];
    return fork;
  }

  /** The genome after a step, what it was asked then, and its place in the tree. */
  #after(step: number): { genome: readonly Gene[]; query: string | undefined; node: number } {
    if (!Number.isSafeInteger(step) || step < 0 || step > this.history.length)
      throw new AgentFailure(`There is no step ${step}: this agent has lived ${this.history.length}.`);
    const genome = step === 0 ? (this.options.genome ?? newbornGenome) : this.history[step - 1]!.report.genome;
    return { genome, query: this.history[step]?.query ?? this.#query, node: this.#nodes[step]! };
  }

  /** Ends the life and gives its place in the sandbox back. */
  async dispose(): Promise<void> {
    await this.#life?.close();
    this.#life = null;
  }

  async #think(signal: AbortSignal | undefined, view: LiveView | null): Promise<void> {
    const prompt = this.#query ?? "";
    const seed = (this.options.seed ?? 0) * 1_000_003 + this.history.length;
    try {
      const heard = view === null ? {} : { onText: (piece: string) => view.text(piece) };
      const { text, usage } = await this.#model.complete({ prompt, seed, ...(signal && { signal }), ...heard });
      const report = await this.#act(extractProgram(text), text, usage);
      this.#record(report, { prompt, output: text, usage, seed });
    } catch (error) {
      if ((error as { code?: unknown }).code !== "budget_exhausted") throw error;
      await this.#endFor(error as Error);
    }
  }

  /** Ends a life whose model may not be asked any more: a step without a program. */
  async #endFor({ message }: Error): Promise<void> {
    const cause = `the budget of the language model is spent: ${message}`;
    const { genome, response = "", query = "" } = this.history.at(-1)?.report ?? { genome: this.genome };
    const state = { query, response, genome: [...genome], changed: false };
    const step = this.history.length;
    const none = { effects: [], output: "", error: null, ms: 0 };
    const report: StepReport = { step, verdict: "budget_exhausted", alive: false, cause, ...none, ...state };
    this.#note({ query: this.#query ?? "", answer: "", program: "", report });
    await this.#life?.close({ verdict: report.verdict, cause });
    this.#life = null;
  }

  /** What a recording sandbox cannot see: the model's side of a step. */
  #record(
    report: StepReport,
    told: { prompt: string; output: string; usage: Completion["usage"]; seed: number },
  ): void {
    const { where, record } = (this.options.sandbox ?? {}) as Partial<Recorder>;
    const place = where?.(report) ?? null;
    if (place === null || record === undefined) return;
    const { prompt, output, usage, seed } = told;
    const tokens = { prompt: usage.promptTokens, output: usage.completionTokens };
    record.appendParts(place.episode, place.step, { prompt, output, tokens, seeds: { model: seed } });
  }

  async #act(program: string, answer: string, usage?: Completion["usage"]): Promise<StepReport> {
    if (!this.alive)
      throw new AgentFailure(
        `This agent is dead (${this.history.at(-1)!.report.verdict}): fork() it, or make another.`,
      );
    this.#life ??= await this.#beBorn();
    const query = this.#query ?? "";
    const report = await this.#life.step(program);
    this.#restored = null;
    this.#note({ query, answer, program, report, ...(usage && { usage }) });
    // The answer feeds the next question: what the agent asked for itself, else what the step printed or gave.
    const own = report.query !== "" && report.query !== (this.options.query ?? "") ? report.query : "";
    this.#query = own || report.output.trim() || report.response || query;
    if (!report.alive) await this.dispose();
    return report;
  }

  #note(step: LivedStep): void {
    const { program, report } = step;
    const { verdict, cause, genome } = report;
    this.history.push(step);
    this.#node = this.#family.add(this.#node, { program, verdict, cause, genome });
    this.#nodes.push(this.#node);
  }

  async #beBorn(): Promise<Life> {
    const { sandbox, limits, seed = 0 } = this.options;
    const genome = this.#restored ?? this.options.genome;
    const pool = sandbox ?? (await sharedSandbox());
    const callModel = async (query: string, how: { signal?: AbortSignal } = {}): Promise<string> =>
      extractProgram((await this.#model.complete({ prompt: query, seed, ...how })).text);
    return pool.open({
      seed,
      query: this.#query ?? "",
      callModel,
      ...(Object.keys(this.budget.limits).length > 0 && { budget: () => this.budget.view() }),
      ...(genome && { genome }),
      ...(limits && { limits }),
    });
  }

  async #askPerson(): Promise<string> {
    const ask = this.options.input ?? (globalThis as { input?: (question: string) => Promise<string> }).input;
    if (typeof ask !== "function")
      throw new AgentFailure(
        "The agent needs a first query: give `query`, or run it in a notebook, which asks for one.",
      );
    return ask("What shall the agent be told first?");
  }

  [displaySymbol](): MimeBundle {
    return showAgent(this);
  }
}

function showAgent(agent: AutonomousLLM): MimeBundle {
  const { history, alive, genome } = agent;
  const before = history.length > 1 ? history.at(-2)!.report.genome : (agent.options.genome ?? newbornGenome);
  const { added, changed } = compareGenomes(before, genome);
  const fresh = new Set([...added, ...changed]);
  const state = alive
    ? `alive after ${history.length} steps`
    : `dead: ${history.at(-1)!.report.verdict.replaceAll("_", " ")}`;
  const rows = genome.map(({ name, kind, source }) => {
    const body = source.includes("\n")
      ? `<pre>${escapeHtml(source)}</pre>`
      : `<code>${escapeHtml(source.slice(0, 200))}</code>`;
    return `<tr><td style="text-align:left">${escapeHtml(name)}${fresh.has(name) ? " <b>•</b>" : ""}</td><td style="text-align:left;opacity:.7">${kind}</td><td style="text-align:left">${body}</td></tr>`;
  });
  const steps = history.map(({ program, report }, i) => {
    const mark = report.alive ? "✓" : "✗";
    const said = report.alive ? escapeHtml(report.output.trim().slice(0, 120)) : `<b>${escapeHtml(report.cause)}</b>`;
    return `<tr><td>${i + 1}</td><td>${mark}</td><td style="text-align:left"><code>${escapeHtml(program.slice(0, 160))}</code></td><td style="text-align:left">${said}</td></tr>`;
  });
  const plain = [
    `AutonomousLLM (${agent.options.llm.name}), ${state}`,
    ...history.map(
      ({ program, report }, i) =>
        `  ${i + 1} ${report.alive ? "ok " : "END"} ${program.split("\n")[0]!.slice(0, 90)}${report.alive ? "" : ` → ${report.cause}`}`,
    ),
    ...(agent.options.budget === undefined ? [] : [`  cost: ${String(agent.budget)}`]),
    `  genome: ${genome.map(({ name }) => name).join(", ") || "newborn"}`,
  ];
  return {
    "text/html": `<div><b>AutonomousLLM</b> (${escapeHtml(agent.options.llm.name)}), ${state}<table><thead><tr><th>step</th><th></th><th style="text-align:left">program</th><th style="text-align:left">what came of it</th></tr></thead><tbody>${steps.join("")}</tbody></table>${agent.options.budget === undefined ? "" : `<div style="opacity:.7">${escapeHtml(String(agent.budget))}</div>`}<details><summary>genome: ${genome.length} genes (• changed by the last step)</summary><table><tbody>${rows.join("")}</tbody></table></details></div>`,
    "text/plain": plain.join("\n"),
  };
}
