/** Runs test files in a copy, in one Mocha process, until the first failure. */

import { readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import type { Copy } from "./copy.ts";
import { type Limit, runIn } from "./processes.ts";

/** What the tests said. */
export type Told =
  /** `processor`: seconds of it that the files took, children that ended included; null where the system does not tell. */
  | { outcome: "passed"; processor: number | null }
  | { outcome: "failed"; file: string; title: string; message: string }
  /** A file took longer than it may, by the clock or of processor. */
  | { outcome: "late"; file: string; by: "clock" | "processor" };

/** Options of `runTests`. */
export interface TestOptions {
  /** What this file may take, from its own beginning. */
  allowed: (file: string) => Limit;
  /** Called with each file that passed and its seconds: of processor where the system tells, else by the clock. */
  onPassed?: (file: string, seconds: number) => void;
  /** A folder for V8's coverage of all processes. */
  coverage?: string | undefined;
  signal: AbortSignal;
}

type Event =
  | { type: "file"; file: string; processor: number | null }
  | { type: "fail"; file?: string; title: string; message: string }
  | { type: "end"; passes: number; failures: number; processor: number | null };

/** Seconds for Mocha to start and to load the files. */
const starting = 30;

/** Runs these files in this order. A process that ends without a report (it does not load, it exits) has failed. */
export async function runTests(copy: Copy, files: readonly string[], options: TestOptions): Promise<Told> {
  const { allowed, onPassed, coverage, signal } = options;
  const limitOf = (file: string, spent: number | null): Limit => {
    const { seconds, processor } = allowed(file);
    return processor === undefined || spent === null ? { seconds } : { seconds, processor: spent + processor };
  };
  let at = files[0]!;
  let began: number | null = null;
  let failed: Told | null = null;
  let ended: (Event & { type: "end" }) | null = null;
  const modules = join(copy.root, "node_modules");
  const args = [
    ...["--conditions=autoagent-lab-source", "--disable-warning=ExperimentalWarning"],
    ...[join(modules, "mocha/bin/mocha.js"), "--no-config", "--timeout", String(2 * timeoutOf(copy))],
    ...["--bail", "--exit", "--reporter", resolve(import.meta.dirname, "reporter.cjs"), ...files],
  ];
  const onLine = (line: string): Limit | undefined => {
    if (!line.startsWith("@mutate ")) return;
    const event = JSON.parse(line.slice("@mutate ".length)) as Event;
    if (event.type === "end") ended = event;
    const now = event.type === "fail" ? 0 : (event.processor ?? performance.now() / 1000);
    if (event.type !== "fail" && failed === null && began !== null) onPassed?.(at, now - began);
    if (event.type === "fail" && failed === null) {
      const { title, message } = event;
      failed = { outcome: "failed", file: below(copy, event.file) ?? at, title, message: withoutRoot(copy, message) };
    }
    if (event.type !== "file") return;
    at = below(copy, event.file) ?? at;
    began = now;
    return limitOf(at, event.processor);
  };
  const first = limitOf(at, starting);
  const limit = { ...first, seconds: first.seconds + starting };
  const { code, output, late } = await runIn(copy, args, { limit, onLine, coverage, signal });
  if (failed !== null) return failed;
  if (late !== null) return { outcome: "late", file: at, by: late };
  if (code === 0 && ended !== null)
    return { outcome: "passed", processor: (ended as Event & { type: "end" }).processor };
  const said = output.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("@mutate"));
  const told = said.find((line) => /Error\b/.test(line)) ?? said.at(-1) ?? `Mocha ended with code ${code}`;
  return { outcome: "failed", file: at, title: "loads and ends", message: withoutRoot(copy, told.trim()) };
}

/** What was said, without where the copy lay: it is kept. */
function withoutRoot(copy: Copy, said: string): string {
  return said.replaceAll(`${copy.root}/`, "").slice(0, 500);
}

function below(copy: Copy, file: string | undefined): string | undefined {
  return file === undefined ? undefined : relative(copy.root, file).replaceAll("\\", "/");
}

/** The project's own limit for a test; where copies are worked in side by side, it has twice that. */
function timeoutOf(copy: Copy): number {
  try {
    return JSON.parse(readFileSync(join(copy.root, ".mocharc.json"), "utf8")).timeout ?? 2000;
  } catch {
    return 2000;
  }
}
