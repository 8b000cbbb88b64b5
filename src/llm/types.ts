/** What a language model is to the agent: prompt in; text and what it cost out. */

/** One question. */
export interface Prompt {
  /** The text to go on from. */
  prompt: string;
  /** Names the draw, for models that draw. */
  seed?: number;
  signal?: AbortSignal;
}

/** One answer. */
export interface Completion {
  text: string;
  /** Which model answered. */
  model: string;
  usage: { promptTokens: number; completionTokens: number };
}

/** A language model. */
export interface LanguageModel {
  readonly name: string;
  complete(prompt: Prompt): Promise<Completion>;
}

/** Thrown when a model has no answer; the text says why and what to do. */
export class LanguageModelFailure extends Error {
  override readonly name = "LanguageModelFailure";
}
