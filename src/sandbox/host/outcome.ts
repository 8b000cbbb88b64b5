/** What a child answered, or how it died, as what a life needs to know. Verdicts are in `verdict.ts`. */

import type { Answer, Gene, Limits, StepReport, Verdict } from "../types.ts";
import { isStarved, readEffects, ruleDeath } from "./verdict.ts";
import type { Outcome } from "./worker.ts";

/**
 * What became of a call; null where that says nothing about the agent. `patient`: it had its longer second time already,
 * so that one more time-out is its own.
 */
export function readCall(outcome: Outcome, limits: Limits, { name, patient }: { name: string; patient: boolean }) {
  if (outcome.kind === "death" && isOthersFault(outcome)) return null;
  const effects = readEffects(outcome.effects);
  if (outcome.kind === "death") {
    const ruling = ruleDeath(outcome.death, effects, limits);
    return "retry" in ruling ? null : { failed: ruling.cause.replace(/^the step\b/, "the call"), effects };
  }
  if (isStarved(outcome.seen) && !patient) return null;
  const { result, broke } = outcome.seen as { result?: unknown; broke?: { disposed: boolean } };
  if (broke?.disposed) return { failed: `it used more than ${limits.memoryMiB} MiB`, effects };
  const late = `it did not return within ${limits.stepMs} ms`;
  if (typeof result !== "string")
    return { failed: broke === undefined ? "the agent could not be brought back" : late, effects };
  if (result === "missing:") return { failed: `the agent has no method ${JSON.stringify(name)}`, effects };
  try {
    const told = JSON.parse(result.slice(1)) as ToldAnswer[];
    return { answers: told.map((one) => readAnswer(one, late, broke !== undefined)), effects };
  } catch {
    return { failed: "what it returned cannot be read", effects };
  }
}

/** One answer as the child tells it: a value, what was thrown, what is no plain data, a call without an end, or not begun. */
interface ToldAnswer {
  value?: unknown;
  threw?: { name: string; message: string };
  odd?: string;
  waits?: true;
}

function readAnswer(told: ToldAnswer, late: string, stopped: boolean): Answer {
  if (told.threw !== undefined) return { failed: `it threw ${told.threw.name}: ${told.threw.message}` };
  if (told.odd !== undefined) return { failed: `it gave ${told.odd}, which is no plain data` };
  if (told.waits) return { failed: stopped ? late : "it gave a promise that nothing settles" };
  if ("value" in told) return { value: told.value };
  return { failed: "it was not called: a call before it did not return" };
}

/** A call as an agent's program would write it, one for each list of arguments; "" where no program can say it. */
export function callsOf(
  method: string,
  lists: readonly (readonly unknown[])[],
): { lists: unknown; programs: string[] } {
  const access = /^[A-Za-z_$][\w$]*$/.test(method) ? `.${method}` : `[${JSON.stringify(method)}]`;
  const programs = lists.map((list) => {
    const text = JSON.stringify(list).slice(1, -1);
    return text.length > 2000 || text.includes("__proto__") ? "" : `${access}(${text});`;
  });
  return { lists, programs };
}

/** The request never reached the child: nothing is wrong with it. */
export function isLost(outcome: Outcome): boolean {
  return outcome.kind === "death" && outcome.death.killed === "lost";
}

/** The child was ended for what another life did in it, or was gone before the request. */
export function isOthersFault(outcome: Outcome & { kind: "death" }): boolean {
  return outcome.death.killed === "lost" || outcome.death.killed === "doubt";
}

/** The agent's state as the child read it; null where it could not. `genome` null: the same as the last one. */
export function readState(text: unknown): { genome: Gene[] | null; query: string; response: string } | null {
  if (typeof text !== "string") return null;
  try {
    const { genome, query, response } = JSON.parse(text) as { genome: Gene[] | "="; query: string; response: string };
    const sorted = genome === "=" ? null : genome.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
    return { genome: sorted, query, response };
  } catch {
    return null;
  }
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
