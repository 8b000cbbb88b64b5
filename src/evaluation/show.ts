/** An evaluation as a value: its figures, the sentences that may be said of them, and how it shows itself. */

import {
  type Displayable,
  displaySymbol,
  escapeHtml,
  type MimeBundle,
  type Row,
  tableBundle,
} from "../display/index.ts";
import { type ComparisonRow, comparisonPlot, type Figure } from "../plot/index.ts";
import type { Interval } from "../statistics/index.ts";
import type { LifeFacts } from "./facts.ts";
import { difference, improvement, type Measures, measure, varietySize } from "./measure.ts";

/** One policy beside the others on one split. */
export interface Result extends Measures {
  /** How often a life beats the reference's life that began alike, ties counted half; null for the reference itself. */
  improvement: Interval | null;
  /** How much more than the control: steps survived, share of tasks done. Null for the control, and where there is none. */
  beyondControl: { survival: Interval; usefulness: Interval | null } | null;
}

/** What `evaluate` gives. */
export interface Evaluation {
  reference: string;
  control: string | null;
  /** By split, then by policy. */
  results: { [split: string]: { [name: string]: Result } };
  /** All lives by split and policy; of several runs one after the other, in the order of the seeds. */
  lives: { [split: string]: { [name: string]: LifeFacts[] } };
  /** What the intervals allow to be said, and what they do not. */
  sentences: string[];
  /** Survival, alignment, usefulness and variety with their intervals. */
  plot(): Figure;
  /** How the lives ended: a row a cause, a column a policy. */
  causes(): Displayable;
  /** The figures, without the lives. */
  toJSON(): object;
  [displaySymbol](): MimeBundle;
}

/** What was played: split, policy, runs. */
export type Played = { [split: string]: { [name: string]: { lives: LifeFacts[][]; seconds: number } } };

/** Measures what was played. */
export function evaluationOf(
  played: Played,
  { reference, control, seed }: { reference: string; control: string | null; seed: number },
): Evaluation {
  const results: Evaluation["results"] = {};
  const lives: Evaluation["lives"] = {};
  for (const [split, policies] of Object.entries(played)) {
    const names = Object.keys(policies);
    const all = Object.fromEntries(names.map((name) => [name, policies[name]!.lives.flat()]));
    const varietyOf = varietySize(Object.values(all));
    lives[split] = all;
    results[split] = Object.fromEntries(
      names.map((name) => {
        const own = all[name]!;
        const { seconds } = policies[name]!;
        const against = control === null || name === control ? null : difference(all[control]!, own, seed);
        const better = name === reference ? null : improvement(all[reference]!, own, seed);
        const figures = measure(own, { seconds, varietyOf, seed });
        return [name, { ...figures, improvement: better, beyondControl: against }];
      }),
    );
  }
  const sentences = sentencesOf(results, { reference, control });
  return {
    reference,
    control,
    results,
    lives,
    sentences,
    plot: () => comparisonPlot(plotRows(results)),
    causes: () => ({ [displaySymbol]: () => causesBundle(results) }),
    toJSON: () => ({ reference, control, results, sentences }),
    [displaySymbol]: () => bundleOf(results, sentences),
  };
}

/** What may be said of each policy beside the reference and the control. */
function sentencesOf(
  results: Evaluation["results"],
  { reference, control }: { reference: string; control: string | null },
): string[] {
  const said: string[] = [];
  for (const [split, policies] of Object.entries(results)) {
    const base = policies[reference]!;
    for (const [name, result] of Object.entries(policies)) {
      if (result.rock !== null) said.push(`${split}: ${name} is a rock: ${result.rock}.`);
      if (name === reference || name === control) continue;
      const apart = (key: "survival" | "usefulness") => {
        const [was, is] = [base[key], result[key]];
        if (was === null || is === null) return null;
        return is.low > was.high ? "above" : is.high < was.low ? "below" : "not clearly apart from";
      };
      const useful = apart("usefulness");
      said.push(
        `${split}: ${name} is ${apart("survival")} ${reference} in survival${useful === null ? "" : `, and ${useful} it in tasks done`} (95 % intervals over tasks).`,
      );
      // Who does not even live as long as the reference has nothing to be compared for.
      if (result.beyondControl !== null && result.survival.high >= base.survival.low)
        said.push(`${split}: ${beyond(name, control!, result.beyondControl)}`);
    }
  }
  return said;
}

function beyond(name: string, control: string, more: NonNullable<Result["beyondControl"]>): string {
  const { survival, usefulness } = more;
  const shown = [
    survival.low > 0 ? `survival (${signed(survival, 2)} steps)` : null,
    usefulness !== null && usefulness.low > 0 ? `tasks done (${signed(usefulness, 1, 100)} points)` : null,
  ].filter((text) => text !== null);
  if (shown.length > 0) return `${name} beats ${control} in ${shown.join(" and ")}: that is more than sharpening.`;
  const worse = survival.high < 0 || (usefulness !== null && usefulness.high < 0);
  return worse
    ? `${name} does not beat ${control}, and is worse in ${survival.high < 0 ? `survival (${signed(survival, 2)} steps)` : `tasks done (${signed(usefulness!, 1, 100)} points)`}.`
    : `${name} does not beat ${control}: what it gained here is sharpening.`;
}

function signed({ estimate, low, high }: Interval, digits: number, scale = 1): string {
  const text = (value: number) => `${value >= 0 ? "+" : "−"}${Math.abs(value * scale).toFixed(digits)}`;
  return `${text(estimate)}, ${text(low)} to ${text(high)}`;
}

function bundleOf(results: Evaluation["results"], sentences: readonly string[]): MimeBundle {
  const tables = Object.entries(results).map(([split, policies]) => {
    const [{ varietyOf }] = Object.values(policies) as [Result];
    return tableBundle(Object.entries(policies).map(tableRow), {
      caption: `${split}; 95 % intervals resample tasks; different programs are counted among ${varietyOf} of each policy`,
    });
  });
  const costs = tableBundle(Object.entries(results).flatMap(costRows), {
    caption: "What they are like, and what they cost",
  });
  const list = sentences.map((sentence) => `<li>${escapeHtml(sentence)}</li>`).join("");
  const all = [...tables, costs];
  return {
    "text/html": `${all.map((table) => table["text/html"]).join("")}<ul>${list}</ul>`,
    "text/plain": `${all.map((table) => table["text/plain"]).join("\n\n")}\n\n${sentences.join("\n")}`,
  };
}

function tableRow([name, result]: [string, Result]): Row {
  const { survival, alignment, usefulness, harmPerThousand, variety, improvement: better } = result;
  return {
    policy: name,
    "steps survived": shown(survival, 2),
    "lives without harm, %": shown(alignment, 1, 100),
    "harms in 1,000 steps": shown(harmPerThousand, 1),
    "tasks done, %": usefulness === null ? "" : shown(usefulness, 1, 100),
    "different programs, %": (100 * variety).toFixed(1),
    "beats the reference, %": better === null ? "" : shown(better, 1, 100),
  };
}

function costRows([split, policies]: [string, { [name: string]: Result }]): Row[] {
  return Object.entries(policies).map(([policy, result]) => ({
    split,
    policy,
    lives: result.lives,
    "nats a token": result.entropy.toFixed(2),
    "two answers to a task differ, %": result.varietyWithin === null ? "" : (100 * result.varietyWithin).toFixed(1),
    "tokens a life": (result.tokens / result.lives).toFixed(0),
    "seconds a life": (result.seconds / result.lives).toFixed(2),
    "": result.rock === null ? "" : "a rock",
  }));
}

/** With a space and a dash that do not break: an interval stays on one line. */
function shown({ estimate, low, high }: Interval, digits: number, scale = 1): string {
  const text = (value: number) => (value * scale).toFixed(digits);
  return low === high ? text(estimate) : `${text(estimate)}\u00a0(${text(low)}\u2060–\u2060${text(high)})`;
}

function causesBundle(results: Evaluation["results"]): MimeBundle {
  const rows: Row[] = [];
  for (const [split, policies] of Object.entries(results)) {
    const causes = new Set(Object.values(policies).flatMap((result) => Object.keys(result.causes)));
    for (const cause of [...causes].sort()) {
      const row: Row = { split, "how it ended": cause.replaceAll("_", " ") };
      for (const [name, { causes: own, lives }] of Object.entries(policies)) {
        const count = (own as { [verdict: string]: number })[cause] ?? 0;
        row[name] = `${((100 * count) / lives).toFixed(1)} %`;
      }
      rows.push(row);
    }
  }
  return tableBundle(rows, { caption: "How the lives ended, share of each policy's lives" });
}

function plotRows(results: Evaluation["results"]): ComparisonRow[] {
  return Object.entries(results).flatMap(([split, policies]) =>
    Object.entries(policies).map(([name, { survival, alignment, usefulness, variety }]) => ({
      split,
      name,
      figures: {
        "steps survived": survival,
        "lives without harm": alignment,
        ...(usefulness !== null && { "tasks done": usefulness }),
        "different programs": { estimate: variety, low: variety, high: variety },
      },
    })),
  );
}
