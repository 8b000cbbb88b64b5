/**
 * What must be known of a problem before its answers run: the inputs, and how long an answer may take. That is a multiple of what the
 * reference takes on this machine at this time: a fixed limit judges the machine, and elsewhere the same answers scored .40 on a laptop
 * and .23 on a slow host.
 */

import type { Limits, Sandbox } from "../sandbox/index.ts";
import { type Asked, recordCalls } from "./assertions.ts";
import { programOf, twinOf } from "./program.ts";
import { callFunction } from "./run.ts";
import type { CodeLanguage, CodeProblem } from "./types.ts";

/** No answer has less than `floorMs`; above it, `factor` times the reference's own time; and never more than `mostMs`. */
const [floorMs, factor, mostMs] = [500, 10, 10_000];
/** A reference that takes longer than this is none. */
const referenceMs = 5_000;
/** Problems from outside may keep more. */
const [memoryMiB, memoryOutside] = [32, 64];

/** A problem in a sandbox. */
export interface Ready {
  inputs: readonly (readonly unknown[])[];
  /** Where assertions judge: what they ask. */
  asked: Asked | null;
  limits: Partial<Limits>;
}

/** What is being found out, or was, and who may cancel it. */
interface Finding {
  found: Promise<Ready>;
  signal: AbortSignal | undefined;
}

const known = new WeakMap<Sandbox, Map<string, Finding>>();

/** What is known of a problem; found out once for a sandbox. */
export function readyOf(
  sandbox: Sandbox,
  problem: CodeProblem,
  language: CodeLanguage,
  signal: AbortSignal | undefined,
): Promise<Ready> {
  if (!known.has(sandbox)) known.set(sandbox, new Map());
  const here = known.get(sandbox)!;
  const key = JSON.stringify([problem.id, language, problem.tests]);
  if (!here.has(key)) {
    // A process that ended under other lives says nothing of a reference: it is asked twice.
    const found = findOut(sandbox, problem, language, signal).catch((error: unknown) => {
      if (signal?.aborted) throw error;
      return findOut(sandbox, problem, language, signal);
    });
    here.set(key, { found, signal });
    // What was cancelled is asked again.
    found.catch(() => here.delete(key));
  }
  const finding = here.get(key)!;
  return finding.found.catch((error: unknown) => {
    // Another who waited for the same was stopped: that is no matter of this one's.
    if (finding.signal?.aborted && finding.signal !== signal && !signal?.aborted)
      return readyOf(sandbox, problem, language, signal);
    throw error;
  });
}

async function findOut(
  sandbox: Sandbox,
  problem: CodeProblem,
  language: CodeLanguage,
  signal: AbortSignal | undefined,
): Promise<Ready> {
  const { tests } = problem;
  const asked = tests.kind === "program" ? await recordCalls(sandbox, problem, language, signal) : null;
  const inputs = tests.kind === "program" ? asked!.inputs : tests.inputs;
  const { name } = twinOf(problem, language);
  const called = { language, text: programOf(problem, language), name, asText: asked !== null };
  const memory = { memoryMiB: asked === null ? memoryMiB : memoryOutside };
  const limits = { ...memory, stepMs: referenceMs };
  const result = await callFunction(sandbox, called, inputs, { limits, signal });
  const failed = "failed" in result ? result.failed : result.answers.find((one) => "failed" in one)?.failed;
  // Authors may want what is no plain data; that their reference throws, or never ends, they cannot want.
  if (failed !== undefined && (asked === null || !failed.startsWith("it gave ")))
    throw new Error(`The reference of ${problem.id} does not run here: ${failed}. Its answers cannot be scored`);
  const stepMs = Math.round(Math.min(mostMs, Math.max(floorMs, factor * result.ms)));
  return { inputs, asked, limits: { ...memory, stepMs } };
}
