/** What the parent sends to its child, as types: nothing of it is left when the child runs. Protocol: `main.ts`. */

/** Opens a life. */
export interface OpenMessage {
  id: number;
  op: "open";
  life: number;
  settings: {
    query: string;
    genome: unknown;
    seed: number;
    memoryMiB: number;
    outputBytes: number;
    sourceBytes: number;
    depthLimit: number;
    hasBudget: boolean;
    asks: boolean;
  };
}

/** Runs one step of it. */
export interface StepMessage {
  id: number;
  op: "step";
  life: number;
  step: number;
  program: string;
  stepMs: number;
  /** A program that is run before, past the agent's executor; null for none. */
  setup: string | null;
  /** What is left of the budget, as JSON; null for none. */
  budget: string | null;
  /** What the program compiles to, where the parent has done it already: it has a faster engine. */
  compiled: string | null;
  probes: ProbeMessage[];
}

/** One probe: a program that is run before or after the step's own, and what it must leave behind. */
export interface ProbeMessage {
  program: string;
  compiled: string | null;
  before: boolean;
  /** JSON: what it must leave behind (`expected`), what is taken away again (`names`), whether it calls nothing (`plain`). */
  look: string;
}

/** Calls one of its methods for the host. */
export interface CallMessage {
  id: number;
  op: "call";
  life: number;
  step: number;
  method: string;
  /** JSON: lists of arguments, and each call as a program would write it; empty to read an attribute. */
  arguments: string;
  stepMs: number;
}

/** What the parent sends. */
export type Message =
  | OpenMessage
  | StepMessage
  | CallMessage
  | { id: number; op: "steps"; life: number; steps: StepMessage[] }
  | { id: number; op: "close"; life: number };
