/** What a token policy is made by, and what it is: types alone, which its kinds share. */

import type { Decoder, EngineOptions, PromptDesign } from "../../model/index.ts";
import type { Action, FreeText, Policy, TrainablePolicy } from "../types.ts";
import type { AdapterOptions } from "./adapter/weights.ts";
import type { Calibration } from "./calibrate.ts";
import type { AskedElsewhere, WrittenElsewhere } from "./elsewhere.ts";
import type { ProgramGeneratorOptions } from "./generator.ts";
import type { HeadOptions } from "./head.ts";

/** How a token policy is made. */
export interface TokenPolicyOptions extends HeadOptions, ProgramGeneratorOptions {
  /**
   * What learns: `head`, a change of the odds of tokens after the model, or an adapter of its last blocks, of a decoder that was
   * opened with as many `adaptedBlocks`. What else is here about the token subset and calibration is the head's alone. @default "head"
   */
  adapter?: "head" | AdapterOptions;
  /** What the model is asked in calibration: training asks only. An adapter needs none. */
  asks?: readonly string[];
  /**
   * Which tokens the head changes: `sampled` (those that the frozen model uses when asked the above), `all`, or token ids.
   * @default "sampled"
   */
  tokenSubset?: "sampled" | "all" | readonly number[];
  /** Programs drawn to calibrate. @default 256 */
  samples?: number;
  /** What calibration found before, of the same model and prompt; none is made then. */
  calibration?: Pick<Calibration, "tokenSubset" | "mean" | "deviation">;
}

/** A token policy: a frozen model, and a head or an adapter that learns. */
export interface TokenPolicy extends TrainablePolicy {
  readonly decoder: Decoder;
  readonly prompt: PromptDesign;
  /** What the logits are divided by when it draws. */
  readonly temperature: number;
  /** Token ids of the head's tokens; none with an adapter. */
  readonly tokenSubset: readonly number[];
  /** A copy that does not learn; at another temperature than the policy's where one is given. */
  frozen(options?: { temperature?: number }): Policy;
  /** The frozen model alone, without the head; at another temperature than the policy's where one is given. */
  pretrained(options?: { temperature?: number }): Policy;
  /** The model with its head as it is now, for other texts than programs. */
  freeText(): Promise<FreeText>;
  /** What was learned, as it is now, as options of an engine on the decoder: for serving it. */
  steering(): Promise<Steering>;
  /** Writes an adapter as it is now into a folder, as PEFT does (safetensors and a config); absent with a head. */
  saveAdapter?(folder: string): Promise<void>;
  /**
   * Writes the model with its adapter as it is now merged in, float32, into a folder that Transformers opens, and `openModel`;
   * absent with a head.
   */
  saveMerged?(folder: string): Promise<void>;
  /** How another who has the same weights is asked for its programs. */
  asked(observations: readonly unknown[]): Promise<AskedElsewhere>;
  /**
   * Programs that another wrote, as actions to learn from: the model that is here reads their tokens (a teacher-forced pass).
   * With each the log-probabilities of its tokens before temperature and cuts, to be compared with what the other tells.
   */
  read(
    observations: readonly unknown[],
    written: readonly WrittenElsewhere[],
  ): Promise<{ action: Action; modelLogProbs: readonly number[] }[]>;
  /** Tokens drawn so far, and the seconds that took. */
  readonly spent: { tokens: number; seconds: number };
}

/** What steers a decoder: a head changes its logits, an adapter its last blocks. */
export type Steering = Pick<EngineOptions, "onLogits" | "adapter">;
