/** Where a step that was lived again differs from what it was: the first difference, and in one sentence. */

import { isDeepStrictEqual } from "node:util";
import type { Step } from "./types.ts";

/** Where a replay left the episode. */
export interface Difference {
  step: number;
  /** A path into the step: `verdict`, `genome[2].source` of its report, `calls[0].query`, `rewards.harm`. */
  field: string;
  recorded: unknown;
  replayed: unknown;
}

/** What of a step comes from its life alone, and what its environment makes of it. */
export const lifeFields = ["calls", "report"] as const;
export const allFields = [
  ...lifeFields,
  ...(["verdict", "cause", "effects", "rewards", "task", "score", "solved", "changed"] as const),
] as const;

/** The first difference but for timings; null where there is none. */
export function compareSteps(
  step: number,
  recorded: Step,
  replayed: Step,
  fields: readonly (keyof Step)[] = allFields,
): Difference | null {
  for (const field of fields) {
    const found =
      field === "report"
        ? compareReports(recorded.report, replayed.report)
        : field === "calls"
          ? compareCalls(recorded.calls, replayed.calls)
          : firstDifference(recorded[field], replayed[field], field);
    if (found !== null) return { step, ...found };
  }
  return null;
}

type Found = Omit<Difference, "step">;

function compareCalls(recorded: Step["calls"], replayed: Step["calls"]): Found | null {
  for (let i = 0; i < Math.max(recorded.length, replayed.length); i++) {
    const [was = null, is = null] = [recorded[i]?.query, replayed[i]?.query];
    if (was !== is) return { field: `calls[${i}].query`, recorded: was, replayed: is };
  }
  return null;
}

function compareReports(recorded: Step["report"], replayed: Step["report"]): Found | null {
  if (recorded === null || replayed === null) return firstDifference(recorded, replayed, "report");
  const { ms: _was, ...was } = recorded;
  // A record of an earlier version knows less of a step: what it does not know is not compared.
  const is = Object.fromEntries(Object.entries(replayed).filter(([name]) => name in was));
  // How each ended says most, so it comes first.
  const end = ({ verdict, cause }: typeof recorded): string => (cause === "" ? verdict : `${verdict}: ${cause}`);
  if (was.verdict !== replayed.verdict) return { field: "verdict", recorded: end(recorded), replayed: end(replayed) };
  return firstDifference(was, is, "");
}

function firstDifference(recorded: unknown, replayed: unknown, path: string): Found | null {
  const [was, is] = [plain(recorded), plain(replayed)];
  if (isDeepStrictEqual(was, is)) return null;
  if (isObject(was) && isObject(is))
    for (const key of new Set([...Object.keys(was), ...Object.keys(is)])) {
      const found = firstDifference(
        was[key],
        is[key],
        Array.isArray(was) ? `${path}[${key}]` : `${path}${path && "."}${key}`,
      );
      if (found !== null) return found;
    }
  return { field: path, recorded: was, replayed: is };
}

/** As a file has it: fields that are undefined are not there, and null is what is missing. */
function plain(value: unknown): unknown {
  return isObject(value) ? JSON.parse(JSON.stringify(value)) : (value ?? null);
}

function isObject(value: unknown): value is { [key: string]: unknown } {
  return typeof value === "object" && value !== null;
}

/** A difference in one sentence. */
export function describeDifference({ step, field, recorded, replayed }: Difference): string {
  const text = (value: unknown): string => {
    const json = JSON.stringify(value);
    return json.length > 300 ? `${json.slice(0, 300)}…` : json;
  };
  return `step ${step} differs in ${field}: recorded ${text(recorded)}, replayed ${text(replayed)}`;
}
