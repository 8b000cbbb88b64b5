/** What a language model is to the agent: a prompt in; text, what it cost and, where the model tells them, log-probabilities out. */

/** One turn of a conversation. */
export interface Message {
  role: "system" | "user" | "assistant";
  content: string;
}

/** One question. */
export interface Prompt {
  /** The text to go on from; in a chat, the last turn. */
  prompt: string;
  /** The turns before it. @default none */
  messages?: readonly Message[];
  /** Names the draw, for models that draw. */
  seed?: number;
  /** Longest answer. @default the model's own */
  maxTokens?: number;
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
  /** The seed that the model was given. */
  seed?: number;
  /** `length`: cut at the longest answer. */
  finish?: "stop" | "length";
}

/** A language model. */
export interface LanguageModel {
  readonly name: string;
  /** The longest answer that it gives unasked: what a shared budget puts aside. Without it, all that is left. */
  readonly maxTokens?: number;
  complete(prompt: Prompt): Promise<Completion>;
  /** Many at once, for models that are faster so. `completeAll` uses it where it is. */
  batch?(prompts: readonly Prompt[]): Promise<Completion[]>;
}
