/**
 * What a bench promises, and whether it holds: each goal with what was measured, what is wanted, and the noise that the
 * measurement has. A bench that misses one by more than its noise ends with exit code 1; one that cannot run ends with 2,
 * and says what it needs and how to get that. `npm run bench:all` reads both. Never a test's pass mark: tests do not time.
 */

import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { textTable } from "../src/display/index.ts";

/** One promise. `noise` is in the unit of `measured`: what a repetition of the bench may differ by. */
export interface Goal {
  goal: string;
  measured: number;
  /** One of the two. */
  atLeast?: number;
  atMost?: number;
  noise: number;
}

/** What came of a goal. Within the noise it is neither met nor missed. */
export type GoalState = "met" | "within the noise" | "missed" | "not measured";

/** What a bench tells `bench:all`, a line each of the file that `BENCH_REPORT` names. */
export type BenchReport =
  | { bench: string; goals: (Goal & { state: GoalState })[] }
  | { bench: string; needs: string; cure: string };

/** Met: on the right side of the goal. Missed: on the wrong side by more than the noise. */
export function judgeGoal({ measured, atLeast = -Infinity, atMost = Infinity, noise }: Goal): GoalState {
  if (Number.isNaN(measured) || Number.isNaN(atLeast) || Number.isNaN(atMost)) return "not measured";
  const short = Math.max(atLeast - measured, measured - atMost);
  if (short <= 0) return "met";
  return short <= noise ? "within the noise" : "missed";
}

/** Prints the goals, and sets the exit code to 1 if one of them is missed. */
export function reportGoals(goals: readonly Goal[]): void {
  const judged = goals.map((goal) => ({ ...goal, state: judgeGoal(goal) }));
  console.log(`\n${textTable(judged.map(goalRow), { caption: "Goals" })}`);
  if (judged.some(({ state }) => state === "missed")) process.exitCode = 1;
  tell({ bench: ownName(), goals: judged });
}

/** Ends a bench that cannot run here: prints what it needs and how to get it, with exit code 2. */
export function notRun(needs: string, cure: string): never {
  console.error(`Not run: it needs ${needs}. ${cure}`);
  tell({ bench: ownName(), needs, cure });
  process.exit(2);
}

/** A row of a table of goals. */
export function goalRow(goal: Goal & { state: GoalState }): { [column: string]: string } {
  const shown = (value: number) => (Number.isNaN(value) ? "-" : Number(value.toPrecision(3)).toString());
  return {
    goal: goal.goal,
    measured: shown(goal.measured),
    wanted: goal.atLeast !== undefined ? `>= ${shown(goal.atLeast)}` : `<= ${shown(goal.atMost ?? Number.NaN)}`,
    noise: shown(goal.noise),
    "": goal.state,
  };
}

/** What a bench told in this file, numbers as they were; none if it is not there. */
export function readReports(file: string): BenchReport[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").trim().split("\n");
  return lines.map((line) => JSON.parse(line, (key, value) => (numbers.has(key) ? Number(value) : value)));
}

/** Numbers of a goal. */
const numbers: ReadonlySet<string> = new Set(["measured", "atLeast", "atMost", "noise"]);

/** JSON has no NaN and no Infinity: they travel by their names. */
function tell(report: BenchReport): void {
  if (!process.env.BENCH_REPORT) return;
  const named = (key: string, value: unknown) =>
    numbers.has(key) && typeof value === "number" ? String(value) : value;
  appendFileSync(process.env.BENCH_REPORT, `${JSON.stringify(report, named)}\n`);
}

function ownName(): string {
  return basename(process.argv[1] ?? "bench", ".ts");
}
