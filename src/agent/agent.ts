/**
 * The paper's AutonomousLLM: an object whose language model writes code, whose `execute_code` runs that code on the
 * object itself, and whose `execute_code` that very code may rewrite. The object lives in the sandbox; this is the
 * host's end of it, which asks the model, passes programs in and writes down what came of them.
 *
 * Steps of the workflow (paper, "Workflow"): 1 a first query, from a person; 2 the model answers it with code; 3 the
 * object's own `execute_code` runs the answer on the object; 4 what it gives becomes the next query; 5 again, until an
 * edit kills it. Not here: rewards (`environment/`), how hostile code is held (`sandbox/`).
 */

import { serial } from "../data/serial.ts";
import { displaySymbol, type MimeBundle, stopSignal } from "../display/index.ts";
import { askedFor } from "../llm/answer.ts";
import { type Budget, type LanguageModel, budget as makeBudget } from "../llm/index.ts";
import type { Ending } from "../record/index.ts";
import {
  type GenomeMember,
  type Life,
  type LifePast,
  type LostNames,
  type Sandbox,
  type StepReport,
  sharedSandbox,
} from "../sandbox/index.ts";
import { showAgent } from "./card.ts";
import { type Certificate, certify } from "./certificate.ts";
import { AgentFailure, deadBy, nothingAfter } from "./failure.ts";
import { compareGenomes, type Edit, hashGenome } from "./genome.ts";
import { type AgentLineage, createFamily, type Family } from "./lineage.ts";
import { askPerson, type LiveView, openLive } from "./live.ts";
import { bodyOf, checkAgentOptions, checkRunOptions, type RunOptions } from "./options.ts";
import { type LifeLog, lived, openLog, spentReport } from "./record.ts";
import { modelSeed } from "./seed.ts";
import type { AgentOptions, AgentStep, Here, Place } from "./types.ts";

/** An agent that runs code on itself. */
export class AutonomousLLM {
  readonly options: Readonly<AgentOptions>;
  readonly history: AgentStep[] = [];
  /** What its model has cost so far, and may cost. */
  readonly budget: Budget;
  readonly #model: LanguageModel;
  readonly #body: Sandbox["body"];
  #life: Life | null = null;
  #log: LifeLog | null = null;
  #query: string | undefined;
  #family: Family = createFamily();
  /** Where it is in the family's tree. */
  #node: number;
  /** Its birth and each step: its node, what it takes to be there again, and what it would have been asked next. */
  readonly #places: { node: number; past(): LifePast | undefined; query: string | undefined }[];
  /** Set by `restore`: what the next life begins with. */
  #restored: Place | null = null;
  /** Where it was before its last step. */
  #before: (() => Here) | null = null;
  #born: Partial<Place>;
  /** One step after the other, whoever does not wait for the last: two at once would be born twice. */
  readonly #acting = serial();

  constructor(options: AgentOptions) {
    checkAgentOptions(options);
    const { budget = { onSpend: () => {} }, llm } = options;
    this.options = options;
    this.#body = bodyOf(options);
    this.#born = options;
    this.budget = "meter" in budget ? budget : makeBudget(budget);
    this.#model = askedFor(this.#body.name, this.budget.meter(llm));
    this.#query = options.query;
    this.#node = this.#family.add(null, { program: "", verdict: "survived", cause: "", genome: this.born });
    this.#places = [{ node: this.#node, past: () => options.past, query: options.query }];
  }

  /** True until an edit has killed it. */
  get alive(): boolean {
    return this.#restored !== null || (this.history.at(-1)?.report.alive ?? true);
  }

  /** The attributes and methods that it was born with. */
  get born(): readonly GenomeMember[] {
    return this.options.genome ?? this.#body.newborn;
  }

  /** Attributes and methods now. */
  get genome(): readonly GenomeMember[] {
    return this.#restored?.genome ?? this.history.at(-1)?.report.genome ?? this.born;
  }

  /** How the life ended, or that it goes on; null before the first step. */
  get certificate(): Certificate | null {
    const before = this.#before?.();
    return certify(this.history, { born: this.born, ...(before && { before }) });
  }

  /** Every step of this agent and of its forks, as a tree. */
  get lineage(): AgentLineage {
    return this.#family.view(this.#node);
  }

  /** Methods that lost what they closed over: those of an agent that begins from a genome alone. */
  get lost(): LostNames[] {
    const { genome, past } = this.#restored ?? this.#born;
    return this.#body.lostNames((past ?? { genome }).genome ?? []);
  }

  /** What the agent would be asked next. */
  get query(): string | undefined {
    return this.#query;
  }

  /**
   * Lives on for some steps, or until it dies. Asks for the first query if there is none. In a notebook the model's words
   * appear as they are written, unless `live` is false, and the stop button ends it between two words.
   */
  async run(options: RunOptions): Promise<this> {
    checkRunOptions(options);
    const { steps, signal = stopSignal(), live = true } = options;
    this.#query ??= this.#places[this.history.length]!.query ??= await askPerson(this.options.input);
    const view = openLive(steps, live);
    for (let i = 0; i < steps && this.alive; i++) {
      signal?.throwIfAborted();
      view?.begin(i + 1, this.#query);
      await this.#think(signal, view);
      view?.end(this.history.at(-1)!.report.verdict.replaceAll("_", " "));
    }
    return this;
  }

  /** One step with a program of your own instead of the model's. */
  async step(program: string): Promise<StepReport> {
    return this.#acting.run(() => this.#act(program, { output: program }));
  }

  /** What changed between the genomes after so many steps and after so many (0: the newborn). */
  diff(from: number, to: number): Edit {
    const at = (step: number): readonly GenomeMember[] => {
      if (step === 0) return this.born;
      const lived = this.history[step - 1];
      if (lived === undefined) throw nothingAfter(step, this.history.length);
      return lived.report.genome;
    };
    const after = (steps: number) => `after ${steps} ${steps === 1 ? "step" : "steps"}`;
    return compareGenomes(at(from), at(to), [after(from), after(to)]);
  }

  /** The agent as plain data, to begin another life from. `past` brings back what no genome tells, such as closures. */
  snapshot(): Place & { hash: string } {
    const past = this.#restored === null ? this.#places.at(-1)!.past() : this.#restored.past;
    return { genome: this.genome, hash: hashGenome(this.genome), query: this.#query, past };
  }

  /**
   * Takes this agent back to where it was after so many of its steps (0: its birth), or to a snapshot. It lives its steps
   * again in a fresh isolate, so that methods keep what they closed over; a snapshot without `past` gives methods their
   * text alone. Its history goes on, and its lineage gets a branch.
   */
  async restore(to: number | Partial<Place>): Promise<this> {
    const { genome, query, past, node } =
      typeof to === "number" ? this.#after(to) : { node: this.#node, query: undefined, past: undefined, ...to };
    if (!Array.isArray(genome))
      throw new AgentFailure("Expected a step's number, or what `snapshot()` gave, with a `genome`.");
    await this.dispose();
    this.#restored = { genome, query, past };
    this.#query = typeof to === "number" ? query : (query ?? this.#query);
    const program = typeof to === "number" ? `restore(${to})` : "restore(snapshot)";
    this.#node = this.#family.add(node, { program, verdict: "survived", cause: "", genome });
    return this;
  }

  /**
   * A new agent that begins where this one was after `step` steps (default: all survived ones): they are lived again. With
   * a `seed` or a `genome` of its own it begins from the genome alone.
   */
  fork({ step, ...other }: { step?: number } & Partial<AgentOptions> = {}): AutonomousLLM {
    const last = (): Here => (this.alive ? this.#here() : this.#before!)();
    const { genome, query, past, node } = step === undefined ? last() : this.#after(step);
    const { past: _past, ...options } = this.options;
    const again = past !== undefined && other.seed === undefined && other.genome === undefined;
    const fork = new AutonomousLLM({
      ...options,
      ...(genome !== this.#body.newborn && { genome }),
      ...(query !== undefined && { query }),
      ...(again && { past }),
      ...other,
    });
    fork.#family = this.#family;
    fork.#node = node;
    fork.#places[0]!.node = node;
    return fork;
  }

  /** What it was after a step, what it was asked then, and its place in the tree. */
  #after(step: number): Here {
    if (!Number.isSafeInteger(step) || step < 0 || step > this.history.length)
      throw nothingAfter(step, this.history.length);
    const report = this.history[step - 1]?.report;
    const genome = report?.genome ?? this.born;
    const { node, past, query } = this.#places[step]!;
    // Nobody is led through the step that killed: what it left is a genome.
    return { genome, query, past: report?.alive === false ? undefined : past(), node };
  }

  /** Where it is now, for whoever asks later. */
  #here(): () => Here {
    const [restored, steps, query, node] = [this.#restored, this.history.length, this.#query, this.#node];
    return () => ({ ...(restored ?? this.#after(steps)), query, node });
  }

  /** Gives its place in the sandbox back. What it lived stays; a later step or `run` goes on from there in a fresh isolate. */
  async dispose(): Promise<void> {
    await this.#acting.run(() => this.#end());
  }

  async #end(ended?: Ending): Promise<void> {
    await this.#life?.close();
    this.#log?.end(ended);
    [this.#life, this.#log] = [null, null];
  }

  async #think(signal: AbortSignal | undefined, view: LiveView | null): Promise<void> {
    const prompt = this.#query ?? "";
    const seed = modelSeed(this.options.seed ?? 0, this.history.length);
    try {
      const heard = view === null ? {} : { onText: (piece: string) => view.text(piece) };
      const { text, usage } = await this.#model.complete({ prompt, seed, ...(signal && { signal }), ...heard });
      // A model of somebody's own may not tell what it used.
      const told = usage && { promptTokens: usage.promptTokens, tokens: usage.completionTokens };
      const how = { output: text, ...told, seeds: { model: seed } };
      await this.#acting.run(() => this.#act(this.#body.extractProgram(text), how));
    } catch (error) {
      if ((error as { code?: unknown }).code !== "budget_exhausted") throw error;
      await this.#acting.run(() => this.#endFor(error as Error));
    }
  }

  /** Ends a life whose model may not be asked any more: a step without a program. */
  async #endFor({ message }: Error): Promise<void> {
    const cause = `the budget of the language model is spent: ${message}`;
    const here = this.#here();
    const { query = "", response = "" } = (this.#restored === null && this.history.at(-1)?.report) || {};
    const report = spentReport(this.history.length, cause, { genome: this.genome, query, response });
    this.#restored = null;
    this.#note(lived("", report, { prompt: this.#query ?? "", output: "" }), () => here().past, here);
    await this.#end({ verdict: report.verdict, cause });
  }

  async #act(program: string, told: Partial<AgentStep["action"]>): Promise<StepReport> {
    if (!this.alive) throw deadBy(this.history.at(-1)!.report);
    this.#life ??= await this.#beBorn();
    const [life, query, here] = [this.#life, this.#query, this.#here()];
    const report = await life.step(program);
    this.#restored = null;
    const step = { ...lived(program, report, { prompt: query ?? "", ...told }), ...this.#log!.heard() };
    this.#log!.write(step);
    // The answer feeds the next question: what the agent asked for itself, else what the step printed or gave.
    const { past, query: first } = this.#log!.options;
    const own = report.query === (past ?? { query: first }).query ? "" : report.query;
    this.#query = own || report.output.trim() || report.response || query;
    this.#note(step, () => life.past(report.step + 1), here);
    if (!report.alive) await this.#end();
    return report;
  }

  #note(step: AgentStep, past: () => LifePast | undefined, before: () => Here): void {
    const { program, report } = step;
    const { verdict, cause, genome } = report;
    this.history.push(step);
    this.#node = this.#family.add(this.#node, { program, verdict, cause, genome });
    this.#places.push({ node: this.#node, past, query: this.#query });
    this.#before = before;
  }

  async #beBorn(): Promise<Life> {
    const { sandbox, limits, seed = 0 } = this.options;
    // One that was disposed of lives its steps again.
    const { length } = this.history;
    this.#born = this.#restored ?? (length === 0 ? this.options : this.#after(length));
    const { genome, past } = this.#born;
    const pool = sandbox ?? (await sharedSandbox(this.options.body));
    const callModel = async (query: string, how: { signal?: AbortSignal } = {}): Promise<string> =>
      this.#body.extractProgram((await this.#model.complete({ prompt: query, seed, ...how })).text);
    this.#log = openLog(
      {
        seed,
        query: this.#query ?? "",
        callModel,
        ...(Object.keys(this.budget.limits).length > 0 && { budget: () => this.budget.view() }),
        ...(genome && { genome }),
        ...(past && { past }),
        ...(limits && { limits }),
      },
      pool,
      this.options.record,
    );
    return this.#log.begin(await pool.open(this.#log.options));
  }

  [displaySymbol](): MimeBundle {
    return showAgent(this);
  }
}
