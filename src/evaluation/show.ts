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
import {
  type Claimant,
  type Claims,
  claims,
  type Interval,
  type MeasureWords,
  type PairedDifference,
  rocksAmong,
} from "../statistics/index.ts";
import type { LifeFacts } from "./facts.ts";
import { improvement, type Measures, measure, samplesOf, varietySize } from "./measure.ts";

/** One policy beside the others on one split. */
export interface Result extends Measures {
  /** How often a life beats the reference's life that began alike, ties counted half; null for the reference itself. */
  improvement: Interval | null;
  /** How much more than the reference and the control, paired by task. Null for that one itself, and where there is none. */
  beyondReference: Beyond | null;
  beyondControl: Beyond | null;
}

/** Steps survived and share of tasks done more than another policy's; the intervals of all that are compared hold together. */
export interface Beyond {
  survival: PairedDifference;
  usefulness: PairedDifference | null;
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
  const { claimed, sentences } = claimsOf(played, { reference, control });
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
        const better = name === reference ? null : improvement(all[reference]!, own, seed);
        const figures = measure(own, { seconds, varietyOf, seed });
        return [
          name,
          {
            ...{ ...figures, improvement: better },
            beyondReference: beyondOf(claimed.reference, split, name),
            beyondControl: beyondOf(claimed.control, split, name),
          },
        ];
      }),
    );
  }
  sentences.unshift(...rocksIn(results));
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

/** What is compared, in the words of its sentences. */
const measures: { [measure: string]: MeasureWords } = {
  survival: { unit: "steps" },
  "tasks done": { unit: "points", scale: 100, digits: 1 },
};

/** All policies beside the reference, and beside the control; the reference itself is not asked to beat the control. */
function claimsOf(played: Played, { reference, control }: { reference: string; control: string | null }) {
  const places = (left: string | null) =>
    Object.fromEntries(
      Object.entries(played).map(([split, policies]) => [
        split,
        Object.keys(policies)
          .filter((name) => name !== left)
          .map((name): Claimant => {
            const { survival, usefulness } = samplesOf(policies[name]!.lives);
            return { name, rock: null, reached: { survival, "tasks done": usefulness } };
          }),
      ]),
    );
  const all = Object.values(played).flatMap((policies) => Object.values(policies).flatMap(({ lives }) => lives.flat()));
  const asked = { measures, over: all.some(({ steps }) => steps[0]?.task != null) ? "tasks" : "lives" };
  const claimed = {
    reference: claims(places(null), { ...asked, against: reference, as: "reference" }),
    control: claims(places(reference === control ? null : reference), { ...asked, against: control, as: "control" }),
  };
  return { claimed, sentences: [...claimed.reference.sentences, ...claimed.control.sentences] };
}

/** The differences of one policy on one split. */
function beyondOf({ comparisons }: Claims, split: string, name: string): Beyond | null {
  const of = (measure: string) =>
    comparisons.find((one) => one.place === split && one.name === name && one.measure === measure)?.difference ?? null;
  const survival = of("survival");
  return survival && { survival, usefulness: of("tasks done") };
}

function rocksIn(results: Evaluation["results"]): string[] {
  return rocksAmong(
    Object.fromEntries(
      Object.entries(results).map(([split, policies]) => [
        split,
        Object.entries(policies).map(([name, { rock }]) => ({ name, rock, reached: {} })),
      ]),
    ),
  );
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
