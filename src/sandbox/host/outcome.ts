/** What a child answered, or how it died, as what a life needs to know. Verdicts are in `verdict.ts`. */

import { isDeepStrictEqual } from "node:util";
import type { Answer, CallResult, StepReport, Verdict } from "../types.ts";
import type { Called, Told } from "./reply.ts";
import { isStarved, ruleDeath, type Terms } from "./verdict.ts";
import type { Death, Outcome } from "./worker.ts";

/** The arguments of each call; null where an attribute was read. */
type Lists = readonly (readonly unknown[])[] | null;

/**
 * What became of a call; null where that says nothing about the agent. `patient`: it had its longer second time already,
 * so that one more time-out is its own; `last`: it is not asked again.
 */
export function readCall(
  outcome: Outcome<Called>,
  terms: Terms,
  { name, lists, patient, last }: { name: string; lists: Lists; patient: boolean; last: boolean },
): CallResult | null {
  const { effects } = outcome;
  if (outcome.kind === "death") {
    if (isOthersFault(outcome.death) || (outcome.death.starved === true && !patient)) return null;
    const ruling = ruleDeath(outcome.death, effects, terms);
    const found = "retry" in ruling ? (last ? ruling.harm : null) : ruling;
    return found && { failed: found.cause.replace(/^the step\b/, "the call"), effects };
  }
  const lost = { failed: "the agent could not be brought back", effects };
  if (outcome.kind === "fault") return last ? lost : null;
  const { broke, told } = outcome.reply;
  if (isStarved(broke) && !patient) return null;
  if (broke?.outOfMemory) return { failed: `it used more than ${terms.limits.memoryMiB} MiB`, effects };
  const late = `it did not return within ${terms.limits.stepMs} ms`;
  if (told === null) return broke === null ? lost : { failed: late, effects };
  if (told.kind === "missing") return { failed: `the agent has no method ${JSON.stringify(name)}`, effects };
  const answers = told.answers.map((one) => answerOf(one, late, broke !== null));
  const changed = told.given.flatMap((left, i) => (left === null || isAsGiven(left, lists?.[i]) ? [] : [i]));
  const { later } = told;
  return { answers, effects, ...(changed.length > 0 && { changed }), ...(later.length > 0 && { later }) };
}

/** Whether a call left its arguments as they were: as JSON has them, for so they were sent. */
function isAsGiven(left: Told, list: readonly unknown[] | undefined): boolean {
  return left.kind === "value" && isDeepStrictEqual(left.value, JSON.parse(JSON.stringify(list ?? null)));
}

function answerOf(told: Told, late: string, stopped: boolean): Answer {
  switch (told.kind) {
    case "value":
      return { value: told.value };
    case "threw":
      return { failed: `it threw ${told.error.name}: ${told.error.message}` };
    case "odd":
      return { failed: `it gave ${told.what}, which is no plain data` };
    case "waits":
      return { failed: stopped ? late : "it gave a promise that nothing settles" };
    case "uncalled":
      return { failed: "it was not called: a call before it did not return" };
    default:
      return told satisfies never;
  }
}

/** The request never reached the child: nothing is wrong with it. */
export function isLost(death: Death): boolean {
  return death.killed === "lost";
}

/** The child was ended for what another life did in it, or was gone before the request. */
export function isOthersFault(death: Death): boolean {
  return isLost(death) || death.killed === "doubt";
}

/** A step's report; what is not told is empty. */
export function reportOf(
  step: number,
  verdict: Verdict,
  cause: string,
  rest: Pick<StepReport, "query" | "response"> & Partial<StepReport>,
): StepReport {
  const none = { effects: [], output: "", error: null };
  const { query, response, ...more } = rest;
  return {
    step,
    verdict,
    alive: verdict === "survived",
    cause,
    ...none,
    query,
    response,
    genome: [],
    changed: false,
    ms: 0,
    ...more,
  };
}
