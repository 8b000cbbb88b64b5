/**
 * Many requests on one decoder, batched together: those that wait join when there is room. Prompts are padded to a few lengths
 * and only parts of one length are read together, so that an answer depends on its own request alone, to the last bit,
 * and never on what else is asked at the time.
 */

import { checkRow, createBatch } from "./batch.ts";
import { partLength } from "./batch-read.ts";
import type { Batch, BatchRow, DrawnToken, Generated, StepLogits } from "./batch-types.ts";
import { hasRoom } from "./generate.ts";
import type { Decoder, HeldAdapter } from "./types.ts";

/** A request. */
export interface Job extends BatchRow {
  /** Called after each draw with the row's logits; both arrays are overwritten by the next step. */
  onToken?: ((drawn: DrawnToken, logits: Float32Array, soFar: Generated) => void) | undefined;
}

/** How an engine works. */
export interface EngineOptions {
  /** Most rows at once. @default 32 */
  maxBatch?: number;
  /** Most requests that wait; a further one is refused. @default 1024 */
  maxWaiting?: number;
  /** Called before each draw; may change the logits in place: a trained head. */
  onLogits?: (step: StepLogits) => void;
  /** What changes the model's last blocks: a trained adapter. */
  adapter?: HeldAdapter;
}

/** A decoder that answers many. */
export interface Engine {
  /** Rejects with a RangeError for a request that makes no sense, with an EngineFull when too many wait. */
  submit(job: Job): Promise<Generated>;
  readonly waiting: number;
  /** How many more may wait. */
  readonly room: number;
  readonly running: number;
}

/** Thrown when too many requests wait. */
export class EngineFull extends Error {
  override readonly name = "EngineFull";
}

/** How long an idle engine waits for more requests after each that came, and how often at most. */
const waitMs = 5;
const mostWaits = 10;

interface Waiting {
  job: Job;
  resolve: (result: Generated) => void;
  reject: (error: unknown) => void;
}

/** Makes an engine. It works only while there are requests, and holds nothing between them. */
export function createEngine(
  decoder: Decoder,
  { maxBatch = 32, maxWaiting = 1024, onLogits, adapter }: EngineOptions = {},
): Engine {
  const queue: Waiting[] = [];
  const members = new Map<number, Waiting>();
  let working = false;
  const open = () =>
    createBatch(decoder, {
      ...{ onLogits, adapter },
      onToken: (drawn) => members.get(drawn.row)!.job.onToken?.(drawn, drawn.logits, drawn.soFar),
    });

  const admit = (batch: Batch): void => {
    for (const gone of queue.filter(({ job }) => job.signal?.aborted)) {
      queue.splice(queue.indexOf(gone), 1);
      gone.resolve({ ids: [], text: "", logProbs: [], ended: "cancelled" });
    }
    if (hasRoom(batch.running, maxBatch))
      for (const waiting of queue.splice(0, maxBatch - batch.running)) {
        const padTo = paddedLength(waiting.job, decoder.config.context);
        members.set(batch.add({ ...waiting.job, padTo }), waiting);
      }
  };

  const work = async (): Promise<void> => {
    working = true;
    // Requests that arrive together should begin together: a step of many rows costs little more than one of a few.
    for (let seen = 0, waits = 0; queue.length > seen && waits < mostWaits; waits++) {
      seen = queue.length;
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
    let batch = open();
    try {
      while (queue.length > 0 || batch.running > 0) {
        admit(batch);
        try {
          for (const { row, result } of await batch.step()) {
            members.get(row)!.resolve(result);
            members.delete(row);
          }
        } catch (error) {
          for (const { reject } of members.values()) reject(error);
          members.clear();
          batch = open();
        }
        await new Promise((resolve) => setImmediate(resolve));
      }
    } finally {
      working = false;
    }
  };

  return {
    get waiting() {
      return queue.length;
    },
    get room() {
      return Math.max(0, maxWaiting - queue.length);
    },
    get running() {
      return members.size;
    },
    async submit(job) {
      checkRow(decoder, job, 0, {});
      if (queue.length >= maxWaiting) throw new EngineFull(`${queue.length} requests wait already: ask again later`);
      return new Promise((resolve, reject) => {
        queue.push({ job, resolve, reject });
        if (!working) void work();
      });
    },
  };
}

/** A power of two from 16 up to a part's length, then whole parts; less where the context ends. */
function paddedLength({ prompt, maxTokens }: Job, context: number): number {
  const { length } = prompt;
  const padded = length > partLength ? Math.ceil(length / partLength) * partLength : 2 ** Math.ceil(Math.log2(length));
  return Math.min(context - maxTokens, Math.max(16, padded));
}
