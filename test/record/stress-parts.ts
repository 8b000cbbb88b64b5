/** What the record's tests and its stress run share: recording many lives, replaying all, killing a writer. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { byHand, type Episode, lifeEnvironment, runEpisode } from "../../src/episode/index.ts";
import { type EpisodeRecord, type Marks, openRecord, recordTo, replay } from "../../src/record/index.ts";
import type { LifeOptions, Sandbox } from "../../src/sandbox/index.ts";
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

/** Lives a life of these programs and records it, each step before the next begins. */
export async function live(
  record: EpisodeRecord,
  sandbox: Sandbox,
  programs: readonly string[],
  options: LifeOptions = {},
  marks: Marks = {},
): Promise<Episode & { id: number }> {
  const env = lifeEnvironment(sandbox, { seed: 0, ...options });
  const left = [...programs];
  const act = async () => left.splice(0, 1).map((program) => ({ ...byHand, program }));
  try {
    return (await runEpisode(env, act, { index: 0 }, recordTo(record, marks))) as Episode & { id: number };
  } finally {
    await env.close();
  }
}

/** Records lives of seeds 0 to `count` - 1. */
export async function recordLives(record: EpisodeRecord, sandbox: Sandbox, count: number): Promise<void> {
  await inParallel(count, async (seed) => {
    await live(record, sandbox, drawLife(seed), { seed, limits });
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
  const found = record.episodes().map(({ id, seed }): [number, string] => [seed, record.digest(id)]);
  return new Map(found.sort(([a], [b]) => a - b));
}

/** A step that a recording program said it may count on. */
export interface Promised {
  episode: number;
  step: number;
  verdict: string;
}

/** A recording program in a process of its own. */
export interface Writer {
  readonly pid: number;
  /** Its sandbox's children, once it has begun. */
  readonly children: number[];
  readonly promised: readonly Promised[];
  /** Resolves when it has begun to record, or has ended. */
  readonly begun: Promise<unknown>;
  /** Ends it by SIGKILL, if it has not ended; resolves with what it said on stderr, when all it printed was read. */
  kill(): Promise<string>;
  /** Resolves likewise when it ends by itself. */
  readonly ended: Promise<string>;
}

/** Starts one; `under` is a command that it is started by. */
export function startWriter(path: string, seed: number, under: readonly string[] = []): Writer {
  const driver = join(import.meta.dirname, "fixtures/driver.ts");
  const flags = ["--conditions=autoagent-lab-source", "--disable-warning=ExperimentalWarning"];
  const [command, ...rest] = [...under, process.execPath, ...flags, driver, path, String(seed)];
  const child = spawn(command!, rest, { stdio: ["ignore", "pipe", "pipe"] });
  const promised: Promised[] = [];
  const children: number[] = [];
  const { promise: running, resolve: started } = Promise.withResolvers<void>();
  createInterface({ input: child.stdout }).on("line", (line) => {
    if (line.startsWith("children ")) {
      children.push(...line.slice(9).split(" ").map(Number));
      return started();
    }
    const [episode, step, verdict] = line.split(" ");
    promised.push({ episode: Number(episode), step: Number(step), verdict: verdict! });
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-4000);
  });
  const ended = new Promise<string>((resolve) => child.on("close", () => resolve(said)));
  return {
    pid: child.pid!,
    children,
    promised,
    begun: Promise.race([running, ended]),
    ended,
    kill() {
      child.kill("SIGKILL");
      return ended;
    },
  };
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
  const writer = startWriter(path, seed);
  await writer.begun;
  await pause(delayMs);
  if (victim === "child") {
    process.kill(writer.children[0]!, "SIGKILL");
    assert.ok(await goesOn(writer), "the writer went on after its child was killed");
  }
  await writer.kill();
  using record = openRecord(path, { create: true });
  assert.deepEqual(brokenPromises(record, writer.promised), []);
  const beyond = stepsBeyond(record, writer.promised);
  assert.ok(beyond <= 1, `${beyond} steps were recorded beyond the one in flight`);
  return writer.promised.length;
}

/** Whether a writer records five steps more, in time. */
export async function goesOn({ promised }: Writer, ms = 10_000): Promise<boolean> {
  const before = promised.length;
  for (let waited = 0; promised.length < before + 5 && waited < ms; waited += 20) await pause(20);
  return promised.length >= before + 5;
}

/** What was promised and is not so in the record; and what its chain says of itself. */
export function brokenPromises(record: EpisodeRecord, promised: readonly Promised[]): string[] {
  const { broken } = record.verify();
  const counts = new Map(record.episodes().map(({ id, steps }) => [id, steps]));
  const gone = promised
    .filter(({ episode, step }) => (counts.get(episode) ?? 0) <= step)
    .map(({ episode, step }) => `step ${step} of episode ${episode} was promised and is gone`);
  const last = promised.at(-1);
  if (last !== undefined && gone.length === 0) {
    const { verdict } = record.episode(last.episode).steps[last.step]!.report!;
    if (verdict !== last.verdict)
      gone.push(`step ${last.step} of episode ${last.episode} is ${verdict}, not ${last.verdict}`);
  }
  return broken === null ? gone : [`entry ${broken.entry}: ${broken.reason}`, ...gone];
}

function stepsBeyond(record: EpisodeRecord, promised: readonly Promised[]): number {
  const last = promised.at(-1);
  if (last === undefined) return 0;
  return record.episode(last.episode).steps.length - 1 - last.step;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
