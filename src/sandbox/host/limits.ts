/** The limits of a life, the options of a pool, and what they may be. */

import type { Limits } from "../types.ts";
import { SandboxFailure } from "./error.ts";

/** Limits of a life unless told otherwise; see `Limits` for what each means. */
export const defaultLimits: Limits = {
  stepMs: 200,
  memoryMiB: 32,
  sourceBytes: 65_536,
  outputBytes: 16_384,
  callDepth: 3,
  modelMs: 120_000,
};

/** Throws a SandboxFailure that names an option which is no positive integer. */
export function checkCount(name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 1)
    throw new SandboxFailure({ kind: "option", name, expected: "a positive integer", value });
}

/** The same for one that is no level. */
export function checkLevel(name: string, value: number): void {
  if (![0, 1, 2, 3].includes(value))
    throw new SandboxFailure({ kind: "option", name, expected: "0, 1, 2 or 3", value });
}

/** The same for limits; gives them back. */
export function checkLimits(limits: Limits): Limits {
  for (const [name, value] of Object.entries(limits)) checkCount(`limits.${name}`, value);
  const refuse = (name: keyof Limits, expected: string): never => {
    throw new SandboxFailure({ kind: "option", name: `limits.${name}`, expected, value: limits[name] });
  };
  if (limits.memoryMiB < 8 || limits.memoryMiB > 128) refuse("memoryMiB", "from 8 to 128");
  // The survival probe is a program, too: an agent must not die of a limit that its own steps keep.
  if (limits.sourceBytes < 256) refuse("sourceBytes", "at least 256");
  return limits;
}
