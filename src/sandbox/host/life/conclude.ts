/** From what came of one try of a step to its report, or to another try. */

import type { PastStep, StepReport, Verdict } from "../../types.ts";
import { isLost, isOthersFault, reportOf } from "../outcome.ts";
import type { Stepped } from "../reply.ts";
import {
  isOfMemory,
  isStarved,
  overrule,
  type Ruling,
  ruleAnswer,
  ruleBirth,
  ruleDeath,
  ruleFault,
} from "../verdict.ts";
import type { Outcome } from "../worker.ts";
import { type Failed, learn } from "./settle.ts";
import { type LifeState, release } from "./state.ts";

/**
 * A report; or the reason to try again. `free`: another life was at fault, so it costs no try; `calm`: no child is doubted; `fresh`:
 * in a child that has held no other life.
 */
export type Attempt = { report: StepReport } | { again: string; free: boolean; calm?: boolean; fresh?: boolean };

/** What came of a step that was sent. `last`: where it cannot be tried again, what was seen is all that there is. */
export function conclude(
  life: LifeState,
  step: number,
  told: Outcome<Stepped>,
  { now, used, attempt, last }: { now: PastStep; used: boolean; attempt: number; last: boolean },
): Attempt {
  // An attempt that was seen stands, whatever another try of the step comes to.
  const outcome = told.effects.length > 0 ? told : { ...told, effects: life.attempted };
  life.attempted = outcome.effects;
  const starved = outcome.kind === "answer" ? isStarved(outcome.reply.broke) : isStarvedDeath(outcome);
  if (starved && attempt === 0) return { again: "the machine was too busy to run the step", free: false };
  if (outcome.kind === "death" && isOthersFault(outcome.death)) return othersFault(outcome);
  const found = rule(life, outcome, now.program);
  const ruling = "retry" in found && last ? (found.harm ?? found) : found;
  if ("retry" in ruling) return { again: ruling.cause, free: false };
  // A process that ran out of memory may have been filled by others: only a life that no other was in it before answers for that.
  if (outcome.kind === "death" && used && isOfMemory(outcome.death, life.terms))
    return { again: ruling.cause, free: false, fresh: true };
  return { report: takeOver(life, step, outcome, { now, ruling }) };
}

function rule({ terms }: LifeState, outcome: Outcome<Stepped>, program: string): Ruling {
  if (outcome.kind === "death") return ruleDeath(outcome.death, outcome.effects, terms);
  if (outcome.kind === "fault") return ruleFault(outcome.message, outcome.effects, terms);
  return ruleAnswer(outcome.reply, outcome.effects, terms, program);
}

/** The step is lived: what it left becomes the life's, or the life ends. */
function takeOver(
  life: LifeState,
  step: number,
  outcome: Outcome<Stepped>,
  { now, ruling }: { now: PastStep; ruling: Exclude<Ruling, { retry: true }> },
): StepReport {
  const { sender, witness } = life;
  const reply = outcome.kind === "answer" ? outcome.reply : null;
  const before = reply === null ? life.genome : learn(life, step, now, reply);
  const { verdict, cause } = overrule(ruling, { overBudget: sender.overBudget, idle: witness.verdict() });
  life.lived.push(now);
  life.attempted = [];
  if (verdict !== "survived") {
    life.ended = verdict;
    // A child in which a guest ran out of time or memory is not trusted with another life, but where all of it is memory that
    // is put back.
    release(life, reply === null || (reply.broke !== null && life.body.isContained !== true));
  }
  const isRead = reply !== null && reply.read !== null;
  const genome = isRead ? life.genome : [];
  const changed = isRead && life.genome !== before && JSON.stringify(genome) !== JSON.stringify(before);
  const { effects, ms } = outcome;
  const told = { effects, error: ruling.error, output: reply?.output ?? "", ms, genome, changed };
  return makeReport(life, step, { verdict, cause }, told);
}

/** A life that could not be brought to where it was. A genome that fails when restored is its own fault. */
export function concludeBirth(life: LifeState, step: number, outcome: Failed, used: boolean): Attempt {
  if (outcome.kind === "death" && isOthersFault(outcome.death)) return othersFault(outcome);
  const { lived, settings, terms, first } = life;
  const ruling = lived.length === 0 && settings.genome !== null ? ruleBirth(outcome, terms) : null;
  if (ruling === null || "retry" in ruling)
    return { again: ruling?.cause ?? "the child could not bring the life to this step", free: false };
  if (outcome.kind === "death" && used && isOfMemory(outcome.death, life.terms))
    return { again: ruling.cause, free: false, fresh: true };
  life.ended = ruling.verdict;
  release(life, true);
  const effects = outcome.effects.map((effect) => ({ ...effect, step: step - first }));
  return { report: makeReport(life, step, ruling, { effects, ms: outcome.ms }) };
}

function isStarvedDeath(outcome: Outcome<Stepped>): boolean {
  return outcome.kind === "death" && outcome.death.killed === "wall" && outcome.death.starved === true;
}

function othersFault({ death }: Outcome & { kind: "death" }): Attempt {
  return { again: "", free: true, calm: isLost(death) };
}

/** A report of a step, which counts from the birth. */
export function makeReport(
  { first, last }: LifeState,
  step: number,
  { verdict, cause }: { verdict: Verdict; cause: string },
  rest: Partial<StepReport> = {},
): StepReport {
  return reportOf(step - first, verdict, cause, { ...last, ...rest });
}
