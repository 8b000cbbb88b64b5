/** What is continued together, and what comes of it. Not here: how (`batch.ts`). */

import type { SamplingOptions } from "./sample.ts";
import type { HeldAdapter, KVCache } from "./types.ts";

/** Text that many prompts begin with, run once. */
export interface Prefix {
  ids: readonly number[];
  /** Of one row. */
  past: KVCache;
}

/** What is continued. */
export interface BatchRow extends SamplingOptions {
  /** After the prefix, as token ids; at least one. */
  prompt: readonly number[];
  /** Where its draws come from. */
  stream: { uniform(): number };
  /** 0 with `onRead` alone: nothing is drawn then. */
  maxTokens: number;
  /** Texts that end it; they are cut off its text. */
  stop?: readonly string[];
  /** Leaves the batch when it is aborted. */
  signal?: AbortSignal | undefined;
  /** Pad the prompt to this many tokens. @default none: only rows whose parts are of one length, pads included, are read together */
  padTo?: number | undefined;
  /**
   * Called while the prompt is read, for each of its tokens but the first: its index, and the logits that were there before it,
   * which are overwritten later. Reading takes longer with it.
   */
  onRead?: ((at: number, logits: Float32Array) => void) | undefined;
}

/** Some running rows before a draw. */
export interface StepLogits {
  /** Number of each row. */
  rows: readonly number[];
  /** Shape [rows, width]. */
  hidden: Float32Array;
  /** Shape [rows, vocabulary]. */
  logits: Float32Array;
}

/** A token that was drawn. */
export interface DrawnToken {
  row: number;
  id: number;
  /** Log-probability (nats) under the distribution that it was drawn from. */
  logProb: number;
  /** That distribution, not normalised: 0 where a token was not allowed. Overwritten at the next draw. */
  weights: Float64Array;
  /** The sum of the weights. */
  total: number;
  /** What it was drawn from. */
  logits: Float32Array;
  /** The row so far, this token included. */
  soFar: Generated;
}

/** One row's continuation. */
export interface Generated {
  /** Every token drawn, the one that ended the row included. */
  ids: number[];
  /** Without the end token and from the stop text on. */
  text: string;
  /** Log-probability (nats) of each id. */
  logProbs: number[];
  ended: "end" | "stop" | "length" | "cancelled";
}

/** New positions of some running rows, as they enter the first adapted block. */
export interface EnteringStates {
  /** Number of each row. */
  rows: readonly number[];
  /** New positions of each row, and how many of its first are pads. */
  length: number;
  pads: readonly number[];
  /** Shape [rows, length, width]. */
  entering: Float32Array;
}

/** How a batch is run. */
export interface BatchOptions {
  /** What changes the model's last blocks; the prefix is to have been run with it. @default nothing */
  adapter?: HeldAdapter | undefined;
  /** Called after each pass with what entered the first adapted block. */
  onEntering?: ((states: EnteringStates) => void) | undefined;
  /** What every prompt begins with. @default nothing */
  prefix?: Prefix | undefined;
  /** Called before each draw with the rows that were run together; may change `logits` ([rows, vocabulary]) in place. */
  onLogits?: ((step: StepLogits) => void) | undefined;
  /** Called after each draw. */
  onToken?: ((drawn: DrawnToken) => void) | undefined;
}

/** Rows on their way. */
export interface Batch {
  /** Adds a row, and gives its number: 0, 1, and so on. Throws a RangeError for one that makes no sense. */
  add(row: BatchRow): number;
  /** Rows that go on. */
  readonly running: number;
  /**
   * Draws one token for each row that has been read, and reads a part of those that have not; gives the rows that ended, and
   * forgets them.
   */
  step(): Promise<{ row: number; result: Generated }[]>;
}

/** A row on its way. */
export interface Running {
  number: number;
  row: BatchRow;
  result: Generated;
  /** Positions of its prompt that have been read, pads included. */
  read: number;
  /** Absent until a part has been read. */
  past?: KVCache;
}
