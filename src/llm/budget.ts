/**
 * What asking a model may cost: calls, tokens, dollars, seconds. Counted here in the host, where no guest can reach: a
 * guest is shown a copy (`view`), and a spent budget ends its life with `budget_exhausted`. A question whose prompt alone
 * would not fit is not asked; one in flight is cancelled when the seconds are over; the longest answer is cut to what is
 * left. Prices: `data/prices.json`.
 */

import { displaySymbol, type MimeBundle, tableBundle } from "../display/index.ts";
import { amount, LanguageModelFailure } from "./error.ts";
import { type Price, priceOf } from "./prices.ts";
import { countTokens } from "./tokens.ts";
import type { Completion, LanguageModel, Prompt } from "./types.ts";

/** Most that may be spent; what is not named has no limit. */
export interface BudgetLimits {
  calls?: number;
  /** Of prompts and answers together. */
  tokens?: number;
  dollars?: number;
  /** Spent waiting for the model. */
  seconds?: number;
}

type Kind = keyof BudgetLimits;
const kinds: readonly Kind[] = ["calls", "tokens", "dollars", "seconds"];

/** Limits and what was spent of them, as plain data. `limit` is null where there is none. */
export type BudgetView = { readonly [kind in Kind]: { readonly spent: number; readonly limit: number | null } };

/** A budget that one or many models share. Shows itself as a small table, in a notebook as a meter that runs. */
export interface Budget {
  readonly limits: Readonly<BudgetLimits>;
  /** What is spent and what the limits are, now. */
  view(): BudgetView;
  /** The first limit that is reached, else null. */
  exhausted(): Kind | null;
  /** The same model, spending from this budget. Asking it rejects with a LanguageModelFailure of kind `budget`. */
  meter(model: LanguageModel): LanguageModel;
  /** `3 calls of 10, 512 tokens, $0.00, 1.2 seconds`. */
  toString(): string;
  [displaySymbol](): MimeBundle;
}

/** How a budget is kept. */
export interface BudgetOptions extends BudgetLimits {
  /** Dollars a million tokens, for models that are not in `data/prices.json`. */
  price?: Price;
  /** Called after each question. @default in a notebook, a meter that is shown at the first question and kept up to date */
  onSpend?: (budget: Budget) => void;
}

/** Makes a budget. Throws a LanguageModelFailure for a limit that makes no sense. */
export function budget({ price, onSpend, ...limits }: BudgetOptions): Budget {
  for (const kind of kinds) {
    const value = limits[kind];
    if (value !== undefined && !(value >= 0 && Number.isFinite(value)))
      throw new LanguageModelFailure({ kind: "option", name: kind, expected: "a number of at least 0", value });
  }
  const spent = { calls: 0, tokens: 0, dollars: 0, seconds: 0 };
  const tell = onSpend ?? liveMeter();
  const refuse = (of: Kind): never => {
    throw new LanguageModelFailure({ kind: "budget", of, limit: limits[of]!, spent: spent[of] });
  };
  const own: Budget = {
    limits,
    view: () =>
      Object.freeze(
        Object.fromEntries(
          kinds.map((kind) => [kind, Object.freeze({ spent: spent[kind], limit: limits[kind] ?? null })]),
        ),
      ) as BudgetView,
    exhausted: () => kinds.find((kind) => limits[kind] !== undefined && spent[kind] >= limits[kind]) ?? null,
    meter: (model) => ({
      name: model.name,
      async complete(prompt) {
        const over = own.exhausted();
        if (over !== null) refuse(over);
        const rate = price ?? priceOf(model.name, { needed: limits.dollars !== undefined });
        const room = roomFor(prompt, { limits, spent, rate });
        if (room.over !== null) refuse(room.over);
        // Counted before it is asked, so that questions asked at once cannot all slip through the last call.
        spent.calls++;
        const began = performance.now();
        const left = limits.seconds === undefined ? undefined : Math.max(1, (limits.seconds - spent.seconds) * 1000);
        const timer = left === undefined ? undefined : AbortSignal.timeout(Math.ceil(left));
        const signal =
          timer === undefined ? prompt.signal : AbortSignal.any([timer, ...(prompt.signal ? [prompt.signal] : [])]);
        try {
          const answer = await model.complete({ ...prompt, ...(signal && { signal }), ...room.maxTokens });
          charge(answer, rate);
          return answer;
        } catch (cause) {
          if (timer?.aborted && !prompt.signal?.aborted) {
            const spentAll = spent.seconds + (performance.now() - began) / 1000;
            const error = { kind: "budget", of: "seconds", limit: limits.seconds!, spent: spentAll } as const;
            throw new LanguageModelFailure(error, { cause });
          }
          throw cause;
        } finally {
          spent.seconds += (performance.now() - began) / 1000;
          tell(own);
        }
      },
    }),
    toString: () =>
      kinds
        .map((kind) => {
          const limit = limits[kind];
          return `${amount(kind, spent[kind])}${limit === undefined ? "" : ` of ${amount(kind, limit).split(" ")[0]}`}`;
        })
        .join(", "),
    [displaySymbol]: () => showBudget(own),
  };
  const charge = ({ usage }: Completion, rate: Price | null): void => {
    spent.tokens += usage.promptTokens + usage.completionTokens;
    if (rate === null) return;
    spent.dollars += (usage.promptTokens * rate.prompt + usage.completionTokens * rate.completion) / 1e6;
  };
  return own;
}

/** Whether a prompt fits into what is left, and how long its answer may then be. */
function roomFor(
  { prompt, messages = [], maxTokens }: Prompt,
  { limits, spent, rate }: { limits: BudgetLimits; spent: { [kind in Kind]: number }; rate: Price | null },
): { over: Kind | null; maxTokens: { maxTokens?: number } } {
  if (limits.tokens === undefined && limits.dollars === undefined) return { over: null, maxTokens: {} };
  const asked = countTokens(prompt) + messages.reduce((sum, { content }) => sum + countTokens(content), 0);
  const tokens = (limits.tokens ?? Number.POSITIVE_INFINITY) - spent.tokens - asked;
  if (tokens < 1) return { over: "tokens", maxTokens: {} };
  const dollars = (limits.dollars ?? Number.POSITIVE_INFINITY) - spent.dollars - (asked * (rate?.prompt ?? 0)) / 1e6;
  if (dollars <= 0) return { over: "dollars", maxTokens: {} };
  const affordable =
    rate === null || rate.completion === 0 ? Number.POSITIVE_INFINITY : (dollars * 1e6) / rate.completion;
  const most = Math.floor(Math.min(tokens, affordable, maxTokens ?? Number.POSITIVE_INFINITY));
  return { over: most < 1 ? "dollars" : null, maxTokens: Number.isFinite(most) ? { maxTokens: most } : {} };
}

type Handle = { update(value: unknown): Promise<void> };

/** In a notebook, one meter that is shown once and then kept up to date in its place; elsewhere nothing. */
function liveMeter(): (budget: Budget) => void {
  let shown: Promise<Handle> | null = null;
  return (budget) => {
    const { display } = globalThis as { display?: unknown };
    if (typeof display !== "function") return;
    const view = { [displaySymbol]: () => showBudget(budget) };
    if (shown === null) shown = (display as (value: unknown) => Promise<Handle>)(view);
    else void shown.then((handle) => handle.update(view)).catch(() => {});
  };
}

function showBudget(budget: Budget): MimeBundle {
  const view = budget.view();
  const over = budget.exhausted();
  const rows = kinds.map((kind) => {
    const { spent, limit } = view[kind];
    const share = limit === null || limit === 0 ? null : Math.min(1, spent / limit);
    const bar = share === null ? "" : "█".repeat(Math.round(share * 10)).padEnd(10, "░");
    return { budget: kind, spent: amount(kind, spent), of: limit === null ? "no limit" : amount(kind, limit), "": bar };
  });
  return tableBundle(rows, { caption: over === null ? "Asking the model" : `Asking the model: no ${over} left` });
}
