/**
 * Adapters of the last blocks, one a language and seed, as `bench:comparison` trains them: each update asks tasks that none before
 * it asked, eight samples each, in lives of four steps; being alive is paid 2, what was asked 3, harm -5. Made once, kept in the
 * bench's folder after each update, gone on with where they were stopped.
 */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { SurvivalEnv } from "../../src/environment/index.ts";
import { type openPretrained, type TokenPolicy, tokenPolicy } from "../../src/policy/index.ts";
import type { BodyName, Sandbox } from "../../src/sandbox/index.ts";
import { microTasks } from "../../src/tasks/index.ts";
import { readCheckpoint, train } from "../../src/training/index.ts";
import { adapterRewards } from "../comparison/paid.ts";

/** How all of them are trained. */
export interface AdapterSettings {
  folder: string;
  blocks: number;
  rank: number;
  updates: number;
  /** Lives an update, and at most so many programs each. */
  episodes: number;
  steps: number;
  maxTokens: number;
}

/** The few-shot prompt of each language. */
export const prompts = { javascript: "few-shot", python: "few-shot-python" } as const;

/** Trains an adapter, or goes on with it, or takes it as it is when it is done. `model` was opened with as many adapted blocks. */
export async function trainedAdapter(
  model: Awaited<ReturnType<typeof openPretrained>>,
  { body, seed, sandbox }: { body: BodyName; seed: number; sandbox: Sandbox },
  { folder, blocks, rank, updates, episodes, steps, maxTokens }: AdapterSettings,
): Promise<TokenPolicy> {
  const settings = { prompt: prompts[body], adapter: { blocks, rank }, temperature: 0.6, batch: episodes, maxTokens };
  const policy = await tokenPolicy(model, { ...settings, seed });
  const env = new SurvivalEnv({
    tasks: await microTasks({ split: "training" }),
    ...{ maxSteps: steps, rewards: adapterRewards(), sandbox },
  });
  const save = join(folder, `adapter-${body}-${seed}.safetensors`);
  const resume = existsSync(save) ? await readCheckpoint(save) : null;
  const recipe = {
    group: 8,
    entropyBonus: 0,
    lrSchedule: "linear",
    curriculum: "each task new",
    panel: false,
  } as const;
  const began = process.cpuUsage();
  for await (const update of train({
    ...{ ...recipe, env, policy, seed, updates, episodes, save },
    ...(resume && { resume }),
  })) {
    const { survival, successRate, policyEntropy, seconds } = update;
    const { user, system } = process.cpuUsage(began);
    const figures = { survival, done: successRate ?? 0, entropy: policyEntropy ?? 0 };
    const shown = Object.entries(figures).map(([name, value]) => `${name} ${value.toFixed(3)}`);
    const cost = `${seconds.rollout.toFixed(0)} + ${seconds.update.toFixed(0)} s, processor ${((user + system) / 1e6).toFixed(0)} s so far`;
    console.error(`adapter in ${body}, seed ${seed}, update ${update.update}: ${shown.join("  ")}  ${cost}`);
  }
  return policy;
}
