/** Brings a life to where it is: into a child, opened there, with all that it has lived played again. */

import type { GenomeMember, PastStep } from "../../types.ts";
import { type Opened, readOpened, type Stepped } from "../reply.ts";
import { replaying, sendStep } from "../step-sender.ts";
import type { Outcome, Worker } from "../worker.ts";
import { checkOpen, type LifeState, release } from "./state.ts";

/** How bringing it there failed. */
export type Failed = Outcome<Opened | Stepped>;

/** Brings it into a child, where it is not in one. Null: it is there. */
export async function settle(
  life: LifeState,
  { alone, fresh = false }: { alone: boolean; fresh?: boolean },
): Promise<Failed | null> {
  if (life.isThere && life.worker?.alive && !life.worker.thinking && !alone) return null;
  release(life);
  const { pool, lease, options } = life;
  const worker = await pool.acquire(lease, { alone, fresh, signal: options.signal });
  Object.assign(life, { worker, isThere: false });
  try {
    checkOpen(life);
    const failed = await bring(life, worker);
    life.isThere = failed === null;
    return failed;
  } catch (error) {
    release(life, true);
    throw error;
  }
}

/**
 * Opens a life ahead of its first step. Only a newborn's: in another's birth the guest's own code runs, and what that attempts
 * belongs to a step. Where it fails the life is in no child, and the step finds out why.
 */
export async function begin(life: LifeState): Promise<void> {
  if (life.ended !== null || life.settings.genome !== null || life.lived.length > 0) return;
  const isThere = await settle(life, { alone: false }).then(
    (failed) => failed === null,
    () => false,
  );
  if (!isThere) release(life, true);
}

async function bring(life: LifeState, worker: Worker): Promise<Failed | null> {
  const { id, pool, settings, body, sender } = life;
  if (life.born) pool.replayed++;
  const opened = await worker.request({ op: "open", life: id, settings }, { read: readOpened, wallMs: 10_000 });
  if (opened.kind !== "answer" || opened.effects.length > 0 || opened.reply.broke !== null) return opened;
  if (!life.born) life.genome = opened.reply.read?.genome ?? [...body.newborn];
  for (const [step, lived] of life.lived.entries()) {
    const outcome = await sendStep(sender, worker, step, { lived, patience: replaying });
    if (outcome.kind !== "answer" || outcome.reply.broke !== null) return outcome;
    if (!life.born) learn(life, step, lived, outcome.reply);
  }
  life.born = true;
  return null;
}

/** Takes over what a step left; gives the genome that its program found. */
export function learn(life: LifeState, step: number, { setup, rules }: PastStep, reply: Stepped): GenomeMember[] {
  const { lease, sender, witness } = life;
  if (reply.heldBytes !== null) lease.heldBytes = reply.heldBytes;
  life.genome = reply.before?.genome ?? life.genome;
  const before = life.genome;
  if (reply.read === null) return before;
  const { genome, query, response } = reply.read;
  const asked = life.last.query;
  life.genome = genome ?? life.genome;
  life.last = { query, response };
  const members = { before: withQuery(before, asked), after: withQuery(life.genome, query) };
  if (rules === 2) witness.hear(step, { foreseen: sender.foreseen[step] ?? null, ...members, setUp: setup !== null });
  return before;
}

/** The query among the members, so that an assignment to it is seen like any other. */
function withQuery(members: readonly GenomeMember[], query: string): GenomeMember[] {
  return [...members, { name: "self.query", kind: "attribute", source: JSON.stringify(query) }];
}
