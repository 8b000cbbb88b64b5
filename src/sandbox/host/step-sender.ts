/** One step on its way into a child: the message, its clock, and the answers to what executed code asks of the model. */

import type { Random } from "../../random/index.ts";
import type { GenomeMember, LifeOptions, LifePast, Limits, PastStep } from "../types.ts";
import type { Body, Foreseen, Probes, Reader } from "./body.ts";
import { SandboxFailure } from "./error.ts";
import type { StepMessage, Unsent } from "./messages.ts";
import { readStepped, type Stepped } from "./reply.ts";
import type { Outcome, Worker } from "./worker.ts";

/** In place of the patience (times the limit that a try is given): steps played again had their time already. */
export const replaying = 4;

/** What a life sends its steps with. */
export interface StepSender {
  readonly life: number;
  readonly limits: Limits;
  readonly callModel: LifeOptions["callModel"];
  /** Steps of its past: what a child is told counts from 0 after them. */
  readonly first: number;
  /** Whether executed code may ask the model at all. */
  readonly asks: boolean;
  readonly reader: Reader;
  readonly probes: Probes;
  /** What the program of each step that was sent certainly does. */
  readonly foreseen: (Foreseen | null)[];
  /** What each step has asked, by the number of the question. */
  readonly questions: WeakMap<PastStep, Promise<string>[]>;
  /** The drawing of the last step's probes: these are drawn in the order of the steps. */
  drawing: Promise<unknown>;
  /** What the model's budget said when it was spent; null before. */
  overBudget: string | null;
  /** Why an answer of the model could not be read: no news of the model, nor of the guest that was told of none. */
  unread: SandboxFailure | null;
}

/** Makes what a life sends its steps with. `born`: the genome that it began from. */
export function createStepSender({
  body,
  random,
  born,
  ...given
}: Pick<StepSender, "life" | "limits" | "callModel" | "first" | "asks" | "reader"> & {
  body: Body;
  random: Random;
  born: readonly GenomeMember[];
}): StepSender {
  const texts = born.flatMap(({ name, source }) => [name, source]);
  const probes = body.createProbes(random, { born: texts, longest: given.limits.sourceBytes });
  const asked = { questions: new WeakMap<PastStep, Promise<string>[]>(), overBudget: null, unread: null };
  return { ...given, probes, foreseen: [], drawing: Promise.resolve(), ...asked };
}

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

/** Wall time of a request whose step has so much. */
export function wallOf(stepMs: number): number {
  return stepMs * 2 + 400;
}

/** The message of a step, which counts from the birth. */
export async function stepMessage(
  sender: StepSender,
  step: number,
  lived: PastStep,
  stepMs: number,
): Promise<Unsent<StepMessage>> {
  const { reader, probes, life, first } = sender;
  const { program, setup, budget } = lived;
  const reading = Promise.all([reader.read(program), setup === null ? null : reader.read(setup)]);
  reading.catch(() => {}); // told below
  // Texts are read as they come; probes are drawn from what came before, in the order of the steps. Where one cannot be
  // read, nothing is drawn for those after it: all are asked for again.
  const turn = sender.drawing.then(() => reading);
  sender.drawing = turn;
  turn.catch(() => {
    if (sender.drawing === turn) sender.drawing = Promise.resolve();
  });
  const [read, prepared] = await turn;
  const { text, compiled, foreseen = null } = read;
  const before = { setup: prepared === null ? null : prepared.text, budget };
  sender.foreseen[step] = foreseen;
  const drawn = probes.of(step, lived, read);
  return { op: "step", life, step: step - first, ...before, program: text, compiled, stepMs, probes: drawn };
}

/**
 * Sends one step; answers known already are given again instead of asking the model. Rejects with a SandboxFailure where a
 * text could not be read for no fault of its own: what the child then holds is not this life.
 */
export async function sendStep(
  sender: StepSender,
  at: Worker,
  step: number,
  { lived, patience }: { lived: PastStep; patience: number },
): Promise<Outcome<Stepped>> {
  const stepMs = sender.limits.stepMs * Math.max(1, patience);
  const ask = sender.asks ? answerer(sender, lived, patience === replaying) : undefined;
  const sent = await stepMessage(sender, step, lived, stepMs);
  const outcome = await at.request(sent, { read: readStepped, wallMs: wallOf(stepMs), ask });
  const why = sender.unread;
  sender.unread = null;
  if (why !== null) throw why;
  return outcome;
}

/** Answers one try of a step: what is known already as it was, what is new by the model. */
function answerer(sender: StepSender, lived: PastStep, replay: boolean): (text: string) => Promise<string> {
  const { questions, callModel } = sender;
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
    own[i] ??= askModel(sender, callModel, text, answers);
    return own[i];
  };
}

type Model = NonNullable<LifeOptions["callModel"]>;

async function askModel(sender: StepSender, model: Model, text: string, answers: PastStep["answers"]): Promise<string> {
  try {
    const answer = await readAnswer(sender, await inTime(model, text, sender.limits.modelMs));
    answers.push(answer);
    return answer;
  } catch (error) {
    if (sender.unread === null) answers.push(null);
    if ((error as { code?: unknown } | null)?.code === "budget_exhausted") sender.overBudget = String(error);
    throw error;
  }
}

async function readAnswer(sender: StepSender, said: string): Promise<string> {
  try {
    return (await sender.reader.read(said)).text;
  } catch (error) {
    if (error instanceof SandboxFailure) sender.unread = error;
    throw error;
  }
}

/** Asks the model, whose time is limited although the step's clock stands still. */
async function inTime(model: Model, text: string, modelMs: number): Promise<string> {
  const clock = AbortSignal.timeout(modelMs);
  const late = new Promise<never>((_, reject) => {
    clock.addEventListener("abort", () => reject(new Error(`no answer within ${modelMs} ms`)), { once: true });
  });
  return Promise.race([model(text, { signal: clock }), late]);
}
