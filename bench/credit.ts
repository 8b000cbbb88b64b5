/**
 * `npm run bench:credit [-- --seeds 5 --updates 12 --episodes 48 --group 8 --steps 4 --frozen 384 --pool 1536 --tasks 64]`: what a
 * program is credited with on independent tasks: its own step's reward alone (gamma 0), or that of later programs too (gamma
 * 0.9). The small pretrained model, every life in the real sandbox.
 *
 * First, on the same episodes of the frozen model: how much of the advantages' variance is about the own program. A program's
 * merit is what its step earned less the mean of what the same task earned in a pool of other episodes; the share is the
 * squared correlation of advantage and merit. Then a head is trained under each from the same first samples, a seed each:
 * the tasks solved by update, and the difference over all updates, paired by seed.
 */

import { parseArgs } from "node:util";
import { textTable } from "../src/display/index.ts";
import { rewards, SurvivalEnv } from "../src/environment/index.ts";
import type { Episode } from "../src/episode/index.ts";
import { openPretrained, tokenPolicy } from "../src/policy/index.ts";
import { collect } from "../src/rollout/index.ts";
import { createSandbox } from "../src/sandbox/index.ts";
import { bootstrapInterval, type Interval, mean } from "../src/statistics/index.ts";
import { microTasks } from "../src/tasks/index.ts";
import { estimators, train } from "../src/training/index.ts";
import { type Goal, reportGoals } from "./goals.ts";

const { values } = parseArgs({
  options: {
    model: { type: "string", default: "tiny" },
    seeds: { type: "string", default: "5" },
    updates: { type: "string", default: "12" },
    episodes: { type: "string", default: "48" },
    group: { type: "string", default: "8" },
    steps: { type: "string", default: "4" },
    frozen: { type: "string", default: "384" },
    pool: { type: "string", default: "1536" },
    tasks: { type: "string", default: "64" },
    rate: { type: "string", default: "0.1" },
  },
});
const number = (name: Exclude<keyof typeof values, "model">) => Number(values[name]);
const seeds = Array.from({ length: number("seeds") }, (_, i) => i + 1);
const gammas = [0.9, 0] as const;

await using sandbox = await createSandbox({ workers: 2 });
const decoder = await openPretrained(values.model);
const all = await microTasks({ split: "training" });
/** Some of them, spread over the list: so each is seen often enough for its mean. */
const tasks = all.filter((_, i) => i % Math.max(1, Math.floor(all.length / number("tasks"))) === 0);
const parts = [rewards.survival, { ...rewards.harm, weight: 0.005 }, rewards.usefulness];
const env = new SurvivalEnv({ tasks, maxSteps: number("steps"), rewards: parts, sandbox });
const asks = tasks.map(({ ask }) => ask);

const shares = await sharesOfVariance();
console.log(
  `${textTable(
    gammas.map((gamma) => ({ credit: nameOf(gamma), ...shares[gamma] })),
    { caption: "Share of the advantage's variance that is about the own program, %, by step of the life" },
  )}\n`,
);
const courses = await learningCurves();
report();
await decoder.dispose();

function nameOf(gamma: number): string {
  return gamma === 0 ? "its own step" : `later steps too, gamma ${gamma}`;
}

/** By gamma: all steps together, and each step of the life. */
async function sharesOfVariance(): Promise<{ [gamma: number]: { [step: string]: string } }> {
  const policy = await tokenPolicy(decoder, { asks, seed: 0, rank: 1, samples: 64 });
  const frozen = policy.frozen();
  const whole = (all: readonly Episode[]) => all.filter(({ fault }) => !fault);
  const played = whole(await collect(env, frozen, { episodes: number("frozen"), group: number("group"), seed: 1 }));
  const pool = whole(await collect(env, frozen, { episodes: number("pool"), seed: 2 }));
  policy.dispose();
  const usual = rewardsByTask(pool);
  const found: { [gamma: number]: { [step: string]: string } } = {};
  const isKnown = (task: string | undefined) => task !== undefined && (usual.get(task)?.length ?? 0) > 1;
  for (const gamma of gammas) {
    const advantages = estimators["leave-one-out"](played, { gamma });
    const pairs = played.flatMap(({ steps }, i) =>
      steps.flatMap(({ task, reward }, t) => {
        if (!isKnown(task)) return [];
        return [{ t, merit: reward - mean(usual.get(task!)!), advantage: advantages[i]![t]! }];
      }),
    );
    const share = (some: typeof pairs): string =>
      (
        100 *
        squaredCorrelation(
          some.map(({ merit }) => merit),
          some.map(({ advantage }) => advantage),
        )
      ).toFixed(0);
    const bySteps = Array.from({ length: number("steps") }, (_, t) => [
      `step ${t + 1}`,
      share(pairs.filter((pair) => pair.t === t)),
    ]);
    found[gamma] = { "all steps": share(pairs), ...Object.fromEntries(bySteps), programs: String(pairs.length) };
  }
  return found;
}

/** What a step earned on each task, in every life that was asked it. */
function rewardsByTask(episodes: readonly Episode[]): Map<string, number[]> {
  const found = new Map<string, number[]>();
  for (const { steps } of episodes)
    for (const { task, reward } of steps) found.set(task!, [...(found.get(task!) ?? []), reward]);
  return found;
}

function squaredCorrelation(a: readonly number[], b: readonly number[]): number {
  const [ma, mb] = [mean(a), mean(b)];
  const together = mean(a.map((value, i) => (value - ma) * (b[i]! - mb)));
  return together ** 2 / (mean(a.map((value) => (value - ma) ** 2)) * mean(b.map((value) => (value - mb) ** 2)));
}

/** By gamma, then seed: tasks solved, and groups left out, in each update. */
async function learningCurves(): Promise<{ [gamma: number]: { solved: number[]; leftOut: number[] }[] }> {
  const curves: { [gamma: number]: { solved: number[]; leftOut: number[] }[] } = {};
  for (const seed of seeds)
    for (const gamma of gammas) {
      const policy = await tokenPolicy(decoder, { asks, seed, rank: 8 });
      const course = { solved: [] as number[], leftOut: [] as number[] };
      const options = { updates: number("updates"), episodes: number("episodes"), group: number("group") };
      for await (const { successRate, masked } of train({
        ...{ env, policy, seed, gamma, ...options, lrSchedule: "linear", klCoef: 0.02, entropyBonus: 0 },
        ...{ learningRate: number("rate"), panel: false },
      })) {
        course.solved.push(successRate ?? 0);
        course.leftOut.push(masked.alike);
      }
      curves[gamma] = [...(curves[gamma] ?? []), course];
      process.stderr.write(
        `seed ${seed}, ${nameOf(gamma)}: ${course.solved.map((x) => (100 * x).toFixed(0)).join(" ")}\n`,
      );
      policy.dispose();
    }
  return curves;
}

function report(): void {
  const late = (solved: readonly number[]) => mean(solved.slice(-Math.max(1, Math.round(solved.length / 3))));
  const percent = ({ estimate, low, high }: Interval) =>
    `${(100 * estimate).toFixed(1)} (${(100 * low).toFixed(1)} to ${(100 * high).toFixed(1)})`;
  const over = (values: readonly number[]): string => percent(bootstrapInterval(values));
  const rows = gammas.map((gamma) => {
    const own = courses[gamma]!;
    return {
      credit: nameOf(gamma),
      "first update": over(own.map(({ solved }) => solved[0]!)),
      "all updates": over(own.map(({ solved }) => mean(solved))),
      "last third": over(own.map(({ solved }) => late(solved))),
      "groups left out, an update": mean(own.flatMap(({ leftOut }) => leftOut)).toFixed(1),
    };
  });
  console.log(`${textTable(rows, { caption: `Tasks solved, %: ${seeds.length} seeds, 95 % over seeds` })}\n`);
  const paired = courses[0]!.map(({ solved }, i) => mean(solved) - mean(courses[0.9]![i]!.solved));
  console.log(`own step less later steps too, all updates, paired by seed: ${over(paired)} points`);
  const [own, later] = [Number(shares[0]!["all steps"]), Number(shares[0.9]!["all steps"])];
  reportGoals([
    {
      goal: "variance about the own program, own step over later steps too",
      measured: own / later,
      atLeast: 1.5,
      noise: 0.3,
    },
  ] satisfies Goal[]);
}
