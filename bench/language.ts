/**
 * `npm run bench:language [-- --cells 400]`: what a type check costs a cell, early and late in a session of so many, on both compilers, cell by
 * cell in turn. Also the first completion after warming, completion and inspection at the end, and memory: of the compiler's
 * process for TypeScript 7.1, of this process's growth for 6.0 (a worker thread). Prints a table; times are medians, in ms. It
 * states no goal: `npm run bench:kernel` does, for cells with their checks.
 */

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { createLanguageService, type Implementation, type LanguageService } from "../kernel/language/index.ts";

const { values } = parseArgs({ options: { cells: { type: "string", default: "400" } } });
const cellCount = Number(values.cells);
const middle = Math.floor(cellCount / 2);
const directory = resolve(import.meta.dirname, "../notebooks");
const implementations: Implementation[] = ["typescript7", "typescript6"];

interface Measured {
  service: LanguageService;
  warmMs: number;
  firstCompletionMs: number;
  checksMs: number[];
  /** Work after a cell was committed: it goes on while the cell runs. */
  settlesMs: number[];
  longestPauseMs: number;
  rssMb: number;
}

const results = new Map<Implementation, Measured>();
const startMb = process.memoryUsage.rss() / 2 ** 20;
for (const implementation of implementations) {
  const service = createLanguageService({ directory, implementation });
  const warmMs = await timed(() => service.warm());
  const firstCompletionMs = await timed(() => service.complete("console.lo", 10));
  results.set(implementation, {
    service,
    warmMs,
    firstCompletionMs,
    checksMs: [],
    settlesMs: [],
    longestPauseMs: 0,
    rssMb: 0,
  });
}
const pause = watchPauses();
for (let n = 1; n <= cellCount; n++) {
  for (const measured of results.values()) {
    const { service, checksMs, settlesMs } = measured;
    pause.reset();
    checksMs.push(await timed(() => service.check(cell(n))));
    settlesMs.push(
      await timed(() => {
        service.commit(cell(n));
        return service.idle();
      }),
    );
    measured.longestPauseMs = Math.max(measured.longestPauseMs, pause.longest());
  }
}
const rows = [];
for (const [implementation, measured] of results) {
  const { service, checksMs, settlesMs, warmMs, firstCompletionMs } = measured;
  const completions = await repeat(20, () => service.complete(`value${cellCount}.na`, `value${cellCount}.na`.length));
  const inspections = await repeat(20, () => service.inspect(`mean${cellCount - 1}`, 3));
  const faults = await service.check(`const wrong: string = mean${cellCount};`);
  if (faults.length !== 1) throw new Error(`${implementation} lost the types of cell ${cellCount}`);
  const rssMb = service.pid === undefined ? process.memoryUsage.rss() / 2 ** 20 - startMb : residentMb(service.pid);
  rows.push({
    compiler: implementation,
    warm: warmMs,
    "first completion": firstCompletionMs,
    "first check": checksMs[0]!,
    "cells 2-20": median(checksMs.slice(1, 20)),
    [`${middle - 19}-${middle}`]: median(checksMs.slice(middle - 20, middle)),
    [`${cellCount - 19}-${cellCount}`]: median(checksMs.slice(-20)),
    "after commit": median(settlesMs.slice(-20)),
    completion: median(completions),
    inspection: median(inspections),
    "longest pause": measured.longestPauseMs,
    "RSS MiB": rssMb,
  });
}
pause.stop();
for (const row of rows) {
  const numbers = Object.entries(row).map(([name, value]) => [
    name,
    typeof value === "number" ? Math.round(value * 10) / 10 : value,
  ]);
  console.log(numbers.map(([name, value]) => `${name} ${value}`).join(" · "));
}
for (const { service } of results.values()) await service.dispose();

/** Three declarations that lean on the last cells and on the first, one redeclaration, and a package every tenth cell. */
function cell(n: number): string {
  const before = n === 1 ? "[1, 2, 3]" : `value${n - 1}.data`;
  const first = n === 1 ? "1" : "value1.data.length";
  return [
    n % 10 === 1 ? `import { encode } from "gpt-tokenizer"; const ids${n} = encode("cell ${n}");` : "",
    `const value${n} = { name: "cell ${n}", data: ${before}.map((x) => x + ${first}) };`,
    `function mean${n === 1 ? "1Of" : `${n}Of`}(list: readonly number[]): number { return list.reduce((a, b) => a + b, 0) / list.length; }`,
    `const mean${n} = mean${n}Of(value${n}.data);`,
    `let latest = { n: ${n}, mean: mean${n} };`,
    "latest",
  ].join("\n");
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

async function repeat(times: number, work: () => Promise<unknown>): Promise<number[]> {
  const all: number[] = [];
  for (let i = 0; i < times; i++) all.push(await timed(work));
  return all;
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

/** How long this process's event loop stood still: what a kernel would not answer in. */
function watchPauses(): { reset(): void; longest(): number; stop(): void } {
  let last = performance.now();
  let worst = 0;
  const timer = setInterval(() => {
    const now = performance.now();
    worst = Math.max(worst, now - last - 5);
    last = now;
  }, 5);
  return {
    reset: () => {
      worst = 0;
      last = performance.now();
    },
    longest: () => worst,
    stop: () => clearInterval(timer),
  };
}

/** Linux only; elsewhere NaN. */
function residentMb(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
  } catch {
    return Number.NaN;
  }
}
