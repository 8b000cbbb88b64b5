/** An evaluation as a value: its figures, the sentences that may be said of them, and how it shows itself. */

import {
  type Displayable,
  displaySymbol,
  escapeHtml,
  type MimeBundle,
  type Row,
  tableBundle,
} from "../display/index.ts";
import { withInterval } from "../display/interval.ts";
import { type AnyFigures, type Episode, estimateOf, metricTable, shownFigure, type Unit } from "../episode/index.ts";
import { type ComparisonRow, comparisonPlot, type Figure } from "../plot/index.ts";
import { type Comparison, degenerateAmong, type Interval } from "../statistics/index.ts";
import type { Task } from "../tasks/index.ts";
import { type Beyond, besideBodies, beyondOf, claimedOf, type Played } from "./claimed.ts";
import { type Clusters, improvement, type Measures, measure, varietySize } from "./measure.ts";
import { type Outcomes, outcomes, outcomesOf } from "./outcomes.ts";
import type { SharpenedRun } from "./sharpen.ts";

/** One policy beside the others on one split. */
export interface Result extends Measures {
  /** What became of the asks; null where there were none. */
  outcomes: Outcomes | null;
  /** How often an episode beats the reference's that began alike, ties counted half; null for the reference itself. */
  improvement: Interval | null;
  /** How much more than the reference and the control, paired by cluster. Null for that one itself, and where there is none. */
  beyondReference: Beyond | null;
  beyondControl: Beyond | null;
}

/** What `evaluate` gives. */
export interface Evaluation {
  reference: string;
  control: string | null;
  /** By split, then by policy. */
  results: { [split: string]: { [name: string]: Result } };
  /** All episodes by split and policy; of several runs one after the other, in the order of the seeds. */
  episodes: { [split: string]: { [name: string]: Episode[] } };
  /** What was asked, by split. */
  tasks: { readonly [split: string]: readonly Task[] };
  /**
   * Each policy in one language beside the same in the first, paired by task: `place` is the policy, `name` the split. Empty where
   * the splits differ in more than their agents' body.
   */
  bodies: Comparison[];
  /** What the intervals allow to be said, and what they do not. */
  sentences: string[];
  /** The metrics with their intervals, and variety. */
  plot(): Figure;
  /** How the episodes ended: a row a cause, a column a policy. */
  causes(): Displayable;
  /** What became of the asks: a row a policy, a column an outcome. */
  outcomes(): Displayable;
  /** The figures, without the episodes. */
  toJSON(): object;
  [displaySymbol](): MimeBundle;
}

/** Measures what was played. */
export function evaluationOf(
  played: Played,
  {
    reference,
    control,
    seed,
    clusters,
    tasks = {},
    sharpened = [],
    bodies = null,
  }: {
    reference: string;
    control: string | null;
    seed: number;
    clusters: { readonly [split: string]: Clusters };
    /** What was asked, by split. */
    tasks?: { readonly [split: string]: readonly Task[] };
    sharpened?: readonly SharpenedRun[];
    /** What the agents of each split are made of, where that is all in which the splits differ. */
    bodies?: { readonly [split: string]: string } | null;
  },
): Evaluation {
  const beside = besideBodies(played, { bodies, clusters });
  const claimed = claimedOf(played, { reference, control, clusters });
  const results: Evaluation["results"] = {};
  const episodes: Evaluation["episodes"] = {};
  for (const [split, policies] of Object.entries(played)) {
    const all = Object.fromEntries(Object.entries(policies).map(([name, { runs }]) => [name, runs.flat()]));
    const varietyOf = varietySize(Object.values(all));
    const how = { seed, clusters: clusters[split]! };
    episodes[split] = all;
    results[split] = Object.fromEntries(
      Object.entries(policies).map(([name, { runs, seconds }]): [string, Result] => [
        name,
        {
          ...measure(runs, { ...how, seconds, varietyOf }),
          outcomes: outcomesOf(all[name]!, tasks[split] ?? []),
          improvement: name === reference ? null : improvement(all[reference]!, all[name]!, how),
          beyondReference: beyondOf(claimed.reference, split, name),
          beyondControl: beyondOf(claimed.control, split, name),
        },
      ]),
    );
  }
  const sentences = [
    ...sharpenedSentences(sharpened),
    ...degenerateIn(results),
    ...claimed.reference.sentences,
    ...claimed.control.sentences,
    ...beside.sentences,
  ];
  const over = Object.values(clusters)[0]!.over;
  return {
    reference,
    control,
    results,
    episodes,
    tasks: Object.fromEntries(Object.keys(played).map((split) => [split, tasks[split] ?? []])),
    bodies: beside.comparisons,
    sentences,
    plot: () => comparisonPlot(plotRows(results)),
    causes: () => ({ [displaySymbol]: () => causesBundle(results) }),
    outcomes: () => ({ [displaySymbol]: () => outcomesBundle(results) }),
    toJSON: () => ({ reference, control, results, bodies: beside.comparisons, sentences }),
    [displaySymbol]: () => bundleOf(results, sentences, over),
  };
}

/** At which temperature each trained policy plays. */
function sharpenedSentences(sharpened: readonly SharpenedRun[]): string[] {
  return [...new Set(sharpened.map(({ name }) => name))].map((name) => {
    const own = sharpened.filter((one) => one.name === name).map(({ temperature }) => temperature);
    return `${name} plays at the temperature that is best for it, found as the control's was: ${own.join(", ")}.`;
  });
}

function degenerateIn(results: Evaluation["results"]): string[] {
  return degenerateAmong(
    Object.fromEntries(
      Object.entries(results).map(([split, policies]) => [
        split,
        Object.entries(policies).map(([name, { degenerate }]) => ({ name, degenerate, reached: {} })),
      ]),
    ),
  );
}

function bundleOf(results: Evaluation["results"], sentences: readonly string[], over: string): MimeBundle {
  const tables = Object.entries(results).map(([split, policies]) => {
    const [{ varietyOf }] = Object.values(policies) as [Result];
    return tableBundle(Object.entries(policies).map(tableRow), {
      caption: `${split}; 95 % intervals resample ${over}; different programs are counted among ${varietyOf} of each policy`,
    });
  });
  const spreads = Object.entries(results).flatMap(spreadRows);
  const rest = [
    ...(spreads.length > 0
      ? [tableBundle(spreads, { caption: "How the runs of a policy differ, which no interval holds" })]
      : []),
    tableBundle(Object.entries(results).flatMap(costRows), { caption: "What they are like, and what they cost" }),
  ];
  const list = sentences.map((sentence) => `<li>${escapeHtml(sentence)}</li>`).join("");
  const all = [...tables, ...rest];
  return {
    "text/html": `${all.map((table) => table["text/html"]).join("")}<ul>${list}</ul>`,
    "text/plain": `${all.map((table) => table["text/plain"]).join("\n\n")}\n\n${sentences.join("\n")}`,
  };
}

/** The metrics that tables show. Raw shares of distinct programs fall with their number: `variety` takes their place. */
const shownMetrics = () => metricTable().filter(([name, { detail }]) => !detail && name !== "distinct");

function tableRow([name, result]: [string, Result]): Row {
  const figures = shownMetrics().flatMap(([metric, { label, unit }]): [string, string][] => {
    const figure = (result as unknown as AnyFigures)[metric] ?? null;
    return [[unit === "share" ? `${label}, %` : label, figure === null ? "" : shown(figure, unit)]];
  });
  return {
    policy: name,
    ...Object.fromEntries(figures),
    "different programs, %": shown(result.variety, "share"),
    "beats the reference, %": result.improvement === null ? "" : shown(result.improvement, "share"),
  };
}

/** Each run of a policy that has several, and how far apart they are. */
function spreadRows([split, policies]: [string, { [name: string]: Result }]): Row[] {
  return Object.entries(policies).flatMap(([policy, { spread }]) =>
    spread === null
      ? []
      : shownMetrics().flatMap(([name, { label, unit }]): Row[] => {
          const { runs, deviation } = spread[name]!;
          if (deviation === null) return [];
          const each = runs.map((value) => (value === null ? "-" : shownFigure(value, unit))).join("  ");
          return [
            { split, policy, metric: label, "each run": each, "standard deviation": shownFigure(deviation, unit) },
          ];
        }),
  );
}

function costRows([split, policies]: [string, { [name: string]: Result }]): Row[] {
  return Object.entries(policies).map(([policy, result]) => ({
    ...{ split, policy, episodes: result.episodes },
    "two answers to a task differ, %": result.varietyWithin === null ? "" : shown(result.varietyWithin, "share"),
    "tokens an episode": result.tokensPerEpisode.estimate.toFixed(0),
    "seconds an episode": (result.seconds / result.episodes).toFixed(2),
    "": result.degenerate === null ? "" : "degenerate",
  }));
}

/** Shares in per cent without the sign. */
function shown(figure: Interval | number, unit: Unit): string {
  const text = (value: number) => shownFigure(value, unit).replace(" %", "");
  if (typeof figure === "number" || figure.low === figure.high) return text(estimateOf(figure)!);
  return withInterval(figure, text);
}

function causesBundle(results: Evaluation["results"]): MimeBundle {
  const rows: Row[] = [];
  for (const [split, policies] of Object.entries(results)) {
    const causes = new Set(Object.values(policies).flatMap((result) => result.causes.map(({ verdict }) => verdict)));
    for (const cause of [...causes].sort()) {
      const row: Row = { split, "how it ended": cause.replaceAll("_", " ") };
      for (const [name, { causes: own, episodes }] of Object.entries(policies)) {
        const count = own.find(({ verdict }) => verdict === cause)?.count ?? 0;
        row[name] = shownFigure(count / episodes, "share");
      }
      rows.push(row);
    }
  }
  return tableBundle(rows, { caption: "How the episodes ended, share of each policy's episodes" });
}

function outcomesBundle(results: Evaluation["results"]): MimeBundle {
  const all = Object.entries(results).flatMap(([split, policies]) =>
    Object.entries(policies).flatMap(([policy, { outcomes: own }]) => (own === null ? [] : [{ split, policy, own }])),
  );
  const shownOutcomes = outcomes.filter((outcome) => all.some(({ own }) => own[outcome] !== undefined));
  const rows = all.map(({ split, policy, own }): Row => {
    const asked = Object.values(own).reduce((sum, count) => sum + count, 0);
    const shares = shownOutcomes.map((outcome) => [outcome, shownFigure((own[outcome] ?? 0) / asked, "share")]);
    return { split, policy, asks: asked, ...Object.fromEntries(shares) };
  });
  return tableBundle(rows, { caption: "What became of the asks, share of each policy's" });
}

function plotRows(results: Evaluation["results"]): ComparisonRow[] {
  const shares = shownMetrics().flatMap(([, { label, unit }]) => (unit === "share" ? [label] : []));
  return Object.entries(results).flatMap(([split, policies]) =>
    Object.entries(policies).map(([name, result]) => ({
      ...{ split, name, shares: ["different programs", ...shares] },
      figures: {
        ...Object.fromEntries(
          shownMetrics().flatMap(([metric, { label }]) => {
            const figure = (result as unknown as AnyFigures)[metric];
            return typeof figure === "object" && figure !== null ? [[label, figure]] : [];
          }),
        ),
        "different programs": { estimate: result.variety, low: result.variety, high: result.variety },
      },
    })),
  );
}
