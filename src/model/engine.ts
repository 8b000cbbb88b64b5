/**
 * Many requests on one decoder, batched together: those that wait join when there is room. Prompts are padded to a few lengths
 * and only parts of one length are read together, so that an answer depends on its own request alone, to the last bit,
 * and never on what else is asked at the time. Requests that name the same beginning are one batch after it, and it is read once.
 */

import { checkRow } from "./batch.ts";
import { partLength } from "./batch-read.ts";
import type { BatchRow, DrawnToken, Generated, StepLogits } from "./batch-types.ts";
import { hasRoom } from "./generate.ts";
import { createSharedBatches, type SharedBatch } from "./shared.ts";
import type { Decoder, HeldAdapter } from "./types.ts";

/** A request. */
export interface Job extends BatchRow {
  /**
   * Token ids that stand before its prompt, and before others', too. Where a prompt is cut is part of the request: it moves the order of sums.
   * @default none
   */
  shared?: readonly number[] | undefined;
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
  let working = false;
  const batches = createSharedBatches<Waiting>(decoder, {
    ...{ onLogits, adapter },
    onToken: ({ job }, drawn) => job.onToken?.(drawn, drawn.logits, drawn.soFar),
  });

  const admit = async (): Promise<void> => {
    for (const gone of queue.filter(({ job }) => job.signal?.aborted)) {
      queue.splice(queue.indexOf(gone), 1);
      gone.resolve({ ids: [], text: "", logProbs: [], ended: "cancelled" });
    }
    if (!hasRoom(batches.running, maxBatch)) return;
    for (const waiting of nextOf(queue, maxBatch - batches.running)) {
      const { shared = [], ...job } = waiting.job;
      const padTo = paddedLength(job, decoder.config.context - shared.length);
      await batches.add(shared, { ...job, padTo }, waiting).catch(waiting.reject);
    }
  };

  const work = async (): Promise<void> => {
    working = true;
    // Requests that arrive together should begin together: a step of many rows costs little more than one of a few.
    for (let seen = 0, waits = 0; queue.length > seen && waits < mostWaits; waits++) {
      seen = queue.length;
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
    try {
      while (queue.length > 0 || batches.running > 0) {
        await admit();
        for (const batch of batches.open()) await stepOf(batch);
        await new Promise((resolve) => setImmediate(resolve));
      }
    } finally {
      batches.forget();
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
      return batches.running;
    },
    async submit(job) {
      checkRow(decoder, job, 0, { prefix: { ids: job.shared ?? [] } });
      if (queue.length >= maxWaiting) throw new EngineFull(`${queue.length} requests wait already: ask again later`);
      return new Promise((resolve, reject) => {
        queue.push({ job, resolve, reject });
        if (!working) void work();
      });
    },
  };
}

/** Draws a token for each of a batch's requests. Who is in it when a pass fails is told so. */
async function stepOf(batch: SharedBatch<Waiting>): Promise<void> {
  try {
    for (const { member, result } of await batch.step()) member.resolve(result);
  } catch (error) {
    for (const { reject } of batch.close()) reject(error);
  }
}

/** Takes so many that wait: the first, with all that begin as it does, then the next. */
function nextOf(queue: Waiting[], most: number): Waiting[] {
  const keyOf = ({ job: { shared = [] } }: Waiting): string => shared.join(" ");
  const taken = [...Map.groupBy(queue, keyOf).values()].flat().slice(0, most);
  for (const one of taken) queue.splice(queue.indexOf(one), 1);
  return taken;
}

/** A power of two from 16 up to a part's length, then whole parts; less where the context ends. */
function paddedLength({ prompt, maxTokens }: Job, context: number): number {
  const { length } = prompt;
  const padded = length > partLength ? Math.ceil(length / partLength) * partLength : 2 ** Math.ceil(Math.log2(length));
  return Math.min(context - maxTokens, Math.max(16, padded));
}
