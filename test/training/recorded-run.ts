/** Runs `recorded.ts` in a process of its own, and reads what it left behind. */

import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { EpisodeRecord } from "../../src/record/index.ts";

/** Episodes of each of its updates. */
export const episodesAnUpdate = 6;

/** A run that goes on. */
export interface RecordedRun {
  readonly process: ChildProcess;
  /** Resolves when it has begun to train, or has ended. */
  readonly begun: Promise<unknown>;
  /** Resolves when it ends, with the lines it printed and what it said on stderr. */
  readonly ended: Promise<{ lines: string[]; said: string }>;
}

/** Starts a run in a folder, or has it go on there; `under` is a command that it is started by. */
export function startRecorded(folder: string, updates: number, under: readonly string[] = []): RecordedRun {
  const flags = ["--conditions=autoagent-lab-source", "--disable-warning=ExperimentalWarning"];
  const program = join(import.meta.dirname, "recorded.ts");
  const [command, ...rest] = [...under, process.execPath, ...flags, program, folder, String(updates)];
  const child = spawn(command!, rest, { stdio: ["ignore", "pipe", "pipe"] });
  let [text, said] = ["", ""];
  const { promise: running, resolve: started } = Promise.withResolvers<void>();
  child.stdout.setEncoding("utf8").on("data", (more: string) => {
    text += more;
    started();
  });
  child.stderr.setEncoding("utf8").on("data", (more: string) => {
    said += more;
  });
  const ended = new Promise<{ lines: string[]; said: string }>((resolve, reject) => {
    child.on("error", reject).on("close", () => resolve({ lines: text.trim().split("\n"), said }));
  });
  return { process: child, begun: Promise.race([running, ended]), ended };
}

/** Runs one, and kills it so many milliseconds after it has begun. Resolves with what it printed. */
export async function runRecorded(folder: string, updates: number, killAfterMs = Infinity): Promise<string[]> {
  const run = startRecorded(folder, updates);
  await run.begun;
  const timer = killAfterMs < Infinity ? setTimeout(() => run.process.kill("SIGKILL"), killAfterMs) : undefined;
  const { lines, said } = await run.ended;
  clearTimeout(timer);
  process.stderr.write(said);
  return lines;
}

/** The lives of a record, in order: everything but times. */
export const livesOf = (record: EpisodeRecord) =>
  record.episodes().map(({ id, complete, verdict, labels }) => ({
    ...{ id, complete, verdict, labels },
    digest: record.digest(id),
  }));

type Line = { [name: string]: unknown };

/** The lines of a run's log. */
export const linesOf = (folder: string): Line[] =>
  readFileSync(join(folder, "run.jsonl"), "utf8")
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line);

/** A line without what the clock decides. */
export const timeless = (line: Line): Line =>
  Object.fromEntries(Object.entries(line).filter(([name]) => name !== "time" && !name.startsWith("speed/")));
