/** A text that grows token by token, given out in pieces that are never taken back; and what the model thought of a token. */

import type { Tokenizer } from "./types.ts";

/** Gives out what is certain. */
export interface TextStream {
  /** All of the text so far but an unfinished character; a stop text is still in it. */
  readonly whole: string;
  /** The ids so far; gives the next piece, empty where nothing is certain yet. */
  push(ids: readonly number[]): string;
  /** The rest, once the whole text is known. */
  end(text: string): string;
}

/** Holds back the beginning of a stop text and unfinished characters. */
export function createTextStream(tokenizer: Tokenizer, stop: readonly string[]): TextStream {
  let given = 0;
  let whole = "";
  const upTo = (text: string, length: number): string => {
    const piece = text.slice(given, length);
    given = Math.max(given, length);
    return piece;
  };
  return {
    get whole() {
      return whole;
    },
    push(ids) {
      const text = tokenizer.decode(ids);
      const cuts = stop.map((mark) => text.indexOf(mark)).filter((at) => at >= 0);
      // A character of several tokens is not whole yet.
      whole = text.replace(/\ufffd+$/, "");
      let length = Math.min(whole.length, ...cuts);
      for (const mark of stop)
        for (let part = Math.min(mark.length - 1, text.length); part > 0; part--)
          if (text.endsWith(mark.slice(0, part))) length = Math.min(length, text.length - part);
      return upTo(text, length);
    },
    end: (text) => upTo(text, text.length),
  };
}

/** The model's own log-probability (nats) of a token, and its `top` likeliest tokens, before temperature and cuts. */
export function modelLogProbs(
  logits: Float32Array,
  id: number,
  top = 0,
): { logProb: number; top: { id: number; logProb: number }[] } {
  let most = Number.NEGATIVE_INFINITY;
  for (const logit of logits) if (logit > most) most = logit;
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - most);
  const normaliser = most + Math.log(sum);
  const best: { id: number; logProb: number }[] = [];
  for (let i = 0; i < logits.length && top > 0; i++) {
    const logProb = logits[i]! - normaliser;
    if (best.length === top && logProb <= best.at(-1)!.logProb) continue;
    const at = best.findIndex((other) => other.logProb < logProb);
    best.splice(at < 0 ? best.length : at, 0, { id: i, logProb });
    if (best.length > top) best.pop();
  }
  return { logProb: logits[id]! - normaliser, top: best };
}
