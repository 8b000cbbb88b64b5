/** One training run end to end, with the time of each part: what draws programs, what runs them, what learns. */

import { writeFileSync } from "node:fs";
import { rewards, SurvivalEnv } from "../../src/environment/index.ts";
import type { Provider } from "../../src/model/index.ts";
import { openPretrained, tokenPolicy } from "../../src/policy/index.ts";
import { createSandbox } from "../../src/sandbox/index.ts";
import { microTasks } from "../../src/tasks/index.ts";
import { type BackendName, train } from "../../src/training/index.ts";

/** What is trained. */
export interface TrainOptions {
  model: string;
  provider: string;
  /** What computes the updates. @default the trainer's choice */
  backend?: string;
  updates: number;
  /** Lives an update. */
  episodes: number;
  /** The sandbox's processes. */
  workers: number;
  /** How many of the last blocks an adapter changes, where one is trained in place of a head. */
  adapter?: number;
  /** A file for the figures of each update, as JSON. */
  curve?: string;
}

/** Trains a head, or an adapter, on the training tasks, four steps a life, and prints a line an update and the sums. */
export async function trainOnce({
  model,
  provider,
  backend,
  updates,
  episodes,
  workers,
  curve,
  adapter,
}: TrainOptions): Promise<void> {
  const isAdapter = adapter !== undefined;
  const opened = { provider: provider as Provider | "auto", ...(isAdapter && { adaptedBlocks: adapter }) };
  const decoder = await openPretrained(model, opened);
  const sandbox = await createSandbox({ workers });
  const tasks = await microTasks({ split: "training" });
  const parts = [rewards.survival, { ...rewards.harm, weight: 0.005 }, { ...rewards.usefulness, weight: 3 }];
  const env = new SurvivalEnv({ tasks, maxSteps: 4, rewards: parts, sandbox });
  const began = performance.now();
  const since = (from: number) => (performance.now() - from) / 1000;
  const settings = { seed: 1, temperature: 0.6, batch: episodes };
  const head = { asks: tasks.map(({ ask }) => ask), samples: 192, rank: 16 };
  const policy = await tokenPolicy(decoder, { ...settings, ...(isAdapter ? { adapter: { blocks: adapter } } : head) });
  console.log(
    `${model} on ${decoder.provider} (${decoder.device}): ${isAdapter ? "adapter made" : "head calibrated"} in ${since(began).toFixed(1)} s`,
  );
  let computed = "";
  const figures: { [name: string]: number }[] = [];
  const sums = { drawing: 0, sandbox: 0, update: 0, tokens: 0 };
  const first = performance.now();
  let before = { ...policy.spent };
  for await (const { update, seconds, survival, successRate, harm, distinct, kl, backend: by } of train({
    ...{ env, policy, seed: 1, updates, episodes, group: 8, gamma: 0.9, klCoef: isAdapter ? 0 : 0.05, entropyBonus: 0 },
    ...{ lrSchedule: "linear", learningRate: policy.learningRate, panel: false },
    ...(backend !== undefined && { backend: backend as BackendName }),
  })) {
    computed = `${by.backend} (${by.device})`;
    const drawing = policy.spent.seconds - before.seconds;
    const tokens = policy.spent.tokens - before.tokens;
    before = { ...policy.spent };
    const times = { drawing, sandbox: seconds.rollout - drawing, update: seconds.update, tokens };
    for (const name of Object.keys(sums) as (keyof typeof sums)[]) sums[name] += times[name];
    const told = {
      survival: survival ?? 0,
      successRate: successRate ?? 0,
      harm: harm ?? 0,
      distinct,
      kl: kl ?? 0,
    };
    figures.push({ number: update, ...told, ...times, at: since(first) });
    const line = Object.entries({ ...told, ...times }).map(([name, value]) => `${name} ${value.toFixed(3)}`);
    console.log(`update ${update}: ${line.join("  ")}`);
  }
  const { drawing, sandbox: lives, update, tokens } = sums;
  console.log(
    `${updates} updates of ${episodes} episodes in ${since(first).toFixed(1)} s: drawing programs ${drawing.toFixed(1)} s (${(tokens / drawing).toFixed(0)} tokens a second), running them ${lives.toFixed(1)} s, learning ${update.toFixed(1)} s by ${computed}`,
  );
  if (curve !== undefined) writeFileSync(curve, `${JSON.stringify(figures)}\n`);
  await sandbox.dispose();
  await decoder.dispose();
}
