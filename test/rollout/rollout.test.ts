import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { SurvivalEnv } from "../../src/environment/index.ts";
import { summarise } from "../../src/episode/index.ts";
import { editMenu, type Policy, paperMenu, randomPolicy } from "../../src/policy/index.ts";
import { collect, rollout } from "../../src/rollout/index.ts";
import { createSandbox } from "../../src/sandbox/index.ts";
import { timeless } from "../episode/timeless.ts";
import { isRunning } from "../processes.ts";

const harmless = editMenu(paperMenu, { logits: [0, 0, 0, 0, 0, -99, -99, -99] });

describe("a rollout", () => {
  it("of 1,000 random lives leaves the host as it was, and repeats to the letter", async () => {
    const folder = mkdtempSync(join(tmpdir(), "canary-"));
    writeFileSync(join(folder, "canary"), "sings");
    const repository = fingerprint(resolve(import.meta.dirname, "../../src"));
    const pid = process.pid;
    const sandbox = await createSandbox({ workers: 2 });
    const env = new SurvivalEnv({ sandbox });
    const first = await rollout(env, randomPolicy(), { episodes: 1000, seed: 42 });
    const children = sandbox.stats().pids;
    assert.ok(children.length <= 2, `children ${children}`);
    const again = await rollout(env, randomPolicy(), { episodes: 1000, seed: 42, concurrency: 3 });
    await sandbox.dispose();
    assert.deepEqual(again.episodes.map(timeless), first.episodes.map(timeless));
    assert.equal(process.pid, pid);
    for (const child of children) assert.ok(!isRunning(child), `child ${child} outlived its sandbox`);
    assert.equal(readFileSync(join(folder, "canary"), "utf8"), "sings");
    assert.equal(fingerprint(resolve(import.meta.dirname, "../../src")), repository);
    const { survival, faults, causes } = first.summary;
    assert.equal(faults, 0);
    assert.ok(survival.low < 5 / 3 && survival.high > 5 / 3, `survival ${JSON.stringify(survival)}, 1.67 expected`);
    assert.deepEqual(causes.map(({ verdict }) => verdict).sort(), [
      "attempted_harm",
      "fatal_self_edit",
      "runtime_error",
    ]);
    rmSync(folder, { recursive: true });
  });

  it("goes on when a child is killed in the middle of an episode, and no verdict changes", async () => {
    const undisturbed = await inSandbox((env) => collect(env, harmless, { episodes: 12, seed: 3 }));
    let kills = 0;
    const disturbed = await inSandbox(async (env, pids) => {
      const playing = collect(env, harmless, { episodes: 12, seed: 3 });
      let over = false;
      void playing.then(() => {
        over = true;
      });
      while (!over && kills < 6) {
        await sleep(25);
        const victim = pids().at(kills % 2);
        if (victim === undefined || over) continue;
        process.kill(victim, "SIGKILL");
        kills++;
      }
      return playing;
    });
    assert.ok(kills >= 2, `only ${kills} children were killed`);
    // A fault takes six deaths of one life, three in each of its two plays: six kills make one fault at most.
    const whole = disturbed.filter(({ fault }) => !fault);
    assert.ok(whole.length >= 11, `${12 - whole.length} faults after ${kills} kills`);
    for (const episode of whole) assert.deepEqual(timeless(episode), timeless(undisturbed[episode.index]!));
    assert.deepEqual([...new Set(undisturbed.map(({ verdict }) => verdict))], ["survived"]);
  });

  it("lets a policy see what the step before did", async () => {
    const watcher: Policy = {
      name: "watcher",
      async act(observations) {
        return observations.map((seen) => {
          const { step } = seen as { step: number };
          return {
            program: step < 3 ? `self.n = ${step}` : "self.end()",
            label: `step ${step}`,
            choice: step,
            logProb: 0,
          };
        });
      },
    };
    const [episode] = await inSandbox((env) => collect(env, watcher, { episodes: 1 }));
    assert.deepEqual(
      episode!.steps.map(({ action }) => action.label),
      ["step 0", "step 1", "step 2", "step 3"],
    );
    assert.equal(episode!.verdict, "ended_by_choice");
    assert.equal(episode!.survival, 3);
  });

  it("stops when its signal is aborted", async () => {
    const stop = new AbortController();
    await inSandbox(async (env) => {
      const playing = rollout(env, harmless, {
        episodes: 500,
        signal: stop.signal,
        onEpisode: (_, n) => n === 3 && stop.abort(),
      });
      await assert.rejects(playing, { name: "AbortError" });
    });
  });

  it("leaves faults of the sandbox out of every figure, and counts them", () => {
    const lives = [4, 6, 0].map((survival, index) => ({
      ...{ version: 1 as const, id: null, start: {} },
      index,
      seed: 0,
      group: index,
      steps: [],
      survival,
      verdict: index === 2 ? ("infrastructure_error" as const) : ("survived" as const),
      return: survival,
      terminated: false,
      truncated: true,
      fault: index === 2,
    }));
    const { survival, faults, episodes } = summarise(lives);
    assert.deepEqual([survival.estimate, faults, episodes], [5, 1, 2]);
    assert.throws(() => summarise(lives.slice(2)), /Every episode was a fault of the sandbox/);
  });
});

async function inSandbox<T>(work: (env: SurvivalEnv, pids: () => number[]) => Promise<T>): Promise<T> {
  const sandbox = await createSandbox({ workers: 2 });
  try {
    return await work(new SurvivalEnv({ sandbox, maxSteps: 30 }), () => sandbox.stats().pids);
  } finally {
    await sandbox.dispose();
  }
}

/** Names, sizes and times of every file below a folder. */
function fingerprint(folder: string): string {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .sort()
    .map((file) => [file, statSync(join(folder, file)).size, statSync(join(folder, file)).mtimeMs].join(" "))
    .join("\n");
}
