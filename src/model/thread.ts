/**
 * The thread that a decoder's graph runs in: takes passes one after the other, and holds the keys and values of rows by
 * number. `decoder.ts` is the other end. Importing it elsewhere than in such a thread does nothing.
 */

import { parentPort, workerData } from "node:worker_threads";
import { serial } from "../data/serial.ts";
import { type ModelError, ModelFailure } from "./error.ts";
import { createRunner, type Runner, type RunnerParts, type RunOptions } from "./run.ts";
import type { Drawn, DrawRequest, KVCache } from "./types.ts";

/** What is asked of the thread; caches by their numbers. */
export type Request =
  | {
      kind: "forward";
      id: number;
      tokens: Int32Array;
      batch: number;
      valid: Uint8Array | undefined;
      prefix: number | undefined;
      past: number[] | undefined;
      donate: boolean;
      every: boolean;
    }
  | { kind: "draw"; id: number; prefix: number | undefined; request: DrawRequest }
  | { kind: "release"; past: number }
  | { kind: "close" };

/** Its first word: whether the graph runs. */
export type Opened = { kind: "opened" } | { kind: "failed"; error: ModelError };

/** What it answers. */
export type Answer =
  | {
      kind: "output";
      id: number;
      hidden: Float32Array;
      logits: Float32Array;
      caches: { number: number; length: number }[];
    }
  | { kind: "drawn"; id: number; drawn: Drawn }
  | { kind: "refused"; id: number; message: string };

const caches = new Map<number, KVCache>();
let made = 0;

if (parentPort !== null) {
  const port = parentPort;
  const tell = (answer: Opened | Answer, transfer: ArrayBuffer[] = []): void => port.postMessage(answer, transfer);
  try {
    const { options, ...parts } = workerData as RunnerParts & { options: RunOptions };
    const runner = await createRunner(parts, options);
    const requests = serial();
    port.on("message", (request: Request) => {
      void requests.run(() => handle(runner, request, tell));
    });
    tell({ kind: "opened" });
  } catch (error) {
    const detail = error instanceof ModelFailure ? error.detail : { kind: "runtime" as const, reason: String(error) };
    tell({ kind: "failed", error: detail });
  }
}

async function handle(
  runner: Runner,
  request: Request,
  tell: (answer: Answer, transfer: ArrayBuffer[]) => void,
): Promise<void> {
  if (request.kind === "release") {
    caches.get(request.past)?.release();
    caches.delete(request.past);
  } else if (request.kind === "close") {
    await runner.release();
    process.exit(); // ends this thread
  } else {
    try {
      tell(...(await (request.kind === "draw" ? draw(runner, request) : forward(runner, request))));
    } catch (error) {
      tell({ kind: "refused", id: request.id, message: (error as Error).message }, []);
    }
  }
}

async function forward(
  runner: Runner,
  { id, tokens, batch, valid, prefix, past, donate, every }: Request & { kind: "forward" },
): Promise<[Answer, ArrayBuffer[]]> {
  const output = await runner.forward({
    ...{ tokens, batch, donate, every },
    ...(valid && { valid }),
    ...(prefix !== undefined && { prefix: cacheOf(prefix) }),
    ...(past && { past: past.map(cacheOf) }),
  });
  if (donate) for (const number of past ?? []) caches.delete(number);
  const { hidden, logits } = output;
  const numbered = output.past.map((one) => {
    caches.set(made, one);
    return { number: made++, length: one.length };
  });
  return [{ kind: "output", id, hidden, logits, caches: numbered }, [hidden.buffer, logits.buffer] as ArrayBuffer[]];
}

async function draw(
  runner: Runner,
  { id, prefix, request }: Request & { kind: "draw" },
): Promise<[Answer, ArrayBuffer[]]> {
  const drawn = await runner.draw(request, prefix === undefined ? undefined : cacheOf(prefix));
  const parts = Object.values(drawn).filter((part): part is Float32Array => ArrayBuffer.isView(part));
  return [{ kind: "drawn", id, drawn }, parts.map(({ buffer }) => buffer as ArrayBuffer)];
}

function cacheOf(number: number): KVCache {
  const past = caches.get(number);
  if (past === undefined) throw new Error("This KV cache was donated: what was computed after it goes on");
  return past;
}
