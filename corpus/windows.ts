/**
 * Documents as rows of token ids for training: each window begins with a document and goes on with more, an end token
 * after each, until it is full. Window `i` depends on the seed and on `i` alone, so training can stop and go on anywhere.
 */

import type { Tokenizer } from "../src/model/index.ts";
import { createRandom } from "../src/random/index.ts";
import { type DocumentOptions, drawDocument } from "./draw.ts";

/** Which windows are meant. */
export interface WindowOptions extends DocumentOptions {
  seed: number;
  /** Tokens in a window. */
  length: number;
  tokens: Tokenizer;
}

/** Window `index`: `length` ids and, for each, the id that follows it. */
export function drawWindow(index: number, options: WindowOptions): { ids: Int32Array; targets: Int32Array } {
  const { seed, length, tokens, split = "training" } = options;
  const random = createRandom(seed, "window", split, index);
  const row: number[] = [];
  while (row.length <= length) {
    for (const id of tokens.encode(drawDocument(random, options).text)) row.push(id);
    row.push(tokens.end[0]!);
  }
  return { ids: Int32Array.from(row.slice(0, length)), targets: Int32Array.from(row.slice(1, length + 1)) };
}

/** Windows `from` up to `from + count` as two flat arrays, [count, length] each. */
export function drawBatch(
  from: number,
  count: number,
  options: WindowOptions,
): { ids: Int32Array; targets: Int32Array } {
  const ids = new Int32Array(count * options.length);
  const targets = new Int32Array(count * options.length);
  for (let i = 0; i < count; i++) {
    const window = drawWindow(from + i, options);
    ids.set(window.ids, i * options.length);
    targets.set(window.targets, i * options.length);
  }
  return { ids, targets };
}

/** The texts from which a vocabulary is collected: `count` documents of the training split. */
export function* drawTexts(seed: number, count: number, options?: DocumentOptions): Generator<string> {
  for (let i = 0; i < count; i++) yield drawDocument(createRandom(seed, "vocabulary", i), options).text;
}
