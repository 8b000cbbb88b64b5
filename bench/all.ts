/**
 * `npm run bench:all [-- --python PATH] [--only kernel,serve]`: every bench for about a minute, one after the other, then one
 * table: which goals are met, within the noise, or missed, and which benches could not run and what they need. Each bench
 * takes turns with its peers by itself. PATH is a Python with PyTorch for `models`, `policy` and `adapter`. Exit code 1 if a goal is missed.
 * A minute is enough to see that something broke; a figure worth telling comes from the bench alone, at its own length.
 */

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { textTable } from "../src/display/index.ts";
import { goalRow, readReports } from "./goals.ts";
import { leftOut, shortRuns } from "./short.ts";

const { values } = parseArgs({ options: { python: { type: "string" }, only: { type: "string" } } });
const names = values.only?.split(",") ?? Object.keys(shortRuns);
const strange = names.find((name) => !(name in shortRuns));
if (strange !== undefined) {
  const known = Object.keys(shortRuns).join(", ");
  console.error(`Unknown bench "${strange}": use ${known}${strange in leftOut ? `; ${leftOut[strange]}` : ""}`);
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), "bench-all-"));
const rows: { [column: string]: string }[] = [];
/** Adds a row that tells of no goal. It has all columns: the first row says which there are, in which order. */
const tell = (bench: string, goal: string, what: string): void =>
  void rows.push({ bench, goal, measured: "", wanted: "", noise: "", "": what });
let missed = false;
for (const name of names) {
  const { args, python } = shortRuns[name]!;
  const file = join(folder, `${name}.jsonl`);
  const began = performance.now();
  console.log(`\n== bench:${name}`);
  const given = python && values.python !== undefined ? ["--python", values.python] : [];
  const { status } = spawnSync("npm", ["run", "--silent", `bench:${name}`, "--", ...args, ...given], {
    cwd: join(import.meta.dirname, ".."),
    stdio: "inherit",
    env: { ...process.env, BENCH_REPORT: file },
    shell: process.platform === "win32",
  });
  console.log(`   ${((performance.now() - began) / 1000).toFixed(0)} s`);
  const reports = readReports(file);
  for (const report of reports)
    if ("goals" in report) for (const goal of report.goals) rows.push({ bench: name, ...goalRow(goal) });
    else tell(name, `needs ${report.needs}`, "not run");
  if (status !== 0 && status !== 2 && !reports.some((report) => "goals" in report))
    tell(name, `ended with exit code ${status}`, "failed");
  else if (reports.length === 0) tell(name, "states none: its figures are above", "ran");
  missed ||= status !== 0 && status !== 2;
}
rmSync(folder, { recursive: true, force: true });
console.log(`\n${textTable(rows, { caption: "Every goal, in a run of about a minute a bench" })}`);
for (const [name, why] of Object.entries(leftOut)) console.log(`bench:${name} is left out: ${why}`);
process.exit(missed ? 1 : 0);
