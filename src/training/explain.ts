/**
 * One update in words: which action was pushed which way, how far, and why. For a policy that draws from few labels. The
 * push on an action is what the objective's gradient says of its own logit: the sum over steps of advantage times
 * (1 if the action was drawn there, less its probability). Not here: entropy bonus, clipping and the optimiser's scale.
 */

import { displaySymbol, type MimeBundle, tableBundle } from "../display/index.ts";
import { mean } from "../statistics/index.ts";
import type { Update } from "./types.ts";

/** What an update did to one action. */
export interface Push {
  action: string;
  /** Steps of the batch that drew it. */
  drawn: number;
  /** Mean advantage of those steps. */
  advantage: number;
  /** Gradient of the mean of advantage times log-probability on this action's logit; above 0 is more of it. */
  push: number;
  /** Probability when the batch was drawn. */
  probability: number;
  /** Why, in words. */
  why: string;
}

/** The pushes of an update, largest first, and how they show themselves. */
export type Explanation = Push[] & { [displaySymbol](): MimeBundle };

/** Rows in the table; a language model's batch has as many actions as programs. */
const shown = 20;

/** Explains an update of `train`: `explainUpdate(update)`. Actions that were never drawn are left out. */
export function explainUpdate({ update, episodes, advantages }: Pick<Update, "update" | "episodes" | "advantages">) {
  const steps = episodes.flatMap((episode, i) =>
    episode.steps.map((step, t) => ({
      label: step.action.label,
      probability: Math.exp(step.action.logProb),
      advantage: advantages[i]![t]!,
      ended: episode.terminated && t === episode.steps.length - 1,
    })),
  );
  const total = steps.reduce((sum, { advantage }) => sum + advantage, 0);
  const pushes = [...new Set(steps.map(({ label }) => label))].map((action): Push => {
    const own = steps.filter(({ label }) => label === action);
    const sum = own.reduce((all, { advantage }) => all + advantage, 0);
    const probability = own[0]!.probability;
    const push = (sum - probability * total) / steps.length;
    const advantage = sum / own.length;
    return { action, drawn: own.length, advantage, push, probability, why: why(own, push, advantage, steps.length) };
  });
  pushes.sort((a, b) => Math.abs(b.push) - Math.abs(a.push) || a.action.localeCompare(b.action));
  const rows = pushes.slice(0, shown).map(({ action, drawn, advantage, push, why: reason }) => ({
    action,
    drawn,
    "mean advantage": signed(advantage),
    push: `${push > 0 ? "up" : push < 0 ? "down" : "not at all"} ${signed(push)}`,
    why: reason,
  }));
  const caption = `Update ${update}: ${episodes.length} episodes, ${steps.length} steps, mean advantage ${signed(mean(steps.map((s) => s.advantage)))}${pushes.length > shown ? `; the ${shown} largest of ${pushes.length} pushes` : ""}`;
  // Not enumerable: the list compares and prints as any other.
  return Object.defineProperty(pushes, displaySymbol, {
    value: () => tableBundle(rows, { caption }),
    enumerable: false,
  }) as Explanation;
}

function why(own: readonly { ended: boolean }[], push: number, advantage: number, steps: number): string {
  const ended = own.filter((step) => step.ended).length;
  const seen =
    ended === own.length
      ? "it ended every life that drew it"
      : ended === 0
        ? "no life ended on it"
        : `it ended a life ${ended} of the ${own.length} times it was drawn`;
  if (push === 0) return `${seen}; nothing in this batch speaks for or against it`;
  if (push > 0 !== advantage > 0)
    return `${seen}; ${advantage > 0 ? "others did better" : "others did worse"} in these ${steps} steps`;
  return `${seen}; its steps went ${advantage > 0 ? "better" : "worse"} than the baseline`;
}

function signed(value: number): string {
  return (value > 0 ? "+" : "") + value.toFixed(4);
}
