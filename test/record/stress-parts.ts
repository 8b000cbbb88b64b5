/** What the record's tests and its stress run share: recording many lives, replaying all, killing a writer. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type EpisodeRecord, openRecord, recording, replay } from "../../src/record/index.ts";
import type { Sandbox } from "../../src/sandbox/index.ts";
import { drawLife } from "./programs.ts";

/** Wall time of a step in these tests: far above what any of the programs needs on a busy machine. */
export const limits = { stepMs: 2000 };

/** Runs `work` for 0 to `count` - 1, a few at once. */
export async function inParallel(count: number, work: (i: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: 8 }, worker));
}

/** Records lives of seeds 0 to `count` - 1. */
export async function recordLives(record: EpisodeRecord, sandbox: Sandbox, count: number): Promise<void> {
  const recorder = recording(sandbox, record, { limits });
  await inParallel(count, async (seed) => {
    const life = await recorder.open({ seed });
    await life.steps(drawLife(seed));
    await life.close();
  });
}

/** Replays every episode; returns how many steps agreed, and each difference as text. */
export async function replayAll(
  record: EpisodeRecord,
  sandbox: Sandbox,
): Promise<{ steps: number; faults: number; differences: string[] }> {
  const episodes = record.episodes();
  const found = { steps: 0, faults: 0, differences: [] as string[] };
  await inParallel(episodes.length, async (i) => {
    const result = await replay(record, episodes[i]!.id, sandbox);
    found.steps += result.steps;
    if (result.fault !== null) found.faults++;
    if (!result.agrees) found.differences.push(String(result));
  });
  return found;
}

/** Seed to digest: what two records of the same lives must agree on, whatever order they were written in. */
export function digests(record: EpisodeRecord): Map<number, string> {
  const found = record.episodes().map(({ id, seed }): [number, string] => [seed, record.episode(id).digest]);
  return new Map(found.sort(([a], [b]) => a - b));
}

/** A life's `kill`: the driver itself, or a child of its sandbox. */
export type Victim = "driver" | "child";

/**
 * Starts a recording program, kills it or one of its children with SIGKILL after `delayMs`, and checks that everything it
 * had been promised is in the record. Returns the number of steps that were promised.
 */
export async function killWriter(
  path: string,
  { seed, delayMs, victim }: { seed: number; delayMs: number; victim: Victim },
): Promise<number> {
  const driver = join(import.meta.dirname, "fixtures/driver.ts");
  const flags = ["--conditions=autoagent-lab-source", "--disable-warning=ExperimentalWarning"];
  const child = spawn(process.execPath, [...flags, driver, path, String(seed)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const gone = new Promise<void>((resolve) => child.on("exit", () => resolve()));
  const promised: { episode: number; step: number; verdict: string }[] = [];
  let children: number[] = [];
  let started: (() => void) | undefined;
  const running = new Promise<void>((resolve) => {
    started = resolve;
  });
  const lines = createInterface({ input: child.stdout });
  const read = new Promise<void>((resolve) => lines.on("close", resolve));
  lines.on("line", (line) => {
    if (line.startsWith("children ")) {
      children = line.slice(9).split(" ").map(Number);
      started!();
      return;
    }
    const [episode, step, verdict] = line.split(" ");
    promised.push({ episode: Number(episode), step: Number(step), verdict: verdict! });
  });
  await Promise.race([running, gone]);
  await pause(delayMs);
  if (victim === "child") {
    process.kill(children[0]!, "SIGKILL");
    const before = promised.length;
    for (let waited = 0; promised.length < before + 5 && waited < 10_000; waited += 20) await pause(20);
    assert.ok(promised.length >= before + 5, "the writer went on after its child was killed");
  }
  child.kill("SIGKILL");
  await gone;
  await read;
  checkPromises(path, promised);
  return promised.length;
}

function checkPromises(path: string, promised: { episode: number; step: number; verdict: string }[]): void {
  using record = openRecord(path);
  const found = record.verify();
  assert.deepEqual(found.broken, null);
  const counts = new Map(record.episodes().map(({ id, steps }) => [id, steps]));
  const last = promised.at(-1);
  for (const { episode, step } of promised)
    assert.ok((counts.get(episode) ?? 0) > step, `step ${step} of episode ${episode} was promised and is gone`);
  if (last === undefined) return;
  assert.equal(record.episode(last.episode).list[last.step]!.report.verdict, last.verdict);
  const beyond = counts.get(last.episode)! - 1 - last.step;
  assert.ok(beyond <= 1, `${beyond} steps were recorded beyond the one in flight`);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
