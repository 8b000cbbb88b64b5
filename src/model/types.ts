/**
 * A decoder-only language model that is only run, never trained: weights from disk, on ONNX Runtime. What a policy, a
 * LanguageModel and a server stand on. Not here: sampling (`sample.ts`), anything that learns.
 */

import type { displaySymbol, MimeBundle } from "../display/index.ts";
import type { LeastTokens } from "./least.ts";
import type { Dtype } from "./matmul.ts";
import type { ChatTemplate } from "./template.ts";

/** The shape of a decoder. */
export interface ModelConfig {
  /** The name of its family: `architectures/`. */
  family: string;
  layers: number;
  /** Width of the hidden state. */
  width: number;
  heads: number;
  /** Heads of keys and values; fewer than `heads` with grouped-query attention. */
  kvHeads: number;
  headWidth: number;
  feedForward: number;
  vocabulary: number;
  /** Most positions. */
  context: number;
  /** True if the output weight is the embedding. */
  tied: boolean;
  normEpsilon: number;
  /** Biases in the projections to queries, keys and values (Qwen2). @default false */
  attentionBias?: boolean;
  /** Rotary base; absent with learned positions. */
  ropeTheta?: number;
  activation: "gelu_new" | "gelu" | "quick_gelu" | "silu" | "relu" | "tanh";
  /** How the rotary frequencies are changed. @default not at all */
  rope?: RopeScaling;
  /** A bias after the heads are mixed, and biases in the feed-forward part (Llama). @default false */
  outputBias?: boolean;
  feedBias?: boolean;
  /** Layers that look at the last `size` positions alone (Qwen2). @default none */
  window?: { size: number; layers: readonly number[] };
  /** Scores are not divided by the root of a head's width (GPT-2). @default false */
  unscaled?: boolean;
  /** Scores of layer i are divided by i + 1 (GPT-2). @default false */
  scaledByLayer?: boolean;
}

/** How rotary frequencies are changed (`rope.ts`). `original` is the length that the model was trained on. */
export type RopeScaling =
  | { kind: "linear"; factor: number }
  | { kind: "dynamic"; factor: number; original: number }
  | { kind: "llama3"; factor: number; lowFactor: number; highFactor: number; original: number }
  /** `attention` multiplies cosines and sines. */
  | {
      kind: "yarn";
      factor: number;
      attention: number;
      betaFast: number;
      betaSlow: number;
      truncate: boolean;
      original: number;
    }
  /** Each frequency by a number of its own: what llama.cpp makes of llama3. */
  | { kind: "divided"; by: readonly number[] };

/** A token by itself. */
export interface TokenPiece {
  /** As the tokenizer calls it. */
  name: string;
  /** What it stands for within a text, which may be part of a character; null for a token that stands for no text. */
  bytes: Uint8Array | null;
}

/** Makes ids of each text. Rejects with the signal's reason when it is aborted. */
export type EncodeAll = (texts: readonly string[], signal?: AbortSignal) => Promise<number[][]>;

/** Text to token ids and back. */
export interface Tokenizer {
  /** Number of ids. */
  readonly size: number;
  /** Ids that end a text. */
  readonly end: readonly number[];
  /** Ids that every text begins with, as the tokenizer's post-processor has it. @default none */
  readonly begin?: readonly number[];
  /** Texts that stand for special tokens wherever they are written. @default none */
  readonly special?: readonly string[];
  /** The model's own chat template; absent if its files have none. */
  readonly chat?: ChatTemplate | undefined;
  /** The prompt design that the model was trained on, by its name in `data/prompts/`; absent for models of others. */
  readonly prompt?: string;
  /** The name or the path that its model was opened by. */
  readonly source?: string;
  encode(text: string): number[];
  /** As `encode`, of each; long texts in a thread of their own, so that this one stays free. @default `encode` */
  readonly encodeAll?: EncodeAll;
  /** A number of tokens that a text has at least, told at once from its length. @default 0, which says nothing */
  readonly least?: LeastTokens;
  decode(ids: readonly number[]): string;
  /** One token by itself. */
  piece(id: number): TokenPiece;
}

/** Keys and values of the positions that one row has seen. Opaque: only its decoder reads it. */
export interface KVCache {
  /** Positions, pads included. */
  readonly length: number;
  /** Gives its memory back; it cannot be continued after that. */
  release(): void;
}

/** A matrix of a block that an adapter may change; by Hugging Face's names it is one or several side by side, which read the same. */
export interface AdaptedMatrix {
  name: "attention" | "output" | "up" | "down";
  from: number;
  to: number;
  /** Names within the block, in order, and the outputs of each. */
  parts: readonly { name: string; to: number }[];
}

/** An adapter's numbers: a pair for each matrix of a block, block after block. A [from, rank], B [rank, to] with its scale in it. */
export interface AdapterWeights {
  pairs: readonly { rank: number; A: Float32Array; B: Float32Array }[];
}

/** An adapter's weights where the model runs. Opaque: only its decoder reads it. */
export interface HeldAdapter {
  /** Gives their memory back; it cannot be used after that. */
  release(): void;
}

/** The last blocks of a decoder that was opened to be adapted. */
export interface AdaptedBlocks {
  /** How many. */
  readonly blocks: number;
  /** Takes an adapter's weights to where the model runs, for `DecoderInput.adapter`. */
  hold(weights: AdapterWeights): HeldAdapter;
  /** The frozen weight of that Hugging Face name, float32, row by row. Throws a ModelFailure if its shape is another. */
  read(name: string, shape: readonly number[]): Promise<Float32Array>;
  /** Writes the model with an adapter merged in, as a folder that Transformers opens. */
  writeMerged(folder: string, weights: AdapterWeights): Promise<void>;
}

/** What one pass takes. */
export interface DecoderInput {
  /** Token ids, shape [batch, length], row by row. */
  tokens: Int32Array;
  batch: number;
  /** What stands before everything, the same for all rows. */
  prefix?: KVCache;
  /** What each row has seen after the prefix; rows of any age go together. Absent at the start. */
  past?: readonly KVCache[];
  /** 1 where a new position is real and 0 where it is a pad, shape [batch, length]. @default all real */
  valid?: Uint8Array;
  /** The given caches are not used again: what follows is added to them in place, and nothing is copied. @default false */
  donate?: boolean;
  /** Give the output of every new position, not of the last alone. @default false */
  every?: boolean;
  /** What changes the last blocks, of a decoder that was opened to be adapted. @default nothing */
  adapter?: HeldAdapter;
  /** Give also what enters the first of these blocks. @default false */
  entering?: boolean;
}

/** What one pass gives. */
export interface DecoderOutput {
  /** After the final norm, of each row's last position: what the output weight multiplies. Shape [batch, width]; with `every` [batch, length, width]. */
  hidden: Float32Array;
  /** Shape [batch, vocabulary], of each row's last position; with `every` [batch, length, vocabulary]. */
  logits: Float32Array;
  /** What enters the first adapted block, of every new position, where that was asked for. Shape [batch, length, width]. */
  entering?: Float32Array;
  /** Of each row, without the prefix. */
  past: KVCache[];
}

/** What is drawn: rows that begin together, one prompt each. n is the longest prompt, S the head's tokens. */
export interface DrawRequest {
  /** Prompts padded at their left, [rows, n], and 1 where a position is real. */
  tokens: Int32Array;
  valid: Uint8Array;
  rows: number;
  /** Most tokens a row. */
  rounds: number;
  /** A uniform number for each token, [rounds, rows]. */
  uniforms: Float32Array;
  temperature: number;
  /** Tokens that end a row. */
  ends: readonly number[];
  /** A token of `closes` right behind one of `opens` ends a row, too. @default none */
  across?: EndsAcross;
  head: DrawHead;
  /** What changes the last blocks, of a decoder that was opened to be adapted. @default the one that belongs to it, if one does */
  adapter?: HeldAdapter;
  /** Give also what entered the first of these blocks. @default false */
  entering?: boolean;
}

/** Tokens by whose last and first letters a text ends that lies across two of them. */
export interface EndsAcross {
  opens: readonly number[];
  closes: readonly number[];
}

/** A head in plain numbers, with what standardises the hidden state. */
export interface DrawHead {
  tokenSubset: Int32Array;
  mean: Float32Array;
  deviation: Float32Array;
  rank: number;
  /** A times its scale, [rank, width]; B [S, rank]; bias [S]. */
  A: Float32Array;
  B: Float32Array;
  bias: Float32Array;
}

/**
 * What was drawn, a line a token; a row's lines are in the order of its tokens. A row that has ended has lines until it left,
 * which was when half of those that were drawn with it had ended.
 */
export interface Drawn {
  /** Whose line it is. [lines] */
  rows: Int32Array;
  ids: Int32Array;
  logProb: Float32Array;
  /** Log-probability of the token without the head. */
  outside: Float32Array;
  logRest: Float32Array;
  restEntropy: Float32Array;
  /** [lines, S] */
  base: Float32Array;
  /** [lines, width] */
  hidden: Float32Array;
  /**
   * Where asked for: what entered the first adapted block, [places, width], and whose position it is. Those of a row are side by
   * side: its pads and prompt, n of them, and the tokens of its lines but the last.
   */
  entering?: Float32Array;
  entered?: Int32Array;
}

/** Which provider was the fastest for a model, and why not another. Shows itself as a table. */
export interface ProviderChoice {
  provider: string;
  /** The device's name. */
  device: string;
  /** Tokens a second in the trial, 16 rows together. */
  perSecond: number;
  passedOver: { provider: string; why: string }[];
  [displaySymbol](): MimeBundle;
}

/** How another process opens the same decoder, and compares the hash. */
export interface DecoderPlan {
  hash: string;
  /** The name or the path that it was opened by; of random weights: by which the model was opened whose tokenizer it has. */
  source: string;
  dtype: Dtype;
  /** Of its last blocks, so many take an adapter. Absent: none does. */
  adaptedBlocks?: number;
  /** The folder of an adapter that belongs to it. Absent: none does. */
  peft?: string;
  /** Weights that were drawn. Absent: they are the files'. */
  random?: { config: ModelConfig; seed: number; deviation: number };
}

/** A decoder that runs. A row's result does not depend on the other rows of its batch. */
export interface Decoder {
  readonly config: ModelConfig;
  readonly tokenizer: Tokenizer;
  /** What runs it: `cpu`, `webgpu`, `cuda`. */
  readonly provider: string;
  /** The name of what it computes on. */
  readonly device: string;
  /** Why this provider, where it was to be chosen (`provider: "auto"`). */
  readonly choice?: ProviderChoice;
  /** Hash of weights and shape: two decoders of the same hash give the same numbers. */
  readonly hash: string;
  /** What it was opened by, where that was a name or a path. */
  readonly source?: string;
  /** How another process opens the same; absent for one that was made of what no file holds. */
  readonly plan?: DecoderPlan;
  /** Its last blocks, if it was opened to be adapted (`OpenModelOptions.adaptedBlocks`). */
  readonly adapted?: AdaptedBlocks;
  forward(input: DecoderInput): Promise<DecoderOutput>;
  /** Draws whole programs where the model runs; absent where the host draws them (`RunOptions.draws`). */
  draw?(request: DrawRequest, prefix?: KVCache): Promise<Drawn>;
  dispose(): Promise<void>;
}
