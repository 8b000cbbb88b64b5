/**
 * What asking a model may cost: calls, tokens, dollars, seconds. Counted here in the host, where no guest can reach: a
 * guest is shown a copy (`view`), and a spent budget ends its life with `budget_exhausted`. A question whose prompt alone
 * would not fit is not asked; one in flight is cancelled when the seconds are over; the longest answer is cut to what is
 * left; questions asked at once reserve what they may cost at most (`ledger.ts`). Prices: `data/prices.json`.
 */

import { callable, faultOf, numberFrom, only, optional } from "../data/check.ts";
import { displaySymbol, type MimeBundle, tableBundle } from "../display/index.ts";
import { aboutModel, ask, checkModel } from "./answer.ts";
import { amount, LanguageModelFailure } from "./error.ts";
import { type BudgetLimits, createLedger, type Kind } from "./ledger.ts";
import { type Price, priceOfModel } from "./prices.ts";
import type { Completion, LanguageModel } from "./types.ts";

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
  /** The same model, spending from this budget. Asking it rejects with a LanguageModelFailure of kind `budget`; throws one for what is no model. */
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

const amountOf = numberFrom(0, Number.MAX_VALUE, "a number of at least 0");

const budgetSchema = only<BudgetOptions>({
  calls: optional(amountOf),
  tokens: optional(amountOf),
  dollars: optional(amountOf),
  seconds: optional(amountOf),
  price: optional(
    only<Price>({ prompt: amountOf, completion: amountOf }, "{ prompt, completion }, in dollars a million tokens"),
  ),
  onSpend: optional(callable("a function of the budget")),
});

/** Makes a budget. Throws a LanguageModelFailure for a limit that makes no sense. */
export function budget(options: BudgetOptions): Budget {
  const fault = faultOf(budgetSchema, options, "the options of a budget");
  if (fault !== null) throw new LanguageModelFailure(fault);
  const { price, onSpend, ...limits } = options;
  const ledger = createLedger(limits);
  const tell = onSpend ?? liveMeter();
  const own: Budget = {
    limits,
    view: () => {
      const spent = ledger.spent();
      const view = kinds.map((kind) => [kind, Object.freeze({ spent: spent[kind], limit: limits[kind] ?? null })]);
      return Object.freeze(Object.fromEntries(view)) as BudgetView;
    },
    exhausted: ledger.exhausted,
    meter: (model) => ({
      name: checkModel(model).name,
      ...aboutModel(model),
      async complete(prompt) {
        const rate = price ?? priceOfModel(model, { needed: limits.dollars !== undefined });
        const ticket = await ledger.admit({ prompt, rate, longest: model.maxTokens });
        const { signal, maxTokens } = ticket;
        const settle = (answer: Completion | null): void => {
          ticket.settle(answer);
          tell(own);
        };
        let answer: Completion;
        try {
          answer = await ask(model, { ...prompt, ...(signal && { signal }), ...(maxTokens && { maxTokens }) });
        } catch (cause) {
          const { late } = ticket;
          settle(null);
          if (!late) throw cause;
          const { seconds } = ledger.spent();
          const error = { kind: "budget", of: "seconds", limit: limits.seconds!, spent: seconds } as const;
          throw new LanguageModelFailure(error, { cause });
        }
        // Whoever is told may throw: the question is settled by then, once.
        settle(answer);
        return answer;
      },
    }),
    toString: () =>
      kinds
        .map((kind) => {
          const limit = limits[kind];
          return `${amount(kind, ledger.spent()[kind])}${limit === undefined ? "" : ` of ${amount(kind, limit).split(" ")[0]}`}`;
        })
        .join(", "),
    [displaySymbol]: () => showBudget(own),
  };
  return own;
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
