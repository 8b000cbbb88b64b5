/**
 * The thread that a decoder's graph runs in: takes passes one after the other, and holds the keys and values of rows by
 * number. `decoder.ts` is the other end. Importing it elsewhere than in such a thread does nothing.
 */

import { parentPort, workerData } from "node:worker_threads";
import { serial } from "../data/serial.ts";
import type { RunnerDraw } from "./draw.ts";
import { type ModelError, ModelFailure } from "./error.ts";
import { createRunner, type Runner, type RunnerParts, type RunOptions } from "./run.ts";
import type { AdapterWeights, Drawn, KVCache } from "./types.ts";

/** What is asked of the thread; caches and adapters by their numbers. */
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
      adapter: number | undefined;
      entering: boolean;
    }
  | { kind: "adapter"; adapter: number; weights: AdapterWeights | null }
  | {
      kind: "draw";
      id: number;
      prefix: number | undefined;
      adapter: number | undefined;
      request: Omit<RunnerDraw, "adapter">;
    }
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
      entering: Float32Array | undefined;
      caches: { number: number; length: number }[];
    }
  | { kind: "drawn"; id: number; drawn: Drawn }
  | { kind: "refused"; id: number; message: string };

const caches = new Map<number, KVCache>();
const adapters = new Map<number, AdapterWeights>();
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
  } else if (request.kind === "adapter") {
    if (request.weights === null) adapters.delete(request.adapter);
    else adapters.set(request.adapter, request.weights);
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
  { id, tokens, batch, valid, prefix, past, donate, every, adapter, entering: kept }: Request & { kind: "forward" },
): Promise<[Answer, ArrayBuffer[]]> {
  const output = await runner.forward({
    ...{ tokens, batch, donate, every, entering: kept },
    ...(adapter !== undefined && { adapter: adapterOf(adapter) }),
    ...(valid && { valid }),
    ...(prefix !== undefined && { prefix: cacheOf(prefix) }),
    ...(past && { past: past.map(cacheOf) }),
  });
  if (donate) for (const number of past ?? []) caches.delete(number);
  const { hidden, logits, entering } = output;
  const numbered = output.past.map((one) => {
    caches.set(made, one);
    return { number: made++, length: one.length };
  });
  const moved = [hidden, logits, ...(entering ? [entering] : [])].map(({ buffer }) => buffer as ArrayBuffer);
  return [{ kind: "output", id, hidden, logits, entering, caches: numbered }, moved];
}

async function draw(
  runner: Runner,
  { id, prefix, adapter, request }: Request & { kind: "draw" },
): Promise<[Answer, ArrayBuffer[]]> {
  const given = { ...request, ...(adapter !== undefined && { adapter: adapterOf(adapter) }) };
  const drawn = await runner.draw(given, prefix === undefined ? undefined : cacheOf(prefix));
  const parts: (Float32Array | Int32Array)[] = Object.values(drawn);
  return [{ kind: "drawn", id, drawn }, parts.map(({ buffer }) => buffer as ArrayBuffer)];
}

function adapterOf(number: number): AdapterWeights {
  const weights = adapters.get(number);
  if (weights === undefined) throw new Error("This adapter was released: hold its weights anew");
  return weights;
}

function cacheOf(number: number): KVCache {
  const past = caches.get(number);
  if (past === undefined) throw new Error("This KV cache was donated: what was computed after it goes on");
  return past;
}
