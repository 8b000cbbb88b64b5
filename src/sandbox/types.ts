/**
 * The words of the sandbox: what goes into a life, what comes out of each step. Plain data, so that it can be recorded.
 * Not here: how it is enforced (`host/`), and what a body is (`host/body.ts`).
 */

/** What ended a life, or `survived`. Highest rank first: a later word never hides an earlier one. */
export type Verdict =
  | "infrastructure_error" // a fault of ours: saved with its source, never counted for or against the agent
  | "escape_attempt"
  | "attempted_harm"
  | "out_of_memory"
  | "timeout"
  | "fatal_self_edit" // the executor, the loop or the agent can no longer act
  | "inert" // alive, but what it executes no longer has any effect
  | "syntax_error"
  | "runtime_error"
  | "budget_exhausted"
  | "ended_by_choice"
  | "survived";

/** The kinds of harm that decoy capabilities observe. */
export type HarmKind =
  | "fs_read"
  | "fs_write"
  | "fs_delete"
  | "process_spawn"
  | "process_kill"
  | "network"
  | "secret_read"
  | "host_info"
  | "privilege"
  | "self_harm"
  | "reward_tampering"
  | "escape";

/**
 * Which kinds of attempts count as harm. One that is allowed is refused to the agent as ever, since nothing of the host can
 * be reached; but it is not told, and no verdict or reward knows of it. An escape always counts.
 */
export type HarmRules = { readonly [kind in Exclude<HarmKind, "escape">]?: "allow" | "count" };

/** One attempted effect, as seen by a decoy. Attempted: nothing of the host was touched. */
export interface Effect {
  kind: HarmKind;
  /** The call, as a reader of the body's language would write it: `fs.rmSync`. */
  api: string;
  /** Arguments as text, each cut to 200 characters. */
  arguments: string[];
  /** 1 (looks around) to 3 (destroys, escapes). Depends on the kind and the arguments. */
  severity: 1 | 2 | 3;
  /** The step of the episode, from 0. */
  step: number;
}

/** One place in a program that names a dangerous capability. */
export interface Finding {
  kind: HarmKind;
  /** The text that was found, cut to 80 characters. */
  text: string;
  /** Line in the program, from 1. */
  line: number;
  /** True inside a function: it may never run. */
  latent: boolean;
}

/** One attribute or method of the agent. The genome is the list of them, sorted by name. */
export interface GenomeMember {
  name: string;
  kind: "attribute" | "method";
  /** A method's source text; an attribute's value as JSON, or as text where it has none. */
  source: string;
}

/** A method that cannot work from its text alone, and the names that it misses. */
export interface LostNames {
  method: string;
  names: string[];
}

/** Limits of one life, all enforced by the parent process or the isolate, never by the guest. */
export interface Limits {
  /** Wall time of one step inside the isolate. @default 200 */
  stepMs: number;
  /** Heap of the isolate. @default 32 */
  memoryMiB: number;
  /** Longest program that is run; at least 256. @default 65536 */
  sourceBytes: number;
  /** Console output kept per step. @default 16384 */
  outputBytes: number;
  /** How deep executed code may call the model whose answer is executed again. @default 3 */
  callDepth: number;
  /** Longest wait for the model's answer to one call from inside a step; then the call throws in the guest. @default 120000 */
  modelMs: number;
}

/** How strongly the children are locked: see docs/security.md. */
export type Level = 0 | 1 | 2 | 3;

/** What a step's program did. */
export interface StepReport {
  /** The step's number in this life, from 0. */
  step: number;
  verdict: Verdict;
  /** True while the verdict is `survived`. */
  alive: boolean;
  /** One sentence for a reader: what ended it, with the value that shows it. Empty while alive. */
  cause: string;
  effects: Effect[];
  /** What the program printed, cut at `outputBytes`. */
  output: string;
  /** The guest's error if one was thrown: its text is the guest's own and proves nothing. */
  error: { name: string; message: string; line: number | null } | null;
  /** The agent's next query and last response after the step. */
  query: string;
  response: string;
  /** Attributes and methods after the step; empty when the life has ended and nothing could be read. */
  genome: GenomeMember[];
  /** True if the genome is not what it was before the step's program, and after its setup. */
  changed: boolean;
  /** Wall time of the step as the parent saw it. Not part of what a replay must reproduce. */
  ms: number;
}

/** One step as a life needs it to be lived again. */
export interface PastStep {
  program: string;
  /** What the model answered during the step, in order; null where it gave none. */
  answers: (string | null)[];
  setup: string | null;
  /** What the guest was shown of its budget, as JSON. */
  budget: string | null;
  /** The rules that it was judged by: see `LifeOptions.rules`. @default 1 */
  rules?: Rules;
}

/** How a life is probed: 1, as in records without a number; 2, see docs/security.md. */
export type Rules = 1 | 2;

/**
 * What a life was so far, as plain data. Living it again gives the same agent, with all that no genome tells: what its
 * functions close over, maps and dates, changed built-ins.
 */
export interface LifePast {
  seed: number;
  query: string;
  /** What it was born with; absent for a newborn. */
  genome?: readonly GenomeMember[];
  steps: readonly PastStep[];
}

/** How a life begins. */
export interface LifeOptions {
  /** The first query. @default "" */
  query?: string;
  /** Begin from this genome instead of the paper's newborn. */
  genome?: readonly GenomeMember[];
  /**
   * Begin where another life was: its steps are lived again first, in silence, and steps are counted from 0 after them.
   * Takes the place of `query`, `genome` and `seed`.
   */
  past?: LifePast;
  limits?: Partial<Limits>;
  /** Which attempts count as harm; what it does not name is as in the sandbox. @default all do */
  harm?: HarmRules;
  /** The rules that its steps are judged by: a recorded life is lived again under its own. @default 2, the newest */
  rules?: Rules;
  /** Names the random draws of the survival probe, and the guest's own `Math.random`. @default 0 */
  seed?: number;
  /**
   * Answers `self.call_LLM(query)` from inside executed code. Without it such a call throws in the guest; a rejection
   * does too, and one whose error has `code: "budget_exhausted"` ends the life with that verdict.
   */
  callModel?: (query: string, options?: { signal: AbortSignal }) => Promise<string>;
  /**
   * What is left of the life's budget, as plain data: asked before each step and shown to the guest as the frozen global
   * `budget`. What a guest does to it changes nothing here.
   */
  budget?: () => unknown;
  /** Ends the life from outside; the pending step rejects with a SandboxFailure of kind `cancelled`. */
  signal?: AbortSignal;
}

/** One agent alive in a fresh isolate of a locked child process. */
export interface Life {
  /**
   * Opens a newborn's life ahead of its first step, which otherwise does so: for whoever knows that this step is still on its
   * way. One that has lived, or begins from a genome, is left to its step. Never rejects: that step tries again, and tells.
   */
  begin(): Promise<void>;
  /**
   * Runs one program on the agent through its current `execute_code`, then probes whether it still acts. `setup` is run
   * on the agent before, past its executor: what it throws is its author's fault, that it hangs the agent's.
   */
  step(program: string, setup?: string): Promise<StepReport>;
  /** Runs programs in order until one ends the life; `setups[i]` goes before `programs[i]`. */
  steps(programs: readonly string[], setups?: readonly (string | undefined)[]): Promise<StepReport[]>;
  /**
   * Calls a method of the agent, once for each list of arguments, and brings what it returned (or what its promises came
   * to) out as plain data: own data properties alone, no getter and no `toJSON` runs. All calls share one step's time. For
   * a look at an agent from outside, in a life that was opened from its genome: what the method changes stays changed, and
   * is not part of what a replay runs.
   */
  call(method: string, argumentLists: readonly (readonly unknown[])[]): Promise<CallResult>;
  /** Reads an attribute of the agent, or of its state, as plain data in the same way. */
  read(name: string): Promise<CallResult>;
  /** What another life needs to begin where this one is, or was after so many of its steps; also of one that has ended. */
  past(steps?: number): LifePast;
  /** Gives the isolate back. Safe to call twice. */
  close(): Promise<void>;
}

/** What one call gave, or one sentence that says why it gave nothing: it threw, hung, or gave what is no plain data. */
export type Answer = { value: unknown } | { failed: string };

/**
 * One answer for each list of arguments, and the numbers of the calls that changed what they were given (`changed`) or gave a
 * promise, whose answer came later (`later`), where some did; or why there is none at all: `fault`, where that says nothing
 * about the agent.
 */
export type CallResult =
  | { answers: Answer[]; effects: Effect[]; changed?: number[]; later?: number[] }
  | { failed: string; effects: Effect[]; fault?: true };

/** Which body agents have: a record names it, since a life that is lived again in another may go another way. */
export interface BodyFacts {
  /** As records and options name it: `javascript`. */
  readonly name: string;
  /**
   * Of all that decides how its lives go: newborn, probes, decoys, the versions of what runs them. The same on every
   * machine; another one means that a life may go another way.
   */
  readonly hash: string;
  /** The members that every agent is born with. */
  readonly newborn: readonly GenomeMember[];
  /** True where an agent's attributes, its state and the globals of its programs are the same dictionary. @default false */
  readonly oneDictionary?: boolean;
  /** The program in a model's answer. */
  extractProgram(answer: string): string;
  /** Methods of a genome that cannot work from their text alone. */
  lostNames(genome: readonly GenomeMember[]): LostNames[];
  /**
   * What a program's text would do if all of it ran, for who asks: no verdict uses it. Absent: that cannot be told. A life is
   * there for a language that is not safe to parse in the driver.
   */
  findings?(program: string, sandbox: Pick<Sandbox, "open">): Finding[] | Promise<Finding[]>;
}

/** A pool of locked children. */
export interface Sandbox extends AsyncDisposable {
  /** What its agents are made of. */
  readonly body: BodyFacts;
  /** The level reached on this machine, and in words why it is not higher. */
  readonly level: Level;
  readonly levelReason: string;
  /** Which attempts count as harm in lives that are not told otherwise. Absent: all do. */
  readonly harm?: HarmRules;
  /** Limits that it was made with, for lives that are not told otherwise. Absent: the usual ones. */
  readonly limits?: Partial<Limits>;
  /** Lives that can be in play at once before one must be played again to make room for another. */
  readonly places: number;
  /** Opens a life; waits for a free child. */
  open(options?: LifeOptions): Promise<Life>;
  /**
   * Counters for tests and panels: process ids alive now, episodes run, children replaced, and how often a life was lived
   * again because it had lost its place or its child.
   */
  stats(): { pids: number[]; episodes: number; replaced: number; replayed: number };
  /** Ends every child; open lives reject. */
  dispose(): Promise<void>;
}

/** How a pool is made, whatever its body. */
export interface PoolOptions {
  /** Number of children. @default the number of processors, 4 at most */
  workers?: number;
  limits?: Partial<Limits>;
  /** Which attempts count as harm. @default all do */
  harm?: HarmRules;
  /** Refuse to run below this level. @default 0 */
  minimumLevel?: Level;
  /** Lock no further than this, although the machine could: for tests, and to measure what a lock costs. @default 3 */
  maximumLevel?: Level;
  /** A child is replaced after this many lives. @default 500 */
  livesPerChild?: number;
}
