/** What a language model is to the agent: a prompt in; text, what it cost and, where the model tells them, log-probabilities out. */

import type { DecoderPlan } from "../model/index.ts";
import type { PolicyPlan } from "../policy/index.ts";

/** One turn of a conversation. */
export interface Message {
  role: "system" | "user" | "assistant";
  content: string;
}

/** How a question is put before a model. */
export type PromptForm = "plain" | "chat";

/** One question. */
export interface Prompt {
  /** The text to go on from; in a chat, the last turn. */
  prompt: string;
  /**
   * So many letters at its beginning stand in other prompts, too: a model on this machine reads them once for all that it is asked
   * at the same time. Others take no notice of it. @default 0
   */
  shared?: number;
  /** The turns before it. @default none */
  messages?: readonly Message[];
  /** Names the draw, for models that draw. */
  seed?: number;
  /**
   * The text as token ids, in its place: the model goes on from them, and tells its answer's ids where it can. What is known by
   * them is known to the letter, which a text that is cut into tokens anew is not.
   */
  ids?: readonly number[];
  /** Longest answer. @default the model's own */
  maxTokens?: number;
  /** Texts that end the answer, beside the model's own; they are no part of it. @default none */
  stop?: readonly string[];
  /** Divides the logits; 0 takes the likeliest token. @default the model's own */
  temperature?: number;
  /** Only the likeliest tokens that together have this probability. @default the model's own */
  topP?: number;
  /**
   * How the question is put before the model: `plain`, its text alone, to go on from; `chat`, as the last turn of a
   * conversation that has no other turns than `messages`. Neither has the examples or the system message that the model would
   * put before it unasked. @default the model's own way
   */
  form?: PromptForm;
  /**
   * What an agent is made of, `javascript` or `python`: the language that a program is wanted in, for a model that says so by itself
   * (`models.openai`). @default "javascript"
   */
  language?: string;
  /** Ask for the log-probability of each token of the answer. Not every model tells them. @default false */
  logProbs?: boolean;
  /** Called with each piece of the answer as it comes: the pieces make up the text. */
  onText?: (piece: string) => void;
  signal?: AbortSignal;
}

/** One answer. */
export interface Completion {
  text: string;
  /** Which model answered. */
  model: string;
  usage: { promptTokens: number; completionTokens: number };
  /** The answer's tokens with their log-probabilities (nats), if asked for and told. */
  tokens?: { text: string; logProb: number }[];
  /** The answer's token ids, the one that ended it included, where it was asked by ids, or for them, and they are told. */
  ids?: readonly number[];
  /** The seed that the model was given. */
  seed?: number;
  /** `length`: cut at the longest answer. */
  finish?: "stop" | "length";
  /** Tokens of the answer whose odds a trained head changes itself; absent where there is none. */
  steered?: number;
}

/**
 * A language model as plain data and lists of numbers, from which another process opens the same one. A key never stands in
 * it: whoever asks a server from elsewhere takes its own (`OPENAI_API_KEY`).
 */
export interface ModelPlan {
  /** Who opens it: see `openModelPlan`. */
  kind: "openai" | "random" | "local";
  /** As it was made with: plain data. */
  options: { readonly [name: string]: unknown };
  /** What a local model stands on. */
  source?: { decoder: DecoderPlan } | { policy: PolicyPlan };
}

/** A language model. */
export interface LanguageModel {
  readonly name: string;
  /** The longest answer that it gives unasked: what a shared budget puts aside. Without it, all that is left. */
  readonly maxTokens?: number;
  /** The forms that it can be asked in, the one that suits it first. @default it puts every question in its own way */
  readonly forms?: readonly PromptForm[];
  /** What tells it from another of the same name: weights, server, sampling. @default the name alone */
  fingerprint?(): Promise<string>;
  complete(prompt: Prompt): Promise<Completion>;
  /** The model as data that workers elsewhere can open. Absent: it cannot be sent. */
  plan?(): Promise<ModelPlan>;
  /** Many at once, for models that are faster so. `completeAll` uses it where it is. */
  batch?(prompts: readonly Prompt[]): Promise<Completion[]>;
}
