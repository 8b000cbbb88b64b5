/**
 * The whole suite in lanes: as many Mocha processes at once as there are cores, two at most, since most tests start processes of their
 * own. A lane takes the next folder of tests when it has ended one, the largest first; what a folder says is shown when it has ended.
 * A test that must be alone on the machine is not told from others: each must stand other work beside it.
 */

import { spawn } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";

/** Files of one process: a folder below `test`, or one of the kernel's, which would be half of all. */
const grouped = /^test\/(?:kernel\/[^/]+\/|[^/]+\/)/;

/**
 * Test files by what runs in one process, the largest group first.
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
  return [...groups.values()].sort((a, b) => b.bytes - a.bytes).map(({ paths }) => paths.sort());
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
const counted = /^(\d+) passed, (\d+) failed, (\d+) skipped$/m;

/**
 * Runs groups in lanes, and prints a line of the counts of all at the end.
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
      log(output);
      const counts = counted.exec(output);
      counts?.slice(1).forEach((count, i) => {
        sums[i] += Number(count);
      });
      if (code !== 0)
        failed.push({ code, name: folderOf(files), why: counts ? `${counts[2]} failed` : "it ended early" });
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  for (const { name, why } of failed) log(`${name}: ${why}`);
  log(`\nall: ${sums[0]} passed, ${sums[1]} failed, ${sums[2]} skipped`);
  return failed[0]?.code ?? 0;
}

/** The folder that a group is of. */
function folderOf([first]) {
  return grouped.exec(first)?.[0].slice(0, -1) ?? "test";
}

/**
 * Runs a program and keeps what it prints; Ctrl-C and a request to end go on to it.
 * @param {string} node path of Node 24
 * @param {string[]} args
 * @param {{ cwd: string, env: Record<string, string | undefined> }} where
 * @returns {Promise<{ code: number, output: string }>}
 */
export function runKept(node, args, where) {
  const child = spawn(node, args, { ...where, stdio: ["ignore", "pipe", "pipe"] });
  const parts = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (part) => parts.push(part));
  const passOn = (signal) => child.kill(signal);
  process.on("SIGINT", passOn);
  process.on("SIGTERM", passOn);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      process.off("SIGINT", passOn);
      process.off("SIGTERM", passOn);
      resolve({ code: code ?? 1, output: Buffer.concat(parts).toString() });
    });
  });
}
