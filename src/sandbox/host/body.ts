/**
 * A body: what an agent is made of, and the language that it is written in. The host (pool, worker, life, verdict, locks)
 * knows no language; all that it must know of one is a `Body`, and each has a folder in `bodies/`. What a body runs in its
 * locked child is its own affair: the child reads the messages of `messages.ts` and answers with those of `reply.ts`.
 */

import type { Random } from "../../random/index.ts";
import type { BodyFacts, Level, PastStep, StepReport } from "../types.ts";
import type { Thrown } from "./reply.ts";
import type { Worker } from "./worker.ts";

/** One kind of body. */
export interface Body extends BodyFacts {
  /** The `api` of effects that are told without arguments since they are read and not called. */
  readonly reads: RegExp;
  /** What its process says on stderr when it was refused memory. */
  readonly outOfMemory: RegExp;
  /** True where a life that broke off leaves nothing in its process: others may go on in it. @default false */
  readonly isContained?: boolean;
  /** Makes what its processes need and this machine has not yet, before the first of them starts. `start` as for the reader. */
  prepare?(start: StartChild): Promise<void>;
  /** The process that its lives are in, for one that is to be locked up to a level. */
  child(level: Level): ChildPlan;
  /** Makes what reads the programs of one pool before they are sent; `start` starts a locked process for what is not safe to read here. */
  createReader(start: StartChild): Reader;
  /** Makes what draws the survival probes of one life. */
  createProbes(random: Random, life: { born: readonly string[]; longest: number }): Probes;
  /** A program's error with its line in the program's own count; `isSyntax`: our parser refused the program with these words. */
  readError(
    thrown: Thrown,
    step: { program: string; refused: string | null },
  ): { error: NonNullable<StepReport["error"]>; isSyntax: boolean };
}

/** A process of Node that runs one script, as its body wants it; the locks add what holds it. */
export interface ChildPlan {
  /** Flags of Node, and the script that is passed to it. */
  flags: readonly string[];
  script: string;
  /** The files that it opens. It can read no others. */
  files: readonly string[];
  /** The first line that it is given. */
  greeting: string;
  /** Most data that it may hold; null where its engine reserves more than it uses, and holds itself. */
  dataBytes: number | null;
}

/** Starts a process by its plan, locked as far as the pool is, and waits until it has greeted. */
export type StartChild = (plan: ChildPlan, options: { signal: AbortSignal }) => Promise<Worker>;

/** Reads programs, each once. */
export interface Reader {
  /**
   * A text that cannot be read comes back as it is: the child refuses it in its own words. Rejects with a SandboxFailure
   * where that is no fault of the text, and knows nothing of it then.
   */
  read(program: string): Promise<Prepared>;
  dispose(): Promise<void>;
}

/** A program as the child is given it. */
export interface Prepared {
  text: string;
  /** What it compiles to, so that the child, whose engine is slow, need not parse it; null where it must. */
  compiled: string | null;
  /** What it certainly does to the agent; null where that cannot be told. */
  foreseen: Foreseen | null;
}

/** What a program certainly does. */
export interface Foreseen {
  /** By member, as the genome names it, and `self.query`. Not those whose value depends on what was there. */
  members: ReadonlyMap<string, Expected>;
  /** Every member that it writes. */
  written: ReadonlySet<string>;
}

/** What one member must be after the program. */
export type Expected = { kind: "attribute" | "method"; source: string } | "gone" | "grown";

/** A life's probes. Steps must be asked for in their order; a step that is asked for again has the same. */
export interface Probes {
  of(step: number, lived: PastStep, program: Prepared): Probe[];
}

/** One probe: an ordinary program, whose effect is known, that the agent's executor is given beside its own. */
export interface Probe {
  program: string;
  compiled: string | null;
  /** Run before the step's own program, else after it. */
  before: boolean;
  /** For the body's child: how it sees what became of the program. */
  look: string;
}
