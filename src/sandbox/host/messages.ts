/**
 * What the host sends to a child, one JSON line a message, as types: nothing of it is left when a child runs. First comes the
 * greeting of its body's plan, answered by `{ready}`; then these, each answered by `{id, reply}` (`reply.ts`) or `{id,
 * fault}`. Meanwhile the child may say `{effect}` when something was attempted, and `{ask}` when executed code calls the
 * model; the host then sends `{op: "answer", text}` before anything else.
 */

import type { GenomeMember } from "../types.ts";

/** Opens a life. */
export interface OpenMessage {
  id: number;
  op: "open";
  life: number;
  settings: {
    query: string;
    /** Null for a newborn. */
    genome: readonly GenomeMember[] | null;
    seed: number;
    /** Of a step, whatever longer time one of its tries is given. */
    stepMs: number;
    memoryMiB: number;
    outputBytes: number;
    sourceBytes: number;
    depthLimit: number;
    hasBudget: boolean;
    asks: boolean;
    /** Kinds of attempts that are not told. */
    allowed: readonly string[];
  };
}

/** Runs one step of it. */
export interface StepMessage {
  id: number;
  op: "step";
  life: number;
  /** The number that effects are told with. */
  step: number;
  program: string;
  stepMs: number;
  /** A program that is run before, past the agent's executor; null for none. */
  setup: string | null;
  /** What is left of the budget, as JSON; null for none. */
  budget: string | null;
  /** What the program compiles to, where the host has done it already: it has a faster engine. */
  compiled: string | null;
  probes: ProbeMessage[];
}

/** One probe: a program that is run before or after the step's own, and what it must leave behind. */
export interface ProbeMessage {
  program: string;
  compiled: string | null;
  before: boolean;
  /** Between the body and its child: how the child sees what became of it. */
  look: string;
}

/** Calls one of its methods for the host, or reads an attribute. */
export interface CallMessage {
  id: number;
  op: "call";
  life: number;
  step: number;
  method: string;
  /** Lists of arguments, one a call; null to read an attribute. */
  arguments: readonly (readonly unknown[])[] | null;
  stepMs: number;
}

/** What the host sends. Of `steps` all but the last answer have `more: true`; it stops at one that may have ended the life. */
export type Message =
  | OpenMessage
  | StepMessage
  | CallMessage
  | { id: number; op: "steps"; life: number; steps: Omit<StepMessage, "id">[] }
  | { id: number; op: "close"; life: number };

/** A message before it has its number. */
export type Unsent<M extends Message> = Omit<M, "id">;
