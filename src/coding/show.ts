/** An evaluation of code tasks as a value: its figures, the sentences that may be said of them, and how it shows itself. */

import { checkOptions, oneOf, only, optional, positiveInteger } from "../data/check.ts";
import {
  type Displayable,
  displaySymbol,
  escapeHtml,
  type MimeBundle,
  type Row,
  tableBundle,
} from "../display/index.ts";
import { withInterval } from "../display/interval.ts";
import type { Figure } from "../plot/index.ts";
import { csvOf, type WorstAnswers, worstOf } from "./answers-shown.ts";
import type { EvaluationParts } from "./evaluation-parts.ts";
import { type CodeTask, codeTasks } from "./exercises.ts";
import { type CodeShare, type ContestantFigures, contestantFigures } from "./figures.ts";
import type { Graded } from "./grade.ts";
import { levelPanels } from "./panels.ts";
import { type CodeQualities, qualitiesOf } from "./quality-shown.ts";
import { sentencesOf } from "./sentences.ts";
import { type CodeClaim, claimsOf } from "./told.ts";
import type { CodeProblem } from "./types.ts";

/** What `evaluateCode` gives. Shows itself as a table, a contestant a row and a task a column, with what may be said below. */
export interface CodeEvaluation {
  reference: string;
  control: string | null;
  /** Whom the claims are about. */
  about: string;
  results: { [name: string]: ContestantFigures };
  claims: CodeClaim[];
  /** What the intervals allow to be said, and what must be known beside it. */
  sentences: string[];
  /** Every answer with its program and score. */
  answers: readonly Graded[];
  /** The four parts of code quality, of each contestant's own programs. */
  quality: CodeQualities;
  /** The share that passed by level: a panel a task, a line a contestant. */
  plot(): Figure;
  /** What a share hides: copies, the reference letter by letter, textbook and composed apart, pass@k. */
  details(): Displayable;
  /** What each contestant's answers took. */
  cost(): Displayable;
  /** Answers of one contestant that failed, those that others got right first. @default five, of whom the claims are about */
  worst(task: CodeTask, options?: { of?: string; count?: number }): WorstAnswers;
  /** A line an answer, for a spreadsheet. */
  csv(): string;
  /** The figures, without the answers. */
  toJSON(): object;
  [displaySymbol](): MimeBundle;
}

/** Measures what was answered. */
export function codeEvaluation(graded: readonly Graded[], parts: EvaluationParts): CodeEvaluation {
  const { reference, control, about, prompts, problems, tasks, names, seconds, price } = parts;
  const of = Object.fromEntries(
    names.map((name) => [name, graded.filter(({ question }) => question.of.name === name)]),
  ) as { [name: string]: Graded[] };
  const results = Object.fromEntries(
    names.map((name): [string, ContestantFigures] => {
      const own = seconds.filter(({ contestant }) => contestant === name);
      return [name, contestantFigures(of[name]!, { prompts, tasks, seconds: own, price: price(name) })];
    }),
  );
  const asked = [
    ...(control === null || control === about ? [] : [claimsOf(about, control, of, tasks, "above")]),
    ...(reference === about ? [] : [claimsOf(about, reference, of, tasks, "not below")]),
  ];
  const sentences = [...asked.flatMap((one) => one.sentences), ...sentencesOf(results, graded, parts)];
  const shown = codeTasks.filter((task) => tasks.includes(task));
  return {
    ...{ reference, control, about, results, sentences, answers: graded },
    claims: asked.flatMap((one) => one.claims),
    quality: qualitiesOf(parts.qualities),
    plot: () => levelPanels(results, shown),
    details: () => ({ [displaySymbol]: () => detailsBundle(results, shown) }),
    cost: () => ({ [displaySymbol]: () => costBundle(results) }),
    worst(task, options = {}) {
      checkOptions(oneOf(...shown), task, "task");
      const schema = only<typeof options>({ of: optional(oneOf(...names)), count: optional(positiveInteger) });
      checkOptions(schema, options, "the options of worst()");
      return worstOf(graded, { task, name: options.of ?? about, count: options.count ?? 5 });
    },
    csv: () => csvOf(graded),
    toJSON: () => ({
      ...{ reference, control, about, results, claims: asked.flatMap((one) => one.claims), sentences },
      quality: Object.fromEntries(Object.entries(parts.qualities).map(([name, quality]) => [name, quality.parts])),
    }),
    [displaySymbol]: () => evaluationBundle(results, shown, sentences, captionOf(problems, parts.samples)),
  };
}

function captionOf(problems: readonly CodeProblem[], samples: number): string {
  const families = new Set(problems.map(({ family }) => family)).size;
  const each = samples === 1 ? "one answer each" : `${samples} answers each`;
  return `Programs that pass all tests, %, of ${problems.length} problems of ${families} families, ${each}; 95 % intervals resample families; a summary counts by what the writer makes of it, less what it makes of another problem's`;
}

function evaluationBundle(
  results: CodeEvaluation["results"],
  tasks: readonly CodeTask[],
  sentences: readonly string[],
  caption: string,
): MimeBundle {
  const rows = Object.entries(results).map(([contestant, { tasks: own }]): Row => {
    return { contestant, ...Object.fromEntries(tasks.map((task) => [task, shownShare(own[task]?.share ?? null)])) };
  });
  const spreads = Object.entries(results).flatMap(([contestant, { runs }]): Row[] =>
    runs === null
      ? []
      : [
          {
            contestant,
            ...Object.fromEntries(tasks.map((task) => [task, (runs[task] ?? []).map(percentOrNone).join("  ")])),
          },
        ],
  );
  const tables = [
    tableBundle(rows, { caption }),
    ...(spreads.length === 0
      ? []
      : [tableBundle(spreads, { caption: "Each run, %: how they differ, no interval holds" })]),
    costBundle(results),
  ];
  const list = sentences.map((sentence) => `<li>${escapeHtml(sentence)}</li>`).join("");
  return {
    "text/html": `${tables.map((table) => table["text/html"]).join("")}<ul>${list}</ul>`,
    "text/plain": `${tables.map((table) => table["text/plain"]).join("\n\n")}\n\n${sentences.join("\n")}`,
  };
}

function costBundle(results: CodeEvaluation["results"]): MimeBundle {
  const rows = Object.entries(results).map(
    ([contestant, { cost }]): Row => ({
      contestant,
      answers: cost.answers,
      "prompt tokens": cost.promptTokens,
      tokens: cost.tokens,
      seconds: cost.seconds.toFixed(0),
      dollars: cost.dollars === null ? "" : cost.dollars.toFixed(2),
      "cut off, %": percent(cost.cut),
      "tokens the head can touch, %": cost.steered === null ? "" : percent(cost.steered),
    }),
  );
  return tableBundle(rows, { caption: "What the answers took" });
}

function detailsBundle(results: CodeEvaluation["results"], tasks: readonly CodeTask[]): MimeBundle {
  const tables = tasks.map((task) => {
    const rows = Object.entries(results).flatMap(([contestant, { tasks: own }]): Row[] => {
      const figures = own[task];
      if (figures === undefined) return [];
      const { passAt, byKind, byLevel, verbatim, details } = figures;
      const shares = (prefix: string, some: { [name: string]: CodeShare }) =>
        Object.entries(some).map(([name, share]) => [`${prefix}${name}, %`, percent(share.estimate)]);
      const more = Object.entries(passAt).slice(1);
      return [
        {
          contestant,
          ...Object.fromEntries(more.map(([k, value]) => [`pass@${k}, %`, percent(value)])),
          ...Object.fromEntries([...shares("level ", byLevel), ...shares("", byKind)]),
          "the reference": verbatim,
          ...Object.fromEntries(
            Object.entries(details).map(([name, value]) =>
              /words|fault/.test(name) ? [name, value.toFixed(1)] : [`${name}, %`, percent(value)],
            ),
          ),
        },
      ];
    });
    return tableBundle(rows, { caption: task });
  });
  return {
    "text/html": tables.map((table) => table["text/html"]).join(""),
    "text/plain": tables.map((table) => table["text/plain"]).join("\n\n"),
  };
}

/** Of a run that nothing could be run of there is none. */
function percentOrNone(share: number): string {
  return Number.isNaN(share) ? "-" : percent(share);
}

/** Per cent, with its interval. */
function shownShare(share: CodeShare | null): string {
  return share === null ? "" : withInterval(share, percent);
}

function percent(share: number): string {
  return (100 * share)
    .toFixed(0)
    .replace(/^-(?=0$)/, "")
    .replace("-", "−");
}
