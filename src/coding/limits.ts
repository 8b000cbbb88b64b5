/**
 * How long an answer may run: a multiple of what the reference takes on this machine at this time. A fixed limit judges the
 * machine: the same answers scored .40 on a laptop and .23 on a slow host elsewhere.
 */

import type { Limits, Sandbox } from "../sandbox/index.ts";
import { programOf, twinOf } from "./program.ts";
import { callFunction } from "./run.ts";
import type { CodeLanguage, CodeProblem } from "./types.ts";

/** No answer has less than `floorMs`; above it, `factor` times the reference's own time; and never more than `mostMs`. */
const [floorMs, factor, mostMs] = [500, 10, 10_000];
/** A reference that takes longer than this is none. */
const referenceMs = 5_000;
const memoryMiB = 32;

const measured = new WeakMap<Sandbox, Map<string, Promise<Partial<Limits>>>>();

/** The limits of a problem's answers; measured once for a sandbox. */
export function limitsOf(
  sandbox: Sandbox,
  problem: CodeProblem,
  language: CodeLanguage,
  signal: AbortSignal | undefined,
): Promise<Partial<Limits>> {
  if (!measured.has(sandbox)) measured.set(sandbox, new Map());
  const known = measured.get(sandbox)!;
  const key = JSON.stringify([problem.id, language]);
  if (!known.has(key)) {
    const measuring = measure(sandbox, problem, language, signal);
    known.set(key, measuring);
    // One that was cancelled is measured again.
    measuring.catch(() => known.delete(key));
  }
  return known.get(key)!;
}

async function measure(
  sandbox: Sandbox,
  problem: CodeProblem,
  language: CodeLanguage,
  signal: AbortSignal | undefined,
): Promise<Partial<Limits>> {
  const called = { language, text: programOf(problem, language), name: twinOf(problem, language).name };
  const inputs = problem.tests.kind === "values" ? problem.tests.inputs : [];
  const began = performance.now();
  const limits = { stepMs: referenceMs, memoryMiB };
  const result = await callFunction(sandbox, called, inputs, { limits, ...(signal && { signal }) });
  const took = performance.now() - began;
  const failed = "failed" in result ? result.failed : result.answers.find((one) => "failed" in one)?.failed;
  if (failed !== undefined)
    throw new Error(`The reference of ${problem.id} does not run here: ${failed}. Its answers cannot be scored`);
  return { stepMs: Math.round(Math.min(mostMs, Math.max(floorMs, factor * took))), memoryMiB };
}
