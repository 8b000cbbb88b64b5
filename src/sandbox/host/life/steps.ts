/**
 * Steps, one by one or many in one message. When a child dies in a step, the step is tried again: in a child of its own, since a
 * neighbour may have been at fault, and once more where nothing that the guest did explains the death. If that does not help
 * the verdict is `infrastructure_error`, a fault of ours and not of the agent.
 */

import type { PastStep, StepReport } from "../../types.ts";
import { SandboxFailure } from "../error.ts";
import { rulesNow } from "../limits.ts";
import { readStepped, type Stepped } from "../reply.ts";
import { sendStep, stepMessage, wallOf } from "../step-sender.ts";
import type { Outcome } from "../worker.ts";
import { type Attempt, conclude, concludeBirth, makeReport } from "./conclude.ts";
import { settle } from "./settle.ts";
import { checkAlive, checkOpen, isUsed, type LifeState, release } from "./state.ts";

/** Tries of a step whose child died of no cause of the guest's, before it is an infrastructure error. */
export const tries = 3;
/** Most steps in one message: another life of the same child waits for them. */
const stepsAtOnce = 25;

/** Runs one step. */
export async function runStep(life: LifeState, program: string, setup: string | null = null): Promise<StepReport> {
  checkAlive(life);
  if (typeof program !== "string")
    throw new SandboxFailure({ kind: "option", name: "program", expected: "a string", value: program });
  const step = life.lived.length;
  const bytes = Buffer.byteLength(program);
  if (bytes > life.terms.limits.sourceBytes) return refuse(life, step, bytes);
  const { budget, rules = rulesNow } = life.options;
  const left = budget === undefined ? null : JSON.stringify(budget());
  const now: PastStep = { program, answers: [], setup, budget: left, rules };
  let [cause, fresh] = ["", false];
  for (let attempt = 0; attempt < tries; ) {
    const tried = await tryStep(life, step, now, { attempt, fresh });
    if ("report" in tried) return tried.report;
    release(life, tried.calm !== true);
    fresh ||= tried.fresh === true;
    if (!tried.free) {
      cause = tried.again;
      attempt++;
    }
  }
  life.ended = "infrastructure_error";
  const said = `a fault of the sandbox, not of the agent: ${cause}. Program: ${program.slice(0, 2000)}`;
  return makeReport(life, step, { verdict: "infrastructure_error", cause: said });
}

function refuse(life: LifeState, step: number, bytes: number): StepReport {
  life.ended = "syntax_error";
  release(life);
  const cause = `the program has ${bytes} bytes, more than the ${life.terms.limits.sourceBytes} that are run`;
  return makeReport(life, step, { verdict: life.ended, cause }, { genome: life.genome });
}

async function tryStep(
  life: LifeState,
  step: number,
  now: PastStep,
  { attempt, fresh }: { attempt: number; fresh: boolean },
): Promise<Attempt> {
  const failed = await settle(life, { alone: attempt > 0, fresh });
  checkOpen(life);
  const used = isUsed(life);
  if (failed !== null) return concludeBirth(life, step, failed, used);
  const worker = life.worker!;
  const outcome = await sendStep(life.sender, worker, step, { lived: now, patience: 1 + 2 * attempt }).catch(
    (error: unknown) => {
      release(life);
      throw error;
    },
  );
  checkOpen(life);
  return conclude(life, step, outcome, { now, used, attempt, last: attempt === tries - 1 });
}

/** Sends the steps that need nothing in between in one message, and what is left of them one by one. */
export async function runSteps(
  life: LifeState,
  programs: readonly string[],
  setups: readonly (string | undefined)[] = [],
): Promise<StepReport[]> {
  const reports: StepReport[] = [];
  const isOver = (): boolean => reports.length === programs.length || reports.at(-1)?.alive === false;
  while (!isOver()) {
    const done = reports.length;
    const next = programs.slice(done, done + stepsAtOnce);
    const together = next.length > 1 && life.ended === null && next.every((program) => isShort(life, program));
    if (together) reports.push(...(await stepsTogether(life, next, setups.slice(done))));
    if (!isOver() && reports.length < done + next.length)
      reports.push(await runStep(life, programs[reports.length]!, setups[reports.length]));
  }
  return reports;
}

/** Whether nobody need be asked between it and the next. */
function isShort({ options: { callModel, budget }, terms }: LifeState, program: unknown): boolean {
  if (callModel !== undefined || budget !== undefined || typeof program !== "string") return false;
  return Buffer.byteLength(program) <= terms.limits.sourceBytes;
}

/** Reports until the first step that must be tried again alone. */
async function stepsTogether(
  life: LifeState,
  programs: readonly string[],
  setups: readonly (string | undefined)[],
): Promise<StepReport[]> {
  checkOpen(life);
  const failed = await settle(life, { alone: false });
  checkOpen(life);
  const at = life.lived.length;
  const { rules = rulesNow } = life.options;
  if (failed !== null) {
    const born = concludeBirth(life, at, failed, isUsed(life));
    if ("report" in born) return [born.report];
    release(life, born.calm !== true);
    return [];
  }
  const plans = programs.map(
    (program, i): PastStep => ({ program, answers: [], setup: setups[i] ?? null, budget: null, rules }),
  );
  const used = isUsed(life);
  const outcomes = await sendTogether(life, at, plans);
  const reports: StepReport[] = [];
  for (const [i, outcome] of outcomes.entries()) {
    const attempt = conclude(life, at + i, outcome, { now: plans[i]!, used, attempt: 0, last: false });
    if (!("report" in attempt)) {
      release(life, attempt.calm !== true);
      break;
    }
    reports.push(attempt.report);
    if (!attempt.report.alive) break;
  }
  return reports;
}

/** What came of them, as far as the child went; nothing where it is gone before they were sent. */
async function sendTogether(life: LifeState, at: number, plans: readonly PastStep[]): Promise<Outcome<Stepped>[]> {
  const { id, sender, terms } = life;
  const { stepMs } = terms.limits;
  const making = plans.map((plan, i) => stepMessage(sender, at + i, plan, stepMs));
  await Promise.allSettled(making);
  const messages = await Promise.all(making);
  if (!life.worker?.alive) return [];
  const outcomes: Outcome<Stepped>[] = [];
  const last = await life.worker.request(
    { op: "steps", life: id, steps: messages },
    {
      read: readStepped,
      wallMs: wallOf(stepMs),
      answers: plans.length,
      onAnswer: (outcome) => outcomes.push(outcome),
    },
  );
  checkOpen(life);
  return [...outcomes, last];
}
