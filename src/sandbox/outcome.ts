/** What a child answered, or how it died, as what a life needs to know. Verdicts are in `verdict.ts`. */

import type { CallResult, Gene, Limits, StepReport, Verdict } from "./types.ts";
import { isStarved, readEffects, ruleDeath } from "./verdict.ts";
import type { Outcome } from "./worker.ts";

/** What became of a call; null where that says nothing about the agent. */
export function readCall(outcome: Outcome, limits: Limits): CallResult | null {
  if (outcome.kind === "death" && isOthersFault(outcome)) return null;
  const effects = readEffects(outcome.effects);
  if (outcome.kind === "death") {
    const ruling = ruleDeath(outcome.death, effects, limits);
    return "retry" in ruling ? null : { failed: ruling.cause, effects };
  }
  const { result, broke } = outcome.seen;
  if (isStarved(outcome.seen)) return null;
  if (typeof result !== "string") {
    const { disposed = false } = (broke ?? {}) as { disposed?: boolean };
    const cause = disposed
      ? `it used more than ${limits.memoryMiB} MiB`
      : `it did not return within ${limits.stepMs} ms`;
    return { failed: broke === undefined ? "the agent could not be brought back" : cause, effects };
  }
  if (result === "missing:") return { failed: "there is no such method", effects };
  if (result === "odd:") return { failed: "what it gave is no plain data", effects };
  if (!result.startsWith("=")) return { failed: result, effects };
  try {
    return { values: JSON.parse(result.slice(1)) as unknown[], effects };
  } catch {
    return { failed: "what it returned cannot be read", effects };
  }
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
