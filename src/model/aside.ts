/**
 * Texts to token ids while this process stays free: short ones here, with a pause after some, long ones in a thread
 * (`encode-thread.ts`) that is begun when it is first needed and ended when it has not been needed for a while. One list of
 * long texts is cut at a time, and the thread of one that is given up is ended with it.
 */

import { setImmediate as pause } from "node:timers/promises";
import type { Worker } from "node:worker_threads";
import type { Encoded, ThreadData } from "./encode-thread.ts";
import type { EncoderParts } from "./encoders.ts";
import { ModelFailure } from "./error.ts";
import { startThread } from "./start-thread.ts";
import type { EncodeAll, Tokenizer } from "./types.ts";

/** So many characters are cut here at once: they take up to some 25 ms on a busy machine, and a word of text far less. */
const shortText = 4096;

/** How long a thread without work is kept: it holds the vocabulary a second time. */
const idleMs = 30_000;

interface Waiting {
  texts: readonly string[];
  resolve: (ids: number[][]) => void;
  reject: (error: unknown) => void;
}

/** By the function that cuts here, and what makes it again in a thread. */
export function encodeAside(encode: (text: string) => number[], by: EncoderParts): EncodeAll {
  const parts = share(JSON.stringify(by));
  const queue: Waiting[] = [];
  let worker: Worker | null = null;
  let current: Waiting | null = null;
  let ending: NodeJS.Timeout | undefined;

  const end = (): void => {
    void worker?.removeAllListeners().terminate();
    worker = null;
    current = null;
  };
  const fail = (cause: unknown): void => {
    const reason = `the thread that cuts long texts ended: ${cause}`;
    current?.reject(new ModelFailure({ kind: "runtime", reason }));
    end();
    goOn();
  };
  const take = (answer: Encoded): void => {
    const { resolve, reject } = current!;
    current = null;
    if ("ids" in answer) resolve(answer.ids.map((ids) => Array.from(ids)));
    else reject(new Error(answer.error));
    goOn();
  };
  const goOn = (): void => {
    if (current !== null) return;
    current = queue.shift() ?? null;
    if (current === null) {
      worker?.unref();
      ending = setTimeout(end, idleMs).unref();
      return;
    }
    clearTimeout(ending);
    worker ??= startThread("encode-thread", { parts } satisfies ThreadData)
      .on("message", take)
      .on("error", fail);
    worker.ref();
    worker.postMessage(current.texts);
  };

  const cut = (texts: readonly string[], signal?: AbortSignal): Promise<number[][]> => {
    const { promise, resolve, reject } = Promise.withResolvers<number[][]>();
    const waiting = { texts, resolve, reject };
    const giveUp = (): void => {
      reject(signal!.reason);
      if (queue.includes(waiting)) queue.splice(queue.indexOf(waiting), 1);
      else if (current === waiting) {
        end();
        goOn();
      }
    };
    signal?.addEventListener("abort", giveUp, { once: true });
    queue.push(waiting);
    goOn();
    return promise.finally(() => signal?.removeEventListener("abort", giveUp));
  };

  return async (texts, signal) => {
    signal?.throwIfAborted();
    const long = texts.filter(({ length }) => length > shortText);
    const cutting = long.length > 0 ? cut(long, signal) : Promise.resolve([]);
    const short = cutHere(encode, texts, signal);
    const [ids, longIds] = await Promise.all([short, cutting]);
    return ids.map((own) => own ?? longIds.shift()!);
  };
}

/** Those that are short; undefined for each of the others. */
async function cutHere(
  encode: (text: string) => number[],
  texts: readonly string[],
  signal: AbortSignal | undefined,
): Promise<(number[] | undefined)[]> {
  const ids: (number[] | undefined)[] = [];
  let since = 0;
  for (const text of texts) {
    if (text.length > shortText) {
      ids.push(undefined);
      continue;
    }
    since += text.length;
    if (since > shortText) {
      await pause();
      signal?.throwIfAborted();
      since = text.length;
    }
    ids.push(encode(text));
  }
  return ids;
}

/** A tokenizer's ids of texts, with `encodeAll` where it has that. */
export async function encodeTexts(
  { encode, encodeAll }: Tokenizer,
  texts: readonly string[],
  signal?: AbortSignal,
): Promise<number[][]> {
  return encodeAll === undefined ? texts.map((text) => encode(text)) : encodeAll(texts, signal);
}

function share(text: string): SharedArrayBuffer {
  const bytes = Buffer.from(text);
  const shared = new SharedArrayBuffer(bytes.length);
  new Uint8Array(shared).set(bytes);
  return shared;
}
