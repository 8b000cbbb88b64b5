/**
 * Tokens and their log-probabilities as OpenAI's API tells them: chats a list of tokens, completions lists side by side. A token
 * that is no whole character is spelt by its bytes, and two tokens never share a name: a client adds up by names.
 */

import { isUtf8 } from "node:buffer";
import type { Tokenizer } from "../../model/index.ts";

/** A token of an answer, or of a prompt that is echoed. */
export interface TokenLogProb {
  id: number;
  /** Characters (code points) of the whole text before it. */
  offset: number;
  /** Null for a text's first token: nothing was there to expect it from. */
  logProb: number | null;
  /** The likeliest tokens there. */
  top: readonly { id: number; logProb: number }[];
}

/** How a token is told: bytes are null for one that stands for no text. */
interface Spelling {
  text: string;
  bytes: Uint8Array | null;
  /** False for a part of a character. */
  whole: boolean;
}

function spell(tokenizer: Tokenizer, id: number): Spelling {
  const { name, bytes } = tokenizer.piece(id);
  if (bytes === null) return { text: name, bytes, whole: true };
  if (isUtf8(bytes)) return { text: Buffer.from(bytes).toString(), bytes, whole: true };
  const text = [...bytes].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");
  return { text, bytes, whole: false };
}

/** `logprobs` of a chat's choice. */
export function chatLogProbs(tokenizer: Tokenizer, tokens: readonly TokenLogProb[]): object {
  const entry = ({ id, logProb }: { id: number; logProb: number | null }) => {
    const { text, bytes } = spell(tokenizer, id);
    return { token: text, logprob: logProb, bytes: bytes && [...bytes] };
  };
  return { content: tokens.map((token) => ({ ...entry(token), top_logprobs: token.top.map(entry) })) };
}

/** `logprobs` of a completion's choice. */
export function completionLogProbs(tokenizer: Tokenizer, tokens: readonly TokenLogProb[]): object {
  return {
    tokens: tokens.map(({ id }) => nameOf(tokenizer, id)),
    token_logprobs: tokens.map(({ logProb }) => logProb),
    top_logprobs: tokens.map((token) => topOf(tokenizer, token)),
    text_offset: tokens.map(({ offset }) => offset),
  };
}

/** As OpenAI's completions spell part of a character. */
function nameOf(tokenizer: Tokenizer, id: number): string {
  const { text, whole } = spell(tokenizer, id);
  return whole ? text : `bytes:${text}`;
}

/** The likeliest tokens by name, and the one that is there, which may be one of them. */
function topOf(tokenizer: Tokenizer, { id, logProb, top }: TokenLogProb): { [name: string]: number } | null {
  if (logProb === null) return null;
  // The token that is there goes by its own name, which stands in the list of tokens as well.
  const names = new Map([[nameOf(tokenizer, id), id]]);
  const entries = [...top, { id, logProb }].map((one): [string, number] => {
    const name = nameOf(tokenizer, one.id);
    const taken = names.get(name) ?? one.id;
    if (taken !== one.id) return [`token_id:${one.id}`, one.logProb];
    names.set(name, one.id);
    return [name, one.logProb];
  });
  return Object.fromEntries(entries);
}

/** Counts characters of tokens that follow one another: of those that are whole so far. */
export function createCounter(tokenizer: Tokenizer): (id: number) => number {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let count = 0;
  return (id) => {
    const before = count;
    const { text, bytes, whole } = spell(tokenizer, id);
    if (bytes === null) return before;
    count += characters(decoder.decode(bytes, { stream: true }));
    // Bytes before it that turn out to be no character have a sign of their own in the text.
    return whole ? count - characters(text) : before;
  };
}

/** The text of a token that is whole characters, else nothing. */
export function wholeText(tokenizer: Tokenizer, id: number): string {
  const { text, bytes, whole } = spell(tokenizer, id);
  return bytes !== null && whole ? text : "";
}

/** Characters as Python and OpenAI's `text_offset` count them. */
export function characters(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}
