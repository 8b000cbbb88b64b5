/** A look at an agent from outside: one of its methods is called, or an attribute read. */

import type { CallResult, Effect } from "../../types.ts";
import { SandboxFailure } from "../error.ts";
import type { CallMessage, Unsent } from "../messages.ts";
import { readCall } from "../outcome.ts";
import { type Called, readCalled } from "../reply.ts";
import { wallOf } from "../step-sender.ts";
import { isOfMemory } from "../verdict.ts";
import type { Outcome } from "../worker.ts";
import { type Failed, settle } from "./settle.ts";
import { checkAlive, checkOpen, isUsed, type LifeState, release } from "./state.ts";
import { tries } from "./steps.ts";

/** Calls a method with each list of arguments, or reads an attribute where there are none. */
export async function inquire(
  life: LifeState,
  method: string,
  lists: readonly (readonly unknown[])[] | null,
): Promise<CallResult> {
  const { id, terms, lived, first } = life;
  const odd = lists?.find((list) => !Array.isArray(list));
  if (odd !== undefined)
    throw new SandboxFailure({ kind: "option", name: "argumentLists", expected: "lists of arguments", value: odd });
  checkAlive(life);
  // An attempt that was seen stands, whatever another try of the call comes to.
  let attempted: Effect[] = [];
  let fresh = false;
  for (let attempt = 0; attempt < tries; attempt++) {
    const failed = await settle(life, { alone: attempt > 0, fresh });
    checkOpen(life);
    const used = isUsed(life);
    const stepMs = terms.limits.stepMs * (1 + 2 * attempt);
    const asked = { op: "call", life: id, step: lived.length - first, method, arguments: lists, stepMs } as const;
    const outcome = failed === null ? await send(life, asked) : unasked(failed);
    const { effects } = outcome.effects.length > 0 ? outcome : { effects: attempted };
    attempted = effects;
    const how = { name: method, lists, patient: attempt > 0, last: attempt === tries - 1 };
    // As in a step: a process that ran out of memory may have been filled by others.
    const isTheirs = used && outcome.kind === "death" && isOfMemory(outcome.death, terms);
    fresh ||= isTheirs;
    const result = isTheirs && !how.last ? null : readCall({ ...outcome, effects }, terms, how);
    const doubt = outcome.kind !== "answer" || outcome.reply.broke !== null;
    if (doubt || result === null || "failed" in result) release(life, doubt);
    if (result !== null) return result;
  }
  return { failed: "the machine was too busy, or its children died of other causes", effects: [], fault: true };
}

function send(life: LifeState, message: Unsent<CallMessage>): Promise<Outcome<Called>> {
  return life.worker!.request(message, { read: readCalled, wallMs: wallOf(message.stepMs) });
}

/** The agent could not be brought to where it is: nothing was asked of it. */
function unasked(failed: Failed): Outcome<Called> {
  if (failed.kind !== "answer") return failed;
  return { ...failed, reply: { kind: "called", broke: failed.reply.broke, told: null } };
}
