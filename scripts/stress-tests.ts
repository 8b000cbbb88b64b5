/**
 * `npm run stress:tests -- --runs 20 --load 6 [FILE...]`: which tests fail now and then? Runs the test files that touch
 * processes, signals or clocks again and again, each by itself, on a machine that is kept busy, and prints a row a file. A
 * file that failed shows what it said. Exit code 1 if any did. Not part of CI: it takes hours (`--minutes` bounds it).
 *
 * The load is topped up: threads of this process spin for what the machine's own load is short of, and end with it.
 */

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { loadavg } from "node:os";
import { join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { listFiles } from "./mutate/copy.ts";
import { distancesFrom, readLoads } from "./mutate/loads.ts";

/** What a test or its helper says where it touches one of the three. */
const touches: { readonly [what: string]: RegExp } = {
  processes:
    /node:(child_process|worker_threads|cluster)|\b(startClient|startKernel|createSandbox|sharedSandbox|useKernel)\b/,
  signals: /\bSIG[A-Z]{2,}|\.kill\(|\.interrupt\(|\bAbort(Controller|Signal)\b/,
  clocks: /\bset(Timeout|Interval|Immediate)\b|node:timers|\bperformance\.now\b|\bDate\.now\b|\bmock\.timers\b/,
};

/** A test file, and how its runs went. */
interface Row {
  file: string;
  touches: string[];
  runs: number;
  failures: number;
  seconds: number;
  slowest: number;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: "string", default: "20" },
    load: { type: "string", default: "6" },
    minutes: { type: "string", default: "600" },
    list: { type: "boolean", default: false },
  },
});
const root = resolve(import.meta.dirname, "..");
const [runs, load, minutes] = [count("runs"), count("load"), count("minutes")];
const rows = findRows(positionals.map((file) => relative(root, resolve(file))));

if (values.list) for (const row of rows) console.log(`${row.file}  (${row.touches.join(", ")})`);
else await main();

async function main(): Promise<void> {
  const endless = keepBusy(load);
  const until = performance.now() + minutes * 60_000;
  const stop = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => stop.abort());
  console.log(`${rows.length} files, ${runs} runs each, load ${load}, at most ${minutes} minutes`);
  while (!stop.signal.aborted && performance.now() < until) {
    // Who has had the least time is next: quick files get all their runs before slow ones get many.
    const next = rows.filter((row) => row.runs < runs).sort((a, b) => a.seconds - b.seconds)[0];
    if (next === undefined) break;
    await runOnce(next, stop.signal);
  }
  endless.stop();
  print();
  process.exitCode = rows.some(({ failures }) => failures > 0) ? 1 : 0;
}

/** One run of one file, as `npm test -- FILE` has it. A run that was stopped does not count. */
async function runOnce(row: Row, signal: AbortSignal): Promise<void> {
  const began = performance.now();
  const mocha = join(root, "node_modules/mocha/bin/mocha.js");
  const child = spawn(process.execPath, [mocha, row.file], { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  const interrupt = (): void => void child.kill("SIGINT");
  signal.addEventListener("abort", interrupt);
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
  const code = await new Promise<number | null>((done) => child.on("close", done));
  signal.removeEventListener("abort", interrupt);
  if (signal.aborted) return;
  const seconds = (performance.now() - began) / 1000;
  row.runs++;
  row.seconds += seconds;
  row.slowest = Math.max(row.slowest, seconds);
  const last = `run ${row.runs} of ${row.file}: ${seconds.toFixed(1)} s, load ${loadavg()[0]!.toFixed(1)}`;
  if (code === 0) return console.log(`ok   ${last}`);
  row.failures++;
  const from = said.search(/^ {2}\d+ failing/m);
  console.log(`FAIL ${last}\n${said.slice(from < 0 ? -4000 : from).slice(0, 6000)}`);
}

function print(): void {
  const wide = Math.max(...rows.map(({ file }) => file.length));
  console.log(`\n${"file".padEnd(wide)}  runs  failed  mean s  slowest s`);
  for (const { file, runs, failures, seconds, slowest } of rows) {
    const figures = [
      String(runs).padStart(4),
      String(failures).padStart(6),
      (seconds / (runs || 1)).toFixed(1).padStart(6),
    ];
    console.log(`${file.padEnd(wide)}  ${figures.join("  ")}  ${slowest.toFixed(1).padStart(9)}`);
  }
  const sum = (of: (row: Row) => number): number => rows.reduce((all, row) => all + of(row), 0);
  console.log(`\n${sum((row) => row.runs)} runs, ${sum((row) => row.failures)} failed`);
}

/** The files given, or all that touch one of the three themselves or through a helper of the tests. */
function findRows(given: readonly string[]): Row[] {
  const files = listFiles(root);
  const loads = readLoads(root, files);
  const text = (file: string): string => readFileSync(join(root, file), "utf8");
  const tests = files.filter((file) => /^test\/.*\.test\.ts$/.test(file));
  for (const file of given) if (!tests.includes(file)) throw new Error(`There is no test file ${file}`);
  return (given.length > 0 ? given : tests).flatMap((file) => {
    const own = [...distancesFrom(file, loads).keys()].filter((one) => one === file || isHelper(one)).map(text);
    const found = Object.keys(touches).filter((what) => own.some((one) => touches[what]!.test(one)));
    if (found.length === 0 && given.length === 0) return [];
    return [{ file, touches: found, runs: 0, failures: 0, seconds: 0, slowest: 0 }];
  });
}

function isHelper(file: string): boolean {
  return /^test\/.*\.ts$/.test(file) && !/\.test\.ts$/.test(file);
}

/** Keeps the machine's load at about `load` by threads that spin. */
function keepBusy(load: number): { stop(): void } {
  const spinning: Worker[] = [];
  const adjust = (): void => {
    const others = Math.max(0, loadavg()[0]! - spinning.length);
    const wanted = Math.max(0, Math.round(load - others));
    while (spinning.length > wanted) void spinning.pop()!.terminate();
    while (spinning.length < wanted) spinning.push(new Worker("for (;;);", { eval: true }));
  };
  adjust();
  const timer = setInterval(adjust, 20_000);
  return {
    stop() {
      clearInterval(timer);
      for (const worker of spinning) void worker.terminate();
    },
  };
}

function count(name: "runs" | "load" | "minutes"): number {
  const value = Number(values[name]);
  if (!Number.isInteger(value) || value < 0)
    throw new Error(`Expected --${name} to be 0 or a positive integer, got ${values[name]}`);
  return value;
}
