/** One step on its way into a child: the message, its clock, and the answers to what executed code asks of the model. */

import type { Random } from "../../random/index.ts";
import type { Foreseen } from "../bodies/javascript/foresee/index.ts";
import { createProbes } from "../bodies/javascript/probe/index.ts";
import type { Reader } from "../bodies/javascript/reader.ts";
import type { Gene, LifeOptions, LifePast, Limits, PastStep } from "../types.ts";
import { SandboxFailure } from "./error.ts";
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
  /**
   * Sends one step; answers known already are given again instead of asking the model. Rejects with a SandboxFailure where a
   * text could not be read for no fault of its own: what the child then holds is not this life.
   */
  send(at: Worker, step: number, lived: PastStep, patience: number): Promise<Outcome>;
  wallOf(stepMs: number): number;
  /** What the program of a step that was sent certainly does. */
  foreseen(step: number): Foreseen | null;
  /** What the model's budget said when it was spent; null before. */
  readonly overBudget: string | null;
}

/** Makes what a life sends its steps with. `first`: the steps of its past. */
export function createTurns({
  life,
  random,
  born,
  limits,
  callModel,
  first,
  asks,
  reader,
}: {
  life: number;
  random: Random;
  born: readonly Gene[];
  limits: Limits;
  callModel: LifeOptions["callModel"];
  first: number;
  asks: boolean;
  reader: Reader;
}): Turns {
  let overBudget: string | null = null;
  /** Why an answer of the model could not be read: no news of the model, nor of the guest that was told of none. */
  let unread: SandboxFailure | null = null;

  /** Asks the model, whose time is limited although the step's clock stands still. */
  const inTime = async (ask: NonNullable<LifeOptions["callModel"]>, text: string): Promise<string> => {
    const clock = AbortSignal.timeout(limits.modelMs);
    const late = new Promise<never>((_, reject) => {
      clock.addEventListener("abort", () => reject(new Error(`no answer within ${limits.modelMs} ms`)), { once: true });
    });
    return Promise.race([ask(text, { signal: clock }), late]);
  };

  const readAnswer = async (said: string): Promise<string> => {
    try {
      return (await reader.read(said)).text;
    } catch (error) {
      if (error instanceof SandboxFailure) unread = error;
      throw error;
    }
  };

  const askNext = async (ask: NonNullable<LifeOptions["callModel"]>, text: string, answers: PastStep["answers"]) => {
    try {
      const answer = await readAnswer(await inTime(ask, text));
      answers.push(answer);
      return answer;
    } catch (error) {
      if (unread === null) answers.push(null);
      if ((error as { code?: unknown } | null)?.code === "budget_exhausted") overBudget = String(error);
      throw error;
    }
  };

  /** What each step has asked, by the number of the question. */
  const questions = new WeakMap<PastStep, Promise<string>[]>();
  const answerer = (lived: PastStep, replay: boolean): ((text: string) => Promise<string>) => {
    const { answers } = lived;
    const own = questions.get(lived) ?? [];
    questions.set(lived, own);
    let asked = 0;
    return async (text) => {
      const i = asked++;
      if (i < answers.length || replay || callModel === undefined) {
        const known = answers[i];
        if (known === undefined || known === null) throw new Error("no recorded answer");
        return known;
      }
      // The child that asked it first may be gone, and the answer still on its way: it is this try's.
      own[i] ??= askNext(callModel, text, answers);
      return own[i];
    };
  };

  const wallOf = (stepMs: number): number => stepMs * 2 + 400;
  const probes = createProbes(random, {
    born: born.flatMap(({ name, source }) => [name, source]),
    longest: limits.sourceBytes,
  });
  const foreseen: (Foreseen | null)[] = [];
  let drawing: Promise<unknown> = Promise.resolve();
  const message: Turns["message"] = async (step, lived, stepMs) => {
    const { program, setup, budget } = lived;
    const reading = Promise.all([reader.read(program), setup === null ? null : reader.read(setup)]);
    reading.catch(() => {}); // told below
    // Texts are read as they come; probes are drawn from what came before, in the order of the steps. Where one cannot be
    // read, nothing is drawn for those after it: all are asked for again.
    const turn = drawing.then(() => reading);
    drawing = turn;
    turn.catch(() => {
      if (drawing === turn) drawing = Promise.resolve();
    });
    const [read, prepared] = await turn;
    const { text, compiled, foreseen: effect = null } = read;
    const before = { setup: prepared === null ? null : prepared.text, budget };
    foreseen[step] = effect;
    const drawn = probes.of(step, lived, read).map(({ program, compiled, before, expected, names }) => {
      const look = JSON.stringify({ plain: callsNothing(program), expected, names });
      return { program, compiled, before, look };
    });
    return { op: "step", life, step: step - first, ...before, program: text, compiled, stepMs, probes: drawn };
  };

  return {
    message,
    wallOf,
    foreseen: (step) => foreseen[step] ?? null,
    async send(at, step, lived, patience) {
      const stepMs = limits.stepMs * Math.max(1, patience);
      const ask = asks ? answerer(lived, patience === replaying) : undefined;
      const sent = await message(step, lived, stepMs);
      const outcome = await at.request(sent, { wallMs: wallOf(stepMs), ask });
      const why = unread;
      unread = null;
      if (why !== null) throw why;
      return outcome;
    },
    get overBudget() {
      return overBudget;
    },
  };
}

/** True for a probe that needs nothing but the language: its failure is the executor's, whatever the guest has patched. */
function callsNothing(program: string): boolean {
  return !/[\w\])]\(|\.\.\.|\b(of|in|new|throw)\b/.test(program);
}
