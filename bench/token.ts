/**
 * `npm run bench:token [-- --seeds 5 --first 1 --updates 24 --episodes 64 --group 8 --steps 4 --evaluate 150]`: REINFORCE on
 * the small pretrained model of `data/models/tiny`, every life in the real sandbox. Prints a table: random weights,
 * pretrained, the temperature control and the head after the same training, on training and held-out tasks: survival,
 * harm, tasks solved, variety, entropy. Intervals are over seeds (bootstrap of the seeds' means). Every evaluation is of
 * fresh lives, with tasks in an order that training did not see. The bar: the head's survival interval lies above the
 * pretrained model's on both splits.
 */

import { parseArgs } from "node:util";
import { textTable } from "../src/display/index.ts";
import { rewards, SurvivalEnv } from "../src/environment/index.ts";
import { randomModel } from "../src/model/index.ts";
import {
  openPretrained,
  type Policy,
  type TrainablePolicy,
  temperaturePolicy,
  tokenPolicy,
} from "../src/policy/index.ts";
import { rollout } from "../src/rollout/index.ts";
import { createSandbox } from "../src/sandbox/index.ts";
import { bootstrapInterval, degenerateReason, type Interval } from "../src/statistics/index.ts";
import { type MicroTask, microTasks } from "../src/tasks/index.ts";
import { train } from "../src/training/index.ts";
import { type Goal, reportGoals } from "./goals.ts";

const { values } = parseArgs({
  options: {
    model: { type: "string", default: "tiny" },
    seeds: { type: "string", default: "5" },
    first: { type: "string", default: "1" },
    updates: { type: "string", default: "24" },
    episodes: { type: "string", default: "64" },
    group: { type: "string", default: "8" },
    steps: { type: "string", default: "4" },
    evaluate: { type: "string", default: "150" },
    rate: { type: "string", default: "0.1" },
    rank: { type: "string", default: "8" },
    kl: { type: "string", default: "0.02" },
    entropy: { type: "string", default: "0" },
    harm: { type: "string", default: "0.005" },
    gamma: { type: "string" },
    useful: { type: "string", default: "1" },
    only: { type: "string" },
    verbose: { type: "boolean", default: false },
  },
});
const number = (name: Exclude<keyof typeof values, "verbose" | "only" | "model">) => Number(values[name]);
const seeds = Array.from({ length: number("seeds") }, (_, i) => i + number("first"));
const wanted = values.only?.split(",") ?? ["random weights", "pretrained", "temperature", "head"];

/** What is measured of a policy on one split with one seed. */
interface Measure {
  survival: number;
  harm: number;
  successRate: number;
  changed: number;
  variety: number;
  entropy: number;
}

await using sandbox = await createSandbox({ workers: 2 });
const decoder = await openPretrained(values.model);
const blank = await randomModel(decoder.config, decoder.tokenizer, { seed: 1 });
const parts = [
  rewards.survival,
  { ...rewards.harm, weight: number("harm") },
  { ...rewards.usefulness, weight: number("useful") },
];
const splits = {
  training: await microTasks({ split: "training" }),
  "held-out": await microTasks({ split: "held-out" }),
};
const envOf = (tasks: readonly MicroTask[]) =>
  new SurvivalEnv({ tasks, maxSteps: number("steps"), rewards: parts, sandbox });
const asks = splits.training.map(({ ask }) => ask);
const found = new Map<string, { training: Measure; "held-out": Measure }[]>();

for (const seed of seeds) {
  if (wanted.includes("random weights")) {
    const policy = await tokenPolicy(blank, { asks, seed, rank: 1, samples: 32 });
    await measure("random weights", policy, seed);
    policy.dispose();
  }
  const head = await tokenPolicy(decoder, { asks, seed, rank: number("rank") });
  if (wanted.includes("pretrained")) await measure("pretrained", head.pretrained(), seed);
  if (wanted.includes("temperature")) {
    const control = await temperaturePolicy(decoder);
    await learn(control, seed);
    await measure("temperature", control, seed);
    if (values.verbose) process.stderr.write(`temperature ${(await control.temperature()).toFixed(2)}\n`);
    control.dispose();
  }
  if (wanted.includes("head")) {
    await learn(head, seed);
    await measure("head", head, seed);
  }
  head.dispose();
}
print();
await Promise.all([decoder.dispose(), blank.dispose()]);

async function learn(policy: TrainablePolicy, seed: number): Promise<void> {
  const began = performance.now();
  for await (const update of train({
    env: envOf(splits.training),
    policy,
    seed,
    updates: number("updates"),
    episodes: number("episodes"),
    group: number("group"),
    ...(values.gamma !== undefined && { gamma: number("gamma") }),
    klCoef: number("kl"),
    entropyBonus: number("entropy"),
    lrSchedule: "linear",
    panel: false,
    learningRate: number("rate"),
  })) {
    const { survival, harm, successRate, distinct, policyEntropy, kl, seconds, gradientNorm, zeroAdvantages } = update;
    const figures = { survival, harm, successRate: successRate ?? 0, distinct, policyEntropy, kl };
    const shown = { ...figures, gradientNorm, zeroAdvantages, ...seconds };
    if (values.verbose)
      process.stderr.write(
        `${update.update} ${Object.entries(shown)
          .map(([name, value]) => `${name} ${value.toFixed(3)}`)
          .join("  ")}\n`,
      );
  }
  process.stderr.write(
    `seed ${seed}, ${policy.name}: trained in ${((performance.now() - began) / 1000).toFixed(0)} s\n`,
  );
}

async function measure(name: string, policy: Policy, seed: number): Promise<void> {
  const measured = {} as { training: Measure; "held-out": Measure };
  for (const split of ["training", "held-out"] as const) {
    const { summary } = await rollout(envOf(splits[split]), policy, {
      episodes: number("evaluate"),
      seed: 1_000_003 + seed,
    });
    measured[split] = {
      survival: summary.survival.estimate,
      harm: summary.harm.estimate,
      successRate: summary.successRate!.estimate,
      changed: summary.changed?.estimate ?? Number.NaN,
      variety: summary.distinct,
      entropy: summary.entropy!.estimate,
    };
  }
  found.set(name, [...(found.get(name) ?? []), measured]);
}

function print(): void {
  const goals: Goal[] = [];
  const survivals: { [key: string]: Interval } = {};
  for (const split of ["training", "held-out"] as const) {
    const rows = [...found].map(([name, runs]) => {
      const of = (key: keyof Measure, digits: number, scale = 1): string => {
        const told = runs.map((run) => run[split][key] * scale).filter((value) => !Number.isNaN(value));
        if (told.length === 0) return "-";
        const { estimate, low, high } = bootstrapInterval(told);
        return `${estimate.toFixed(digits)} (${low.toFixed(digits)} to ${high.toFixed(digits)})`;
      };
      survivals[`${name} ${split}`] = bootstrapInterval(runs.map((run) => run[split].survival));
      const mean = (key: keyof Measure) => runs.reduce((sum, run) => sum + run[split][key], 0) / runs.length;
      const degenerate = degenerateReason({
        entropy: mean("entropy"),
        changed: Number.isNaN(mean("changed")) ? null : mean("changed"),
      });
      return {
        policy: name,
        [`survival, of ${values.steps} steps`]: of("survival", 2),
        "episodes with harm, %": of("harm", 1, 100),
        "tasks solved, %": of("successRate", 1, 100),
        "edits that change, %": of("changed", 1, 100),
        "distinct programs, %": of("variety", 1, 100),
        "entropy, nats a token": of("entropy", 2),
        "": degenerate === null ? "" : "degenerate",
      };
    });
    console.log(
      textTable(rows, {
        caption: `${split} tasks, ${seeds.length} seeds, ${values.evaluate} fresh episodes each: mean (95 % interval over seeds)`,
      }),
    );
    console.log("");
  }
  for (const split of ["training", "held-out"]) {
    const [before, after, control] = ["pretrained", "head", "temperature"].map((name) => survivals[`${name} ${split}`]);
    if (!before || !after) continue;
    // An interval over fewer seeds than three says nothing, so nothing is judged then.
    const enough = seeds.length >= 3;
    goals.push({
      goal: `${split}: the head's survival above the pretrained model's, gap of the intervals, steps`,
      measured: enough ? after.low - before.high : Number.NaN,
      atLeast: 0,
      noise: 0,
    });
    console.log(
      `${split}: survival of the head ${after.low > before.high ? "above" : "NOT clearly above"} the pretrained model's`,
    );
    if (control)
      console.log(
        `${split}: ${after.low > control.high ? "and above" : "but NOT clearly above"} the temperature control's`,
      );
  }
  if (goals.length > 0) reportGoals(goals);
}
