/** What the page claims of equality, at the size that it names. */

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SurvivalEnv } from "../../../src/environment/index.ts";
import { evaluate } from "../../../src/evaluation/index.ts";
import { editMenu, policies } from "../../../src/policy/index.ts";
import { rollout } from "../../../src/rollout/index.ts";
import { microTasks } from "../../../src/tasks/index.ts";
import { train } from "../../../src/training/index.ts";
import { workers } from "../../../src/workers/index.ts";
import { entriesOf, textOf } from "../equal.ts";
import { type Bed, type Outcome, startCrew } from "./bed.ts";

type Bar = (bed: Bed) => Promise<Omit<Outcome, "fault">>;

/** Ten thousand lives, recorded: episodes, and every entry of the record. */
const lives: Bar = (bed) =>
  withFolder(bed, async (folder, on) => {
    const env = new SurvivalEnv({ sandbox: bed.sandbox, maxSteps: 10 });
    const how = { episodes: 10_000, group: 8, seed: 1 };
    const [one, other] = [join(folder, "one.sqlite"), join(folder, "other.sqlite")];
    const began = performance.now();
    const over = await rollout(env, editMenu(), { ...how, record: other, on });
    const seconds = (performance.now() - began) / 1000;
    const alone = await rollout(env, editMenu(), { ...how, record: one, concurrency: 1 });
    const entries = entriesOf(other);
    const equal =
      textOf(over.episodes) === textOf(alone.episodes) && JSON.stringify(entries) === JSON.stringify(entriesOf(one));
    const rate = (how.episodes / seconds).toFixed(0);
    return { equal, told: `10,000 lives, ${entries.length} entries of the record; ${rate} lives/s over 2 workers` };
  });

/** Thirty updates of the menu: weights after each, and the checkpoint. */
const updates: Bar = (bed) =>
  withFolder(bed, async (folder, on) => {
    const run = async (name: string, more: object) => {
      const save = join(folder, name);
      const env = new SurvivalEnv({ sandbox: bed.sandbox, maxSteps: 20 });
      const told: unknown[] = [];
      const given = { env, policy: editMenu(), updates: 30, episodes: 16, group: 4, seed: 2, save, ...more };
      for await (const { loss, gradientNorm, probabilities, survival } of train(given))
        told.push([loss, gradientNorm, probabilities, survival]);
      return JSON.stringify([told, readFileSync(save).toString("base64")]);
    };
    return { equal: (await run("over", { on })) === (await run("alone", {})), told: "30 updates and the checkpoint" };
  });

/** SmolLM2 on tasks, 64 lives. */
const smollm2: Bar = (bed) =>
  withFolder(bed, async (_, on) => {
    const tasks = await microTasks({ split: "validation" });
    const env = new SurvivalEnv({ sandbox: bed.sandbox, maxSteps: 1, tasks });
    const policy = await policies.fromPretrained("smollm2", { samples: 32 });
    const how = { env, episodes: 64, progress: false } as const;
    const over = await evaluate({ smollm2: policy }, { ...how, on });
    const alone = await evaluate({ smollm2: policy }, how);
    const played = (one: typeof over) => Object.values(one.episodes.episodes!).map(textOf).join();
    await policy.decoder.dispose();
    return { equal: played(over) === played(alone), told: "64 lives of SmolLM2-135M, programs and log-probabilities" };
  });

async function withFolder<T>(
  { redis }: Bed,
  work: (folder: string, on: ReturnType<typeof workers.redis>) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "workers-bars-"));
  const crew = await startCrew(redis.url, 2);
  try {
    return await work(folder, workers.redis(redis.url));
  } finally {
    await crew.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

export const bars: { readonly [name: string]: Bar } = {
  "10,000 lives": lives,
  "30 updates": updates,
  "64 of SmolLM2": smollm2,
};
