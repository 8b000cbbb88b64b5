/** Measures the measures: how often each part of quality speaks of programs that are right, and of such with a planted fault. */

import { programOf } from "../../src/coding/program.ts";
import { qualityOf } from "../../src/coding/quality.ts";
import { scoreAnswers } from "../../src/coding/score.ts";
import type { CodeAnswer, CodeProblem, ProgramQuality } from "../../src/coding/types.ts";
import { createRandom } from "../../src/random/index.ts";
import type { Sandbox } from "../../src/sandbox/index.ts";
import { probabilityOfImprovement } from "../../src/statistics/index.ts";
import { type PlantedKind, plant, plantedKinds } from "./plant.ts";

/** What of a program counts against it, by part. */
const faults: { [part: string]: (one: ProgramQuality) => number } = {
  syntactic: ({ syntactic }) => (syntactic === false ? 1 : 0),
  lint: ({ findings }) => findings.filter(({ tool }) => tool === "oxlint").length,
  types: ({ findings }) => findings.filter(({ tool }) => tool === "typescript").length,
  coherent: ({ syntactic, findings }) => (syntactic ? findings.length : 0),
  logical: ({ logical }) => (logical === false ? 1 : 0),
  ethical: ({ ethical }) => (ethical === false ? 1 : 0),
};

/** A row of the table: one measure. `auc`: how likely it finds more in a faulty program than in a right one. */
export interface MeasureRow {
  measure: string;
  /** Right programs that it finds something in, and how many there are. */
  alarms: number;
  right: number;
  auc: { [kind in PlantedKind]?: number };
}

/** Plants faults in references, and measures each measure. */
export async function measureQuality(
  problems: readonly CodeProblem[],
  sandbox: Sandbox,
): Promise<{ rows: MeasureRow[]; counts: { [kind: string]: number } }> {
  const right = problems.map(
    (problem): CodeAnswer => ({ problem, language: "javascript", source: programOf(problem, "javascript") }),
  );
  const planted = right.flatMap((answer) =>
    plant(answer.source!, createRandom("planted", answer.problem.id)).map(({ kind, source }) => ({
      ...{ kind, answer: { ...answer, source } },
    })),
  );
  const answers = [...right, ...planted.map(({ answer }) => answer)];
  const scores = await scoreAnswers(answers, { sandboxes: { javascript: sandbox } });
  const { programs } = await qualityOf(answers, scores);
  const kinds = Object.keys(plantedKinds) as PlantedKind[];
  const rows = Object.entries(faults).map(([measure, count]): MeasureRow => {
    const good = programs.slice(0, right.length).map(count);
    const auc = kinds.map((kind) => {
      const bad = planted.flatMap((one, i) => (one.kind === kind ? [count(programs[right.length + i]!)] : []));
      return [kind, probabilityOfImprovement(good, bad)];
    });
    return { measure, alarms: good.filter((n) => n > 0).length, right: right.length, auc: Object.fromEntries(auc) };
  });
  const counts = kinds.map((kind) => [kind, planted.filter((one) => one.kind === kind).length]);
  return { rows, counts: Object.fromEntries(counts) };
}
