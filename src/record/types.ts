/** The words of a record: what is appended, and what is read back. File format: docs/formats.md. */

import type { Gene, Limits, PastStep, Rules, StepReport, Verdict } from "../sandbox/types.ts";

/** Plain data that JSON can say. */
export type Plain = string | number | boolean | null | readonly Plain[] | { readonly [key: string]: Plain | undefined };

/** How a life began: all that a replay needs besides its programs. */
export interface EpisodeStart {
  /** The seed of the life. @default 0 */
  seed?: number;
  /** The first query. @default "" */
  query?: string;
  /** The genome it began from. Absent: the newborn's. */
  genome?: readonly Gene[];
  /** What was lived in silence before the first step: another life's steps. `genome` and `seed` are then that life's. */
  past?: readonly PastStep[];
  /** The newborn's genome, if known: what the first step's edit is taken against. @default `genome` */
  born?: readonly Gene[];
  limits?: Partial<Limits>;
  /** True if executed code could call a model. @default false */
  asks?: boolean;
  /** The rules that its steps were judged by: a replay judges by the same. @default 1, the first */
  rules?: Rules;
  /** What the reader wants to find it by: policy, environment, run. */
  labels?: { readonly [name: string]: Plain };
  /** The episode it was forked from, and how. */
  forkOf?: { episode: number; step: number; without: "edit" | "nothing" };
}

/** One answer that executed code got from `self.call_LLM`, or the error it got instead. */
export interface ModelCall {
  query: string;
  answer?: string;
  error?: string;
}

/** What only the loop around the sandbox knows about a step. Every field may be absent. */
export interface StepParts {
  /** What the model was given, and what it wrote, before a program was taken from it. */
  prompt?: string;
  output?: string;
  /** Token counts, and the ids drawn. */
  tokens?: { prompt?: number; output?: number; ids?: readonly number[] };
  /** Log-probabilities (nats) of what was drawn. */
  logProbs?: readonly number[];
  /** The streams that the draws came from. */
  seeds?: { readonly [name: string]: string | number };
  /** Named parts of the reward; they sum to it. */
  rewards?: { readonly [name: string]: number };
}

/** What a step changed in the genome: names of genes. */
export interface GeneEdit {
  added: string[];
  changed: string[];
  deleted: string[];
}

/** How a life ended that its environment ended: of hunger, say. */
export interface Ending {
  verdict: Verdict;
  cause: string;
}

/** One step as it is appended. */
export interface StepEntry {
  program: string;
  report: StepReport;
  /** What the step's task ran on the agent before it; a replay does the same. */
  setup?: string;
  /** What the guest was shown of its budget: JSON whose keys keep their order, for the guest sees it. */
  budget?: string;
  calls?: readonly ModelCall[];
  parts?: StepParts;
}

/** One step as it is read. */
export interface RecordedStep {
  step: number;
  program: string;
  setup?: string;
  budget?: string;
  report: StepReport;
  calls: ModelCall[];
  parts: StepParts;
  /** Against the genome before; null where that is not known or the step left none. */
  edit: GeneEdit | null;
  /** SHA-256 of the genome after the step; null when it left none. */
  genome: string | null;
  /** Milliseconds since 1970 when it was appended. Not part of what a replay must reproduce, like `report.ms`. */
  at: number;
}

/** One line about an episode. */
export interface EpisodeSummary {
  id: number;
  seed: number;
  steps: number;
  /** Of the last step, or of whoever ended it; `survived` when there is none. */
  verdict: Verdict;
  cause: string;
  /** False: the program that wrote it was stopped before the end; its steps are as good as any. */
  complete: boolean;
  labels: { [name: string]: Plain };
  forkOf: EpisodeStart["forkOf"] | null;
}

/** One episode, whole. */
export interface RecordedEpisode extends EpisodeSummary {
  start: EpisodeStart;
  list: RecordedStep[];
  /** SHA-256 over everything but timings and labels: equal for equal lives, in any record. */
  digest: string;
}

/** What `verify` found. */
export interface Verification {
  ok: boolean;
  entries: number;
  genomes: number;
  /** The last hash of the chain: note it down and pass it as `head` later, and a cut tail is found too. */
  head: string;
  /** The entry that the file beside the record notes as the last one written; null where there is no such file. */
  kept: number | null;
  /** The first entry that is not as it was written. */
  broken: { entry: number; reason: string } | null;
}

/** Where a record ended at some moment: what comes later is appended behind it. */
export interface RecordPosition {
  /** The number of the last entry, 0 for none, and its hash. */
  entries: number;
  head: string;
  /** The last episode's id, 0 for none. */
  episodes: number;
}
