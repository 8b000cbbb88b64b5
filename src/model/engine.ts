/**
 * Many requests on one decoder, batched together: those that wait begin as one batch when there is room, and the batches
 * take steps in turn. Prompts are padded to powers of two and only those of one length share a batch, so that an answer
 * depends on its own request alone, to the last bit, and never on what else is asked at the time.
 */

import {
  type Batch,
  type BatchRow,
  checkRow,
  createBatch,
  type DrawnToken,
  type Generated,
  type StepLogits,
} from "./batch.ts";
import type { Decoder } from "./types.ts";

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
}

/** A decoder that answers many. */
export interface Engine {
  /** Rejects with a RangeError for a request that makes no sense, with an EngineFull when too many wait. */
  submit(job: Job): Promise<Generated>;
  readonly waiting: number;
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
  padTo: number;
  resolve: (result: Generated) => void;
  reject: (error: unknown) => void;
}

interface Cohort {
  batch: Batch;
  members: Waiting[];
}

/** Makes an engine. It works only while there are requests, and holds nothing between them. */
export function createEngine(
  decoder: Decoder,
  { maxBatch = 32, maxWaiting = 1024, onLogits }: EngineOptions = {},
): Engine {
  const queue: Waiting[] = [];
  const cohorts: Cohort[] = [];
  let working = false;
  const running = (): number => cohorts.reduce((sum, { batch }) => sum + batch.running.length, 0);

  const admit = (): void => {
    for (const gone of queue.filter(({ job }) => job.signal?.aborted)) {
      queue.splice(queue.indexOf(gone), 1);
      gone.resolve({ ids: [], text: "", logProbs: [], ended: "cancelled" });
    }
    // Waiting for half the room keeps batches large: a step of 16 rows costs little more than one of a single row.
    while (queue.length > 0) {
      const room = maxBatch - running();
      if (cohorts.length > 0 && room < maxBatch / 2) return;
      const { padTo } = queue[0]!;
      const members = queue.filter((waiting) => waiting.padTo === padTo).slice(0, room);
      for (const member of members) queue.splice(queue.indexOf(member), 1);
      cohorts.push(begin(members, padTo));
    }
  };

  const begin = (members: Waiting[], padTo: number): Cohort => {
    const jobs = members.map(({ job }) => job);
    let step: StepLogits | undefined;
    const { vocabulary } = decoder.config;
    const batch: Batch = createBatch(decoder, jobs, {
      padTo,
      onLogits: (now) => {
        step = now;
        onLogits?.(now);
      },
      onToken: (drawn) => {
        const at = step!.rows.indexOf(drawn.row);
        const logits = step!.logits.subarray(at * vocabulary, (at + 1) * vocabulary);
        jobs[drawn.row]!.onToken?.(drawn, logits, batch.results[drawn.row]!);
      },
    });
    return { batch, members };
  };

  const advance = async (cohort: Cohort): Promise<void> => {
    const { batch, members } = cohort;
    try {
      for (const row of await batch.step()) members[row]!.resolve(batch.results[row]!);
    } catch (error) {
      for (const { reject } of members) reject(error);
      cohorts.splice(cohorts.indexOf(cohort), 1);
      return;
    }
    if (batch.running.length === 0) cohorts.splice(cohorts.indexOf(cohort), 1);
  };

  const work = async (): Promise<void> => {
    working = true;
    // Requests that arrive together should begin together: a step of many rows costs little more than one of a few.
    for (let seen = 0, waits = 0; queue.length > seen && waits < mostWaits; waits++) {
      seen = queue.length;
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
    try {
      while (queue.length > 0 || cohorts.length > 0) {
        admit();
        for (const cohort of [...cohorts]) await advance(cohort);
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
    get running() {
      return running();
    },
    async submit(job) {
      checkRow(decoder, job, 0, {});
      if (queue.length >= maxWaiting) throw new EngineFull(`${queue.length} requests wait already: ask again later`);
      const padTo = paddedLength(job, decoder.config.context);
      return new Promise((resolve, reject) => {
        queue.push({ job, padTo, resolve, reject });
        if (!working) void work();
      });
    },
  };
}

/** A power of two from 16 up, or less where the context ends. */
function paddedLength({ prompt, maxTokens }: Job, context: number): number {
  return Math.min(context - maxTokens, 2 ** Math.max(4, Math.ceil(Math.log2(prompt.length))));
}
