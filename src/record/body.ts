/**
 * A step as an entry holds it, and back. `parts` is what a policy and an environment knew of it in the first format, and is
 * digested; `told` is the rest of them, and is not. NaN, the infinities and -0 are written in `encode`'s words.
 */

import { byHand, decode, encode, type Plain, type Step } from "../episode/index.ts";
import type { GenomeMember, StepReport, Verdict } from "../sandbox/types.ts";
import { RecordFailure } from "./error.ts";
import type { NewStep } from "./types.ts";

/** What is digested of a policy and an environment. */
export interface Parts {
  prompt?: string;
  output?: string;
  tokens?: { prompt?: number; output?: number; ids?: readonly number[] };
  /** Of each token, or their sum alone; nats. */
  logProbs?: readonly number[];
  seeds?: { readonly [name: string]: string | number };
  rewards?: { readonly [name: string]: number };
}

/** The body of a step's entry. */
export interface StepBody {
  program: string;
  setup?: string;
  budget?: string;
  calls: Step["calls"];
  parts: Parts;
  report: Omit<StepReport, "genome" | "ms">;
  genome: string | null;
  told?: Partial<Pick<Step, "verdict" | "cause" | "reward" | "task" | "score" | "solved" | "changed">> & {
    action?: Partial<Step["action"]>;
  };
}

/** A step's body, without its genome's hash. */
export function bodyOf(step: NewStep, hash: string | null): Plain {
  const { program, setup, budget, calls = [], report } = step;
  if (report === null)
    throw new RecordFailure({ kind: "value", name: "report", expected: "what the sandbox saw", value: "null" });
  const { genome: _genome, ms: _ms, ...seen } = report;
  const told = toldOf(step, report);
  return encode(
    {
      program,
      ...(setup !== undefined && { setup }),
      ...(budget !== undefined && { budget }),
      ...{ calls, parts: partsOf(step), report: seen, genome: hash },
      ...(Object.keys(told).length > 0 && { told }),
    },
    "step",
  );
}

/** What of a step is digested besides its life. */
export function partsOf({ action = byHand, rewards }: Pick<NewStep, "action" | "rewards">): Parts {
  const { prompt, output, promptTokens, tokens, choice, logProb, logProbs, seeds } = action;
  const isDrawn = !Number.isNaN(logProb) || logProbs !== undefined;
  const ids = typeof choice === "number" ? [choice] : choice;
  const counted = {
    ...(promptTokens !== undefined && { prompt: promptTokens }),
    ...((tokens !== undefined || isDrawn) && { output: tokens ?? ids.length }),
    ...(isDrawn && { ids }),
  };
  return {
    ...(prompt !== undefined && { prompt }),
    ...(output !== undefined && { output }),
    ...(Object.keys(counted).length > 0 && { tokens: counted }),
    ...(isDrawn && { logProbs: logProbs ?? [logProb] }),
    ...(seeds !== undefined && { seeds }),
    ...(rewards !== undefined && Object.keys(rewards).length > 0 && { rewards }),
  };
}

function toldOf(step: NewStep, report: StepReport): NonNullable<StepBody["told"]> {
  const { verdict = report.verdict, cause = report.cause, reward, rewards = {}, action = byHand } = step;
  const { task, score, solved, changed } = step;
  const { label, choice, tokens, referenceLogProb, cut } = action;
  const own = {
    ...(label !== "" && { label }),
    ...(typeof choice === "number" && choice !== byHand.choice && { choice }),
    ...(tokens !== undefined && { tokens }),
    ...(referenceLogProb !== undefined && { referenceLogProb }),
    ...(cut !== undefined && { cut }),
  };
  return {
    ...((verdict !== report.verdict || cause !== report.cause) && { verdict, cause }),
    ...(reward !== undefined && !Object.is(reward, sumOf(rewards)) && { reward }),
    ...(task !== undefined && { task, score: score ?? null }),
    ...(solved !== undefined && { solved }),
    ...(changed !== undefined && { changed }),
    ...(Object.keys(own).length > 0 && { action: own }),
  };
}

/** A verdict by its present word: the first records said `crash` for `infrastructure_error`. */
export function verdictOf(word: string): Verdict {
  return word === "crash" ? "infrastructure_error" : (word as Verdict);
}

/** A step out of its body, with the parts that were appended later, and its genome. */
export function stepOfBody(
  { program, setup, budget, calls, report: seen, told = {} }: StepBody,
  parts: Parts,
  { genome, ms, at }: { genome: GenomeMember[]; ms: number; at: number },
): Step {
  const report = { ...seen, verdict: verdictOf(seen.verdict), genome, ms };
  const { verdict = report.verdict, cause = report.cause, action, ...more } = told;
  const { rewards = {} } = parts;
  return {
    program,
    ...(setup !== undefined && { setup }),
    ...(budget !== undefined && { budget }),
    ...{ calls, report, action: actionOf(parts, action), verdict: verdictOf(verdict), cause, effects: report.effects },
    ...{ rewards, reward: sumOf(rewards), ...more, at },
  };
}

function actionOf(parts: Parts, told: Partial<Step["action"]> = {}): Step["action"] {
  const { prompt, output, tokens = {}, logProbs, seeds } = parts;
  return {
    ...{ label: "", choice: tokens.ids ?? byHand.choice, logProb: logProbs === undefined ? Number.NaN : sum(logProbs) },
    ...(logProbs !== undefined && logProbs.length !== 1 && { logProbs }),
    ...(tokens.output !== undefined && tokens.ids === undefined && { tokens: tokens.output }),
    ...(tokens.prompt !== undefined && { promptTokens: tokens.prompt }),
    ...(prompt !== undefined && { prompt }),
    ...(output !== undefined && { output }),
    ...(seeds !== undefined && { seeds }),
    ...told,
  };
}

/** The body of an entry, as it was before it was written. */
export function readBody<T>(text: string): T {
  return decode(JSON.parse(text) as Plain) as T;
}

function sumOf(rewards: { readonly [name: string]: number }): number {
  return sum(Object.values(rewards));
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}
