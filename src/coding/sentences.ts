/** What must be known beside the figures of an evaluation: what the problems are, who wrote from the summaries, what was not asked. */

import type { EvaluationParts } from "./evaluation-parts.ts";
import { codeTasks } from "./exercises.ts";
import { type ContestantFigures, passes, shareOf } from "./figures.ts";
import type { Graded } from "./grade.ts";

/** The sentences, in the order in which a reader wants them. */
export function sentencesOf(
  results: { readonly [name: string]: ContestantFigures },
  graded: readonly Graded[],
  parts: EvaluationParts,
): string[] {
  const { sealedReadings: times } = parts;
  return [
    ...(times === null ? [] : [`The sealed problems have been asked ${times === 1 ? "once" : `${times} times`}.`]),
    ...contamination(results, parts),
    ...writerTold(graded, parts),
    ...copiesTold(results),
    ...notRun(graded),
    ...(parts.tasks.includes("translation") && !parts.python
      ? [
          "Translation is to JavaScript alone: answers in Python were not asked for, since no sandbox for Python was given.",
        ]
      : []),
  ];
}

/** Textbook problems are in every training text; how many answers are the reference itself says a little of that. */
function contamination(
  results: { readonly [name: string]: ContestantFigures },
  { problems }: EvaluationParts,
): string[] {
  const textbook = problems.filter(({ kind }) => kind !== "composed").length;
  const counts = Object.entries(results).map(([name, { tasks }]) => {
    const sum = (of: "verbatim" | "programs") => codeTasks.reduce((all, task) => all + (tasks[task]?.[of] ?? 0), 0);
    return `${name} ${sum("verbatim")} of ${sum("programs")}`;
  });
  const known =
    textbook === 0
      ? "All problems are composed by this project's grammar, and stand in no text before it"
      : `${textbook} of ${problems.length} problems are from textbooks or benchmarks, whose solutions stand in training texts; \`details()\` tells them apart`;
  return [`${known}. Answers that are the reference letter by letter: ${counts.join(", ")}.`];
}

function writerTold(graded: readonly Graded[], { tasks, writer }: EvaluationParts): string[] {
  if (!tasks.includes("summary")) return [];
  const ceiling = shareOf(passes(graded, "sentence-rewritten"));
  const most = ceiling === null ? "" : `: given the true sentence it passes ${(100 * ceiling.estimate).toFixed(0)} %`;
  return [`Summaries were written back into programs by ${writer.name} (${writer.model.name})${most}.`];
}

function copiesTold(results: { readonly [name: string]: ContestantFigures }): string[] {
  const told = Object.entries(results).flatMap(([name, { tasks }]) => {
    const [repair, summary] = [tasks.repair?.details.copies, tasks.summary?.details["copies of an example"]];
    const parts = [
      ...(repair ? [`${(100 * repair).toFixed(0)} % of repairs are the program as it was given`] : []),
      ...(summary ? [`${(100 * summary).toFixed(0)} % of summaries are an example's sentence`] : []),
    ];
    return parts.length === 0 ? [] : [`Of ${name}, ${parts.join(" and ")}.`];
  });
  return told;
}

function notRun(graded: readonly Graded[]): string[] {
  const faults = graded.filter(({ score }) => score?.outcome === "sandbox_fault").length;
  return faults === 0
    ? []
    : [`${faults} answers could not be run, by a fault of the sandbox, and are left out: ask again to have them run.`];
}
