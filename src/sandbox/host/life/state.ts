/** What is known of one life, and what every part of it does: it leaves its child, and finds out that it may not go on. */

import type { Effect, GenomeMember, LifeOptions, PastStep, Verdict } from "../../types.ts";
import type { Body } from "../body.ts";
import { SandboxFailure } from "../error.ts";
import type { OpenMessage } from "../messages.ts";
import type { Lease } from "../places.ts";
import type { Pool } from "../pool.ts";
import { readClosed } from "../reply.ts";
import type { StepSender } from "../step-sender.ts";
import type { Terms } from "../verdict.ts";
import type { Witness } from "../witness.ts";
import type { Worker } from "../worker.ts";

/** One life. The other files of this folder are functions over it. */
export interface LifeState {
  readonly id: number;
  readonly pool: Pool;
  readonly body: Body;
  readonly options: LifeOptions;
  /** How it is opened in a child, each time alike. */
  readonly settings: OpenMessage["settings"];
  readonly terms: Terms;
  readonly sender: StepSender;
  readonly witness: Witness;
  readonly lease: Lease;
  /** Every step that it has lived, those of its past first. */
  readonly lived: PastStep[];
  /** Steps of its past: its own are counted from 0. */
  readonly first: number;
  worker: Worker | null;
  /** Whether the worker holds this life as it is now: not while, nor where, it could not be brought there. */
  isThere: boolean;
  /** It has been opened, and has lived its past, once. */
  born: boolean;
  ended: Verdict | "closed" | null;
  /** Its genome, query and response as they were last read. */
  genome: GenomeMember[];
  last: { query: string; response: string };
  /** What was attempted in the tries so far of the step that is not over. */
  attempted: Effect[];
}

/** Gives its place back. With `doubt` its child is not trusted with another life. */
export function release(life: LifeState, doubt = false): void {
  const { worker, id, pool, lease } = life;
  if (worker === null) return;
  Object.assign(life, { worker: null, isThere: false });
  if (worker.alive && !doubt) void worker.request({ op: "close", life: id }, { read: readClosed, wallMs: 5000 });
  pool.release(lease, worker, { doubt });
}

/** Whether its child has held others, now or before: what memory that process has left says nothing of this life. */
export function isUsed({ worker }: LifeState): boolean {
  return (worker?.served ?? 0) > 1;
}

/** Throws where it was cancelled, or its sandbox is gone. */
export function checkOpen({ options: { signal }, pool }: LifeState): void {
  if (signal?.aborted) throw new SandboxFailure({ kind: "cancelled", reason: String(signal.reason) });
  if (pool.disposed) throw new SandboxFailure({ kind: "disposed" });
}

/** The same, and where it has ended. */
export function checkAlive(life: LifeState): void {
  checkOpen(life);
  if (life.ended !== null) throw new SandboxFailure({ kind: "ended", verdict: life.ended });
}
