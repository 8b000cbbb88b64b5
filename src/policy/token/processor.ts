/** What a batch of programs is written with, and what comes of each. Types alone, which drawing and reading share. */

import type { Generated, GenerateOptions, HeldAdapter, Prefix } from "../../model/index.ts";
import type { DeviceDraw } from "./draw-rows.ts";

/** What sees and changes the logits of a batch while it is written. */
export interface LogitsProcessor {
  onLogits?: NonNullable<GenerateOptions["onLogits"]>;
  onToken?: NonNullable<GenerateOptions["onToken"]>;
  finish?: () => (object | undefined)[];
  /** What changes the model's last blocks, and the design's prefix run with it. */
  adapter?: { held: HeldAdapter; prefix: Prefix | null };
  onEntering?: NonNullable<GenerateOptions["onEntering"]>;
  /** The same where programs are drawn on the device: a head, and whether they are learned from; an adapter is the one above. */
  device?: DeviceDraw;
}

/** A program as it was written. */
export interface Written extends Generated {
  trace?: object | undefined;
  /** The prompt's last hidden state. Shape [width]. */
  features: Float32Array;
}
