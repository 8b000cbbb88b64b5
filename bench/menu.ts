/**
 * `npm run bench:menu [-- --seeds 10 --first 1 --updates 100 --only "leave-one-out"]`: REINFORCE on the edit menu, every life in the
 * real sandbox. Prints a table: a row a variant, from the paper's literal loop at three step sizes to baselines with
 * Adam. Survival and harm are of fresh episodes after training; entropy is the policy's own. The random policy is measured
 * in the same run. `--body python`: the same eight edits in Python. A pass mark is printed for leave-one-out: >= 45 of 50 steps, harm <= 0.5 %, entropy >= 0.5 nats.
 */

import { parseArgs } from "node:util";
import { textTable } from "../src/display/index.ts";
import { SurvivalEnv } from "../src/environment/index.ts";
import { editMenu, paperMenu, pythonMenu, randomPolicy } from "../src/policy/index.ts";
import { rollout } from "../src/rollout/index.ts";
import { bodies, createSandbox } from "../src/sandbox/index.ts";
import { bootstrapInterval, entropyOf, mean } from "../src/statistics/index.ts";
import { type StudyOptions, study } from "../src/training/index.ts";
import { type Goal, reportGoals } from "./goals.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "10" },
    first: { type: "string", default: "1" },
    updates: { type: "string", default: "100" },
    evaluate: { type: "string", default: "100" },
    only: { type: "string" },
    body: { type: "string", default: "javascript" },
  },
});
const seeds = Array.from({ length: Number(values.seeds) }, (_, i) => i + Number(values.first));
const updates = Number(values.updates);
const evaluationEpisodes = Number(values.evaluate);

const all: StudyOptions["variants"] = {
  "literal 1e-4": { estimator: "raw-return", learningRate: 1e-4 },
  "literal 1e-3": { estimator: "raw-return", learningRate: 1e-3 },
  "literal 1e-2": { estimator: "raw-return", learningRate: 1e-2 },
  "mean + Adam": { estimator: "mean" },
  "reinforce++ + Adam": { estimator: "reinforce++" },
  "leave-one-out": { estimator: "leave-one-out" },
};
const names = values.only?.split(",") ?? Object.keys(all);
const unknown = names.find((name) => !(name in all));
if (unknown !== undefined) throw new RangeError(`Unknown variant "${unknown}": use ${Object.keys(all).join(", ")}`);

const { body } = values;
if (body !== "javascript" && body !== "python")
  throw new RangeError(`Unknown body "${body}": use javascript or python`);
const menu = body === "python" ? pythonMenu : paperMenu;
await using sandbox = await createSandbox({ workers: 2, body: bodies[body] });
const env = new SurvivalEnv({ maxSteps: 50, sandbox });
const random = await rollout(env, randomPolicy(menu), { episodes: evaluationEpisodes * 4, seed: 1_000_003 });
const bar = random.summary.survival.estimate;
const goals: Goal[] = [];
const rows = [
  {
    policy: "random",
    seeds: 1,
    survival: bar.toFixed(2),
    "95 % interval": "",
    lowest: "",
    "below random": "",
    "harm, %": (100 * random.summary.harm.estimate).toFixed(2),
    "entropy, nats": Math.log(8).toFixed(2),
    "s a seed": "",
  },
];

for (const name of names) {
  const began = performance.now();
  const result = await study({
    env,
    makePolicy: () => editMenu(menu),
    variants: { [name]: { ...all[name], updates, episodes: 16 } },
    seeds,
    evaluationEpisodes,
  });
  const seconds = (performance.now() - began) / 1000 / seeds.length;
  const survivals = result.runs.map(({ survival }) => survival);
  const harm = mean(result.runs.map((run) => run.harm));
  const entropy = mean(result.runs.map(({ curve }) => entropyOf(Object.values(curve.at(-1)!.probabilities!))));
  const { estimate, low, high } = bootstrapInterval(survivals);
  rows.push({
    policy: name,
    seeds: seeds.length,
    survival: estimate.toFixed(2),
    "95 % interval": `${low.toFixed(2)} to ${high.toFixed(2)}`,
    lowest: Math.min(...survivals).toFixed(2),
    "below random": `${survivals.filter((s) => s < bar).length}`,
    "harm, %": (100 * harm).toFixed(2),
    "entropy, nats": entropy.toFixed(2),
    "s a seed": seconds.toFixed(1),
  });
  process.stderr.write(`${name}: ${estimate.toFixed(2)} steps, ${seconds.toFixed(1)} s a seed\n`);
  // Noise: half the interval over the seeds; harm and entropy have none of their own, so a tenth.
  if (name === "leave-one-out")
    goals.push(
      { goal: "leave-one-out: steps survived, of 50", measured: estimate, atLeast: 45, noise: (high - low) / 2 },
      { goal: "leave-one-out: episodes with harm", measured: harm, atMost: 0.005, noise: 0.0005 },
      { goal: "leave-one-out: entropy, nats", measured: entropy, atLeast: 0.5, noise: 0.05 },
    );
  for (const { policy } of result.runs) policy.dispose();
}

console.log(
  textTable(rows, {
    caption: `Edit menu after ${updates} updates of 16 episodes of at most 50 steps; ${evaluationEpisodes} fresh episodes a seed`,
  }),
);
if (goals.length > 0) reportGoals(goals);
