/**
 * What a budget has left while questions are under way. Each reserves before it is asked what it may cost at most (its
 * prompt's tokens and its longest answer, the price of both), and settles for what it did cost; one that would fit but
 * for the reservations of others waits for them, in order. Seconds are shared by all that wait for an answer: when they
 * are over, all are cancelled. So lives that share a budget never overrun it together; what one answer may still do is
 * longer than it was asked to be, or counted differently by its server.
 */

import { longestTimer } from "../data/timer.ts";
import { LanguageModelFailure } from "./error.ts";
import type { Price } from "./prices.ts";
import { countTokens } from "./tokens.ts";
import type { Completion, Prompt } from "./types.ts";

/** Most that may be spent; what is not named has no limit. */
export interface BudgetLimits {
  calls?: number;
  /** Of prompts and answers together. */
  tokens?: number;
  dollars?: number;
  /** Spent waiting for the model. */
  seconds?: number;
}

/** What a budget counts. */
export type Kind = keyof BudgetLimits;

/** A question that may be asked. */
export interface Ticket {
  /** Longest answer, where something limits it. */
  maxTokens: number | undefined;
  /** Aborts when the question is cancelled, or when the budget's seconds are over. */
  signal: AbortSignal | undefined;
  /** True when the seconds ran out under it. */
  readonly late: boolean;
  /** Gives the reservation back and counts what the answer cost; none for a question that failed. */
  settle(answer: Completion | null): void;
}

/** What is known of a question before it is asked. `longest`: the model's own longest answer, if it has one. */
export interface Asked {
  prompt: Prompt;
  rate: Price | null;
  longest: number | undefined;
}

/** The books of one budget. */
export interface Ledger {
  /** Spent so far, with the seconds of what is under way. */
  spent(): { [kind in Kind]: number };
  /** The first limit that is reached, else null. */
  exhausted(): Kind | null;
  /** Resolves when the question may be asked; rejects with a LanguageModelFailure when it never may. */
  admit(asked: Asked): Promise<Ticket>;
}

/** A question under way, and what is put aside for it. */
interface Running {
  began: number;
  tokens: number;
  dollars: number;
  clock: AbortController;
}

interface LedgerState {
  readonly limits: BudgetLimits;
  /** What the questions that were answered have cost. */
  readonly settled: { [kind in Kind]: number };
  readonly running: Set<Running>;
  /** Those that would fit but for others, in order: each tries again, and says whether its wait is over. */
  readonly waiting: (() => boolean)[];
  timer: NodeJS.Timeout | undefined;
}

const order: readonly Kind[] = ["calls", "tokens", "dollars", "seconds"];

/** Opens the books. */
export function createLedger(limits: BudgetLimits): Ledger {
  const settled = { calls: 0, tokens: 0, dollars: 0, seconds: 0 };
  const state: LedgerState = { limits, settled, running: new Set(), waiting: [], timer: undefined };
  return {
    spent: () => spentOf(state),
    exhausted: () => exhausted(state),
    async admit(asked) {
      asked.prompt.signal?.throwIfAborted();
      return (state.waiting.length === 0 ? tryAdmit(state, asked) : null) ?? wait(state, asked);
    },
  };
}

function spentOf({ settled, running }: LedgerState): { [kind in Kind]: number } {
  const now = performance.now();
  const seconds = [...running].reduce((sum, { began }) => sum + (now - began) / 1000, settled.seconds);
  return { ...settled, seconds };
}

function exhausted(state: LedgerState): Kind | null {
  const { limits } = state;
  const now = spentOf(state);
  return order.find((kind) => limits[kind] !== undefined && now[kind] >= limits[kind]) ?? null;
}

function check(state: LedgerState, over: Kind | null): void {
  if (over === null) return;
  throw new LanguageModelFailure({ kind: "budget", of: over, limit: state.limits[over]!, spent: spentOf(state)[over] });
}

/** All that are under way spend at once, so the time that is left passes that much faster. */
function armClock(state: LedgerState): void {
  const { limits, running } = state;
  clearTimeout(state.timer);
  if (limits.seconds === undefined || running.size === 0) return;
  const left = ((limits.seconds - spentOf(state).seconds) * 1000) / running.size;
  const ring = (): void => {
    if (spentOf(state).seconds < limits.seconds!) return armClock(state);
    for (const { clock } of running) clock.abort(new DOMException("The budget's seconds are over", "TimeoutError"));
  };
  state.timer = setTimeout(ring, Math.min(longestTimer, Math.max(1, Math.ceil(left))));
}

/** Null: not before somebody else's question is answered. Throws when the budget is spent. */
function tryAdmit(state: LedgerState, asked: Asked): Ticket | null {
  const { limits, settled, running } = state;
  check(state, exhausted(state));
  const alone = roomFor(asked, limits, settled);
  check(state, alone.over);
  const reserved = { tokens: settled.tokens, dollars: settled.dollars };
  for (const { tokens, dollars } of running) {
    reserved.tokens += tokens;
    reserved.dollars += dollars;
  }
  const room = roomFor(asked, limits, reserved);
  if (room.over !== null || room.answer < alone.answer) return null;
  return issue(state, asked, room);
}

function issue(state: LedgerState, asked: Asked, { tokens, answer, dollars }: Room): Ticket {
  const { limits, running, settled } = state;
  const { prompt } = asked;
  const entry: Running = { began: performance.now(), tokens, dollars, clock: new AbortController() };
  running.add(entry);
  settled.calls++;
  armClock(state);
  const signals = [...(limits.seconds === undefined ? [] : [entry.clock.signal]), prompt.signal];
  const given = signals.filter((signal) => signal !== undefined);
  return {
    maxTokens: Number.isFinite(answer) ? answer : undefined,
    signal: given.length > 1 ? AbortSignal.any(given) : given[0],
    get late() {
      return entry.clock.signal.aborted && !prompt.signal?.aborted;
    },
    settle(completion) {
      running.delete(entry);
      settled.seconds += (performance.now() - entry.began) / 1000;
      if (completion !== null) charge(state, completion, asked);
      armClock(state);
      letIn(state);
    },
  };
}

function charge({ settled }: LedgerState, { usage, text }: Completion, { prompt, rate }: Asked): void {
  // A server that tells no usage, or nonsense, must not make a budget endless.
  const asked = told(usage?.promptTokens) ?? countPrompt(prompt);
  const answered = told(usage?.completionTokens) ?? countTokens(text);
  settled.tokens += asked + answered;
  if (rate !== null) settled.dollars += (asked * rate.prompt + answered * rate.completion) / 1e6;
}

/** Those that wait try again, the first of them first. */
function letIn({ waiting }: LedgerState): void {
  while (waiting[0]?.()) waiting.shift();
}

function wait(state: LedgerState, asked: Asked): Promise<Ticket> {
  const { waiting } = state;
  return new Promise((resolve, reject) => {
    const { signal } = asked.prompt;
    const tryAgain = (): boolean => {
      try {
        const ticket = tryAdmit(state, asked);
        if (ticket === null) return false;
        resolve(ticket);
      } catch (error) {
        reject(error);
      }
      signal?.removeEventListener("abort", cancel);
      return true;
    };
    const cancel = (): void => {
      waiting.splice(waiting.indexOf(tryAgain), 1);
      reject(signal!.reason);
      letIn(state);
    };
    signal?.addEventListener("abort", cancel, { once: true });
    waiting.push(tryAgain);
  });
}

interface Room {
  over: Kind | null;
  /** Longest answer that fits, and what the question then costs at most. */
  answer: number;
  tokens: number;
  dollars: number;
}

/** Whether a question fits into what is left, how long its answer may then be, and what to put aside for it. */
function roomFor(
  { prompt, rate, longest }: Asked,
  limits: BudgetLimits,
  used: { tokens: number; dollars: number },
): Room {
  const wanted = Math.min(prompt.maxTokens ?? Number.POSITIVE_INFINITY, longest ?? Number.POSITIVE_INFINITY);
  if (limits.tokens === undefined && limits.dollars === undefined)
    return { over: null, answer: prompt.maxTokens ?? Number.POSITIVE_INFINITY, tokens: 0, dollars: 0 };
  const asked = countPrompt(prompt);
  const tokens = (limits.tokens ?? Number.POSITIVE_INFINITY) - used.tokens - asked;
  const price = { prompt: (rate?.prompt ?? 0) / 1e6, completion: (rate?.completion ?? 0) / 1e6 };
  const dollars = (limits.dollars ?? Number.POSITIVE_INFINITY) - used.dollars - asked * price.prompt;
  const affordable = price.completion === 0 ? Number.POSITIVE_INFINITY : dollars / price.completion;
  const answer = Math.floor(Math.min(tokens, affordable, wanted));
  const over = tokens < 1 ? "tokens" : dollars <= 0 || answer < 1 ? "dollars" : null;
  const paid = Number.isFinite(answer) ? answer * price.completion : 0;
  return { over, answer, tokens: asked + answer, dollars: asked * price.prompt + paid };
}

function countPrompt({ prompt, messages = [] }: Prompt): number {
  return countTokens(prompt) + messages.reduce((sum, { content }) => sum + countTokens(content), 0);
}

/** A count that was told; undefined for none, and for what is no count. */
function told(count: unknown): number | undefined {
  return typeof count === "number" && count > 0 && Number.isFinite(count) ? count : undefined;
}
