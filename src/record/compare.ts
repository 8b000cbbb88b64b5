/** Where a step that was lived again differs from the recorded one: the first difference, and in one sentence. */

import type { StepReport } from "../sandbox/types.ts";
import { canonicalJson } from "./canonical.ts";
import type { RecordedStep } from "./types.ts";

/** Where a replay left the record. */
export interface Difference {
  step: number;
  /** A path into the step's report, or into its calls of the model: `genome[2].source`, `calls[0].query`. */
  field: string;
  recorded: unknown;
  replayed: unknown;
}

/** The first difference but for timings; null where there is none. */
export function compareReports(recorded: RecordedStep, report: StepReport): Difference | null {
  const { ms: _was, ...was } = recorded.report;
  // A record of an earlier version knows less of a step: what it does not know is not compared.
  const is = Object.fromEntries(Object.entries(report).filter(([name]) => name in was));
  if (canonicalJson(was) === canonicalJson(is)) return null;
  // How each ended says most, so it comes first.
  const end = ({ verdict, cause }: StepReport): string => (cause === "" ? verdict : `${verdict}: ${cause}`);
  if (was.verdict !== report.verdict)
    return { step: recorded.step, field: "verdict", recorded: end(recorded.report), replayed: end(report) };
  return { step: recorded.step, ...firstDifference(was, is, "") };
}

function firstDifference(recorded: unknown, replayed: unknown, path: string): Omit<Difference, "step"> {
  const isObject = (value: unknown): value is { [key: string]: unknown } => typeof value === "object" && value !== null;
  if (isObject(recorded) && isObject(replayed))
    for (const key of new Set([...Object.keys(recorded), ...Object.keys(replayed)])) {
      const [was, is] = [recorded[key] ?? null, replayed[key] ?? null];
      if (canonicalJson(was) === canonicalJson(is)) continue;
      return firstDifference(was, is, Array.isArray(recorded) ? `${path}[${key}]` : `${path}${path && "."}${key}`);
    }
  return { field: path, recorded, replayed };
}

/** A difference in one sentence. */
export function describeDifference({ step, field, recorded, replayed }: Difference): string {
  const text = (value: unknown): string => {
    const json = JSON.stringify(value);
    return json.length > 300 ? `${json.slice(0, 300)}…` : json;
  };
  return `step ${step} differs in ${field}: recorded ${text(recorded)}, replayed ${text(replayed)}`;
}
