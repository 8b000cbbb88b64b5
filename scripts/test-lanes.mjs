/**
 * The whole suite in lanes: as many Mocha processes at once as there are cores, two at most, since most tests start processes of their
 * own. A lane takes the next folder of tests when it has ended one, the longest first; what a folder says is shown when it has ended, and
 * each failure once more at the end of all, since CI may show no more of a log than that.
 * A test that must be alone on the machine is not told from others: each must stand other work beside it.
 */

import { spawn } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { passSignals } from "./signals.mjs";

/** Files of one process: a folder below `test`, or one of the kernel's, which would be half of all. */
const grouped = /^test\/(?:kernel\/[^/]+\/|[^/]+\/)/;

/** Groups that take longer than their size says: they run whole lessons and pages. */
const long = /^test\/(notebooks|docs)\//;

/**
 * Test files by what runs in one process: what runs lessons and pages first, then the largest group.
 * @param {readonly { path: string, bytes: number }[]} files paths from the root, with slashes
 * @returns {string[][]}
 */
export function groupsOf(files) {
  const groups = new Map();
  for (const { path, bytes } of files) {
    const name = grouped.exec(path)?.[0] ?? "";
    const group = groups.get(name) ?? { paths: [], bytes: 0 };
    group.paths.push(path);
    group.bytes += bytes;
    groups.set(name, group);
  }
  const first = ({ paths }) => Number(long.test(paths[0]));
  return [...groups.values()].sort((a, b) => first(b) - first(a) || b.bytes - a.bytes).map(({ paths }) => paths.sort());
}

/**
 * All test files below a folder of a checkout, each with its size.
 * @param {string} root
 * @param {string} [folder]
 * @returns {{ path: string, bytes: number }[]}
 */
export function testFiles(root, folder = "test") {
  // Not `recursive`: Node 18 has it from 18.17 on, and says nothing before.
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.name === "node_modules" || entry.name.startsWith(".")) return []; // as Mocha's own patterns
    if (entry.isDirectory()) return testFiles(root, path);
    return path.endsWith(".test.ts") ? [{ path, bytes: statSync(join(root, path)).size }] : [];
  });
}

/** `N passed, M failed, K skipped`, the reporter's last line. */
const counted = /^(\d+) passed, (\d+) failed, (\d+) skipped$/gm;
const atEnd = /\d passed, \d+ failed, \d+ skipped\s*$/;

/** A failure as `reporter.cjs` tells it, in a line of its own. */
const told = /^@failed (.*)\n?/gm;

/** Lines of errors that the end of a run repeats at most, and of one of them. */
const room = 40;
const mostLines = 12;

/**
 * Runs groups in lanes. At the end it repeats each failure, and prints a line of the counts of all.
 * @param {readonly string[][]} groups
 * @param {(files: string[]) => Promise<{ code: number, output: string }>} run
 * @param {{ lanes?: number, log?: (text: string) => void }} [options]
 * @returns {Promise<number>} 0, or the exit code of the first group that failed
 */
export async function runLanes(groups, run, { lanes = Math.min(2, cpus().length), log = console.log } = {}) {
  const waiting = [...groups];
  const sums = [0, 0, 0];
  const failed = [];
  const lane = async () => {
    for (let files = waiting.shift(); files !== undefined; files = waiting.shift()) {
      log(`${folderOf(files)} begins: ${files.length} ${files.length === 1 ? "file" : "files"}`);
      const { code, output } = await run(files);
      log(output.replace(told, ""));
      const counts = [...output.matchAll(counted)].at(-1) ?? null;
      counts?.slice(1).forEach((count, i) => {
        sums[i] += Number(count);
      });
      if (code === 0) continue;
      const failures = [...output.matchAll(told)].map(([, json]) => JSON.parse(json));
      failed.push({
        code,
        name: folderOf(files),
        why: whyOf(code, counts),
        failures: failures.length > 0 ? failures : [lastOf(output)],
      });
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  for (const text of repeated(failed)) log(text);
  for (const { name, why } of failed) log(`${name}: ${why}`);
  log(`\nall: ${sums[0]} passed, ${sums[1]} failed, ${sums[2]} skipped`);
  return failed[0]?.code ?? 0;
}

/** In a few words, why a group's code is not 0. */
function whyOf(code, counts) {
  if (counts === null) return "it ended early";
  return counts[2] === "0" ? `it ended with code ${code}` : `${counts[2]} failed`;
}

/** What a process said last: all that is known of one that told of no failure. */
function lastOf(output) {
  return { title: "the end of its output", error: output.trimEnd().split("\n").slice(-mostLines).join("\n") };
}

/** Each failure in a few lines; where there are many, fewer lines of each, so that all of them fit. */
function repeated(failed) {
  const all = failed.flatMap(({ name, failures }) => failures.map((one) => ({ name, ...one })));
  const lines = Math.max(1, Math.min(mostLines, Math.floor(room / all.length)));
  return all.map(({ file, name, title, error }) => {
    const said = error.split("\n").filter((line) => line.trim() !== "");
    return [`\nfailed: ${file ?? name}: ${title}`, ...said.slice(0, lines).map((line) => `  ${line}`)].join("\n");
  });
}

/** The folder that a group is of. */
function folderOf([first]) {
  return grouped.exec(first)?.[0].slice(0, -1) ?? "test";
}

/**
 * Runs Mocha and keeps what it prints; Ctrl-C and a request to end go on to it. Mocha ends when nothing is open any more: what a failed
 * test left open would keep its lane for ever, and all that the folder said unseen.
 * @param {string} node path of Node 24
 * @param {string[]} args
 * @param {{ cwd: string, env: Record<string, string | undefined>, patienceMs?: number }} where `patienceMs`: how long it may take to
 *   end after it has printed its counts
 * @returns {Promise<{ code: number, output: string }>}
 */
export function runKept(node, args, { patienceMs = 60_000, ...where }) {
  const child = spawn(node, args, { ...where, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  let timer;
  const keep = (part) => {
    output += part;
    clearTimeout(timer);
    if (!atEnd.test(output)) return;
    timer = setTimeout(() => {
      output += `\nIt was ended: something was left open, and kept it for ${patienceMs / 1000} s after its last test.\n`;
      child.kill("SIGKILL");
    }, patienceMs);
  };
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", keep);
  const stop = passSignals(child);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => {
      clearTimeout(timer);
      stop();
      // What it printed last may still be on its way; its own children may hold the pipe for longer.
      setTimeout(() => resolve({ code: code ?? 1, output }), 200);
    });
  });
}
