/**
 * `npm run bench:tuning -- --arms "usual;learnable, rate 3e-3" [--seed 1 --threads 1 --samples 2 --every 16 --folder runs/tuning]`: which settings
 * make an adapter do more of tasks that it never saw. Each arm (`bench/tuning/arms.ts`) is trained on training tasks, a fifth of whose
 * operations are kept from it; then it and the frozen model at the same low temperature are asked those and the validation tasks.
 * Nothing here reads the tasks that are held out. Prints each arm beside the frozen model, paired by operation, and adds a line to
 * `results.jsonl`. Goes on where it was stopped; arms may run side by side, each in a process of its own.
 */

import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { textTable } from "../src/display/index.ts";
import { SurvivalEnv } from "../src/environment/index.ts";
import type { Episode } from "../src/episode/index.ts";
import { openPretrained, type Policy, tokenPolicy } from "../src/policy/index.ts";
import { createRandom, shuffled } from "../src/random/index.ts";
import { collect } from "../src/rollout/index.ts";
import { createSandbox } from "../src/sandbox/index.ts";
import { pairedDifference } from "../src/statistics/index.ts";
import { type MicroTask, microTasks } from "../src/tasks/index.ts";
import { operationOf } from "../src/tasks/micro/score.ts";
import { readCheckpoint, train } from "../src/training/index.ts";
import { adapterRewards } from "./comparison/paid.ts";
import { notRun } from "./goals.ts";
import { type Arm, armNames, armOf } from "./tuning/arms.ts";

const { values } = parseArgs({
  options: {
    arms: { type: "string", default: "usual" },
    model: { type: "string", default: "smollm2" },
    seed: { type: "string", default: "1" },
    threads: { type: "string", default: "1" },
    samples: { type: "string", default: "2" },
    every: { type: "string", default: "16" },
    at: { type: "string", default: "0.1" },
    folder: { type: "string", default: "runs/tuning" },
  },
});
const number = (name: "seed" | "threads" | "samples" | "every" | "at") => Number(values[name]);
mkdirSync(values.folder, { recursive: true });
await using sandbox = await createSandbox({ workers: 1 });
const { learned, kept } = partsOf(await microTasks({ split: "training" }));
const asked: readonly MicroTask[] = [...kept, ...(await microTasks({ split: "validation" }))];
const results = join(values.folder, "results.jsonl");

for (const name of values.arms.split(";")) {
  const arm = armOf(name);
  if (arm === undefined) notRun(`an arm of ${armNames.join(", ")}; got ${name}`, "Name one of them.");
  await tryArm(name, arm!);
}
process.exit();

/** Training tasks by operation: one fifth of the operations is kept from every training. */
function partsOf(tasks: readonly MicroTask[]): { learned: MicroTask[]; kept: MicroTask[] } {
  const operations = shuffled([...new Set(tasks.map(operationOf))].sort(), createRandom(1, "tuning"));
  const away = new Set(operations.slice(0, Math.round(operations.length / 5)));
  const isKept = (task: MicroTask) => away.has(operationOf(task));
  return { learned: tasks.filter((task) => !isKept(task)), kept: tasks.filter(isKept) };
}

async function tryArm(name: string, arm: Arm): Promise<void> {
  const run = `${name.replaceAll(/[^a-z0-9]+/gi, "-")}-${values.seed}`;
  const decoder = await openPretrained(values.model, { threads: number("threads"), adaptedBlocks: arm.blocks });
  const { blocks, rank, temperature } = arm;
  const settings = { adapter: { blocks, rank }, seed: number("seed"), temperature, batch: arm.episodes };
  const policy = await tokenPolicy(decoder, settings);
  const at = { temperature: number("at") };
  const frozen = await keptIn("frozen", () => askAll(policy.pretrained(at), asked, number("samples")));
  const tasks = arm.tasks === "all" ? learned : await learnableTasks(policy.pretrained());
  const env = new SurvivalEnv({ tasks, maxSteps: arm.steps, rewards: adapterRewards(arm), sandbox });
  const save = join(values.folder, `${run}.safetensors`);
  const { episodes, group, updates, rate: learningRate, kl: klCoef, entropy: entropyBonus, estimator } = arm;
  const own = { episodes, group, updates, learningRate, klCoef, entropyBonus, estimator, seed: number("seed") };
  const resume = existsSync(save) ? await readCheckpoint(save) : null;
  const began = process.cpuUsage();
  let processor = 0;
  const report = async (after: number) =>
    tell(name, after, await askAll(policy.frozen(at), asked, number("samples")), frozen, processor);
  for await (const update of train({
    ...{
      env,
      policy,
      ...own,
      save,
      panel: false,
      curriculum: arm.curriculum,
      replay: arm.replay,
      lrSchedule: "linear",
    },
    ...(resume && { resume }),
  })) {
    const used = process.cpuUsage(began);
    processor = (used.user + used.system) / 1e6;
    const { survival, successRate, distinct, policyEntropy, replayed } = update;
    const { rollout, update: seconds } = update.seconds;
    console.error(
      `${run} ${update.update}: survival ${survival.toFixed(2)} done ${(successRate ?? 0).toFixed(3)} distinct ${(distinct ?? 0).toFixed(2)} entropy ${(policyEntropy ?? 0).toFixed(2)} replayed ${replayed}  ${rollout.toFixed(0)} + ${seconds.toFixed(0)} s, processor ${processor.toFixed(0)} s`,
    );
    if ((update.update + 1) % number("every") === 0 && update.update + 1 < updates) await report(update.update + 1);
  }
  await report(updates);
  policy.dispose();
}

/** What became of one program. */
interface Outcome {
  task: string;
  operation: string;
  family: string;
  kept: boolean;
  alive: boolean;
  done: boolean;
}

/** Asks each task so many times, in lives of one step. */
async function askAll(policy: Policy, tasks: readonly MicroTask[], samples: number): Promise<Outcome[]> {
  const env = new SurvivalEnv({ tasks, maxSteps: 1, sandbox });
  const begin = tasks.map(({ id }) => ({ tasks: [id] }));
  const episodes = await collect(env, policy, { episodes: tasks.length * samples, group: samples, begin, seed: 5 });
  return episodes.map((episode, i) => outcomeOf(episode, tasks[Math.floor(i / samples)]!));
}

/** What is in a file of the folder; made and put there where it is not. */
async function keptIn(name: string, make: () => Promise<Outcome[]>): Promise<Outcome[]> {
  const path = join(values.folder, `${name}.json`);
  if (existsSync(path)) return JSON.parse(readFileSync(path, "utf8")) as Outcome[];
  const made = await make();
  writeFileSync(path, JSON.stringify(made));
  return made;
}

function outcomeOf(episode: Episode, task: MicroTask): Outcome {
  const { id, family } = task;
  const [step] = episode.steps;
  const done = step?.solved === true;
  return {
    task: id,
    operation: operationOf(task),
    family,
    kept: kept.includes(task),
    alive: !episode.terminated,
    done,
  };
}

/** Tasks that the frozen model does now and does not then, in eight programs at the temperature of training. */
async function learnableTasks(policy: Policy): Promise<MicroTask[]> {
  const found = await keptIn("learnable", () => askAll(policy, learned, 8));
  const isLearnable = ({ id }: MicroTask) => {
    const own = found.filter(({ task }) => task === id);
    return own.some(({ done }) => done) && own.some(({ done }) => !done);
  };
  return learned.filter(isLearnable);
}

function tell(name: string, updates: number, now: readonly Outcome[], frozen: readonly Outcome[], processor: number) {
  const rows = [
    ["kept", (one: Outcome) => one.kept],
    ["validation", (one: Outcome) => !one.kept],
    ["both", () => true],
  ] as const;
  const percent = (list: readonly boolean[]) => (100 * list.filter(Boolean).length) / list.length;
  const table = rows.map(([part, isIn]) => {
    const [own, other] = [now.filter(isIn), frozen.filter(isIn)];
    const samples = (list: readonly Outcome[]) =>
      list.map(({ operation, done }) => ({ cluster: operation, value: done ? 100 : 0 }));
    const difference = pairedDifference(samples(own), samples(other));
    return {
      arm: `${name}, ${updates}`,
      part,
      n: own.length,
      frozen: percent(other.map(({ done }) => done)).toFixed(1),
      done: percent(own.map(({ done }) => done)).toFixed(1),
      alive: percent(own.map(({ alive }) => alive)).toFixed(1),
      beyond: `${difference.estimate.toFixed(1)} (${difference.low.toFixed(1)} to ${difference.high.toFixed(1)})`,
    };
  });
  console.log(textTable(table, { caption: `${name}, ${updates} updates, processor ${processor.toFixed(0)} s` }));
  appendFileSync(results, `${JSON.stringify({ name, updates, seed: number("seed"), processor, table, now })}\n`);
}
