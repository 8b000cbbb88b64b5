/** One step on its way into a child: the message, its clock, and the answers to what executed code asks of the model. */

import type { Random } from "../random/index.ts";
import { SandboxFailure } from "./error.ts";
import { drawProbe } from "./probe.ts";
import { compileHere } from "./program.ts";
import type { Reader } from "./reader.ts";
import type { LifeOptions, LifePast, Limits, PastStep } from "./types.ts";
import type { Outcome, Worker } from "./worker.ts";

/** In place of the patience (times the limit that a try is given): steps played again had their time already. */
export const replaying = 4;

/** A life's past as it was given. Throws a SandboxFailure when it is none. */
export function checkPast(past: LifePast | undefined): LifePast | undefined {
  if (past === undefined) return undefined;
  const isStep = (step: PastStep): boolean => typeof step?.program === "string" && Array.isArray(step.answers);
  const isPast = typeof past?.seed === "number" && Array.isArray(past.steps) && past.steps.every(isStep);
  if (isPast) return past;
  throw new SandboxFailure({
    kind: "option",
    name: "past",
    expected: "what `life.past()` or a snapshot gave",
    value: past,
  });
}

/** Sends a life's steps. */
export interface Turns {
  /** `step` counts from the birth, `shown` is the number that effects are told with. */
  message(step: number, lived: PastStep, stepMs: number): Promise<object>;
  /** Sends one step; answers known already are given again instead of asking the model. */
  send(at: Worker, step: number, lived: PastStep, patience: number): Promise<Outcome>;
  wallOf(stepMs: number): number;
  /** What the model's budget said when it was spent; null before. */
  readonly overBudget: string | null;
}

/** Makes what a life sends its steps with. `first`: the steps of its past. */
export function createTurns({
  life,
  random,
  limits,
  callModel,
  first,
  asks,
  reader,
}: {
  life: number;
  random: Random;
  limits: Limits;
  callModel: LifeOptions["callModel"];
  first: number;
  asks: boolean;
  reader: Reader;
}): Turns {
  let overBudget: string | null = null;

  /** Asks the model, whose time is limited although the step's clock stands still. */
  const inTime = async (ask: NonNullable<LifeOptions["callModel"]>, text: string): Promise<string> => {
    const clock = AbortSignal.timeout(limits.modelMs);
    const late = new Promise<never>((_, reject) => {
      clock.addEventListener("abort", () => reject(new Error(`no answer within ${limits.modelMs} ms`)), { once: true });
    });
    return Promise.race([ask(text, { signal: clock }), late]);
  };

  const answerer = ({ answers }: PastStep, replay: boolean): ((text: string) => Promise<string>) => {
    let asked = 0;
    return async (text) => {
      if (asked < answers.length || replay || callModel === undefined) {
        const known = answers[asked++];
        if (known === undefined || known === null) throw new Error("no recorded answer");
        return known;
      }
      asked++;
      try {
        const { text: answer } = await reader.read(await inTime(callModel, text));
        answers.push(answer);
        return answer;
      } catch (error) {
        answers.push(null);
        if ((error as { code?: unknown } | null)?.code === "budget_exhausted") overBudget = String(error);
        throw error;
      }
    };
  };

  const wallOf = (stepMs: number): number => stepMs * 2 + 400;
  const message: Turns["message"] = async (step, { program, setup, budget }, stepMs) => {
    const probe = drawProbe(random.child("probe", step));
    const { text, compiled } = await reader.read(program);
    const before = { setup: setup === null ? null : (await reader.read(setup)).text, budget };
    const known = { program: compiled, probe: compileHere(probe.program) };
    return { op: "step", life, step: step - first, ...before, program: text, compiled: known, stepMs, probe };
  };

  return {
    message,
    wallOf,
    async send(at, step, lived, patience) {
      const stepMs = limits.stepMs * Math.max(1, patience);
      const ask = asks ? answerer(lived, patience === replaying) : undefined;
      return at.request(await message(step, lived, stepMs), { wallMs: wallOf(stepMs), ask });
    },
    get overBudget() {
      return overBudget;
    },
  };
}
