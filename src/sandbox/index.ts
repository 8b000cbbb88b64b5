/** A pool of locked child processes in which hostile programs live and die. Contract: types.ts. Security: docs/security.md. */

export { type Finding, findStatically } from "./bodies/javascript/findings.ts";
export { newbornGenome } from "./bodies/javascript/newborn.ts";
export { describeSandboxError, type SandboxError, SandboxFailure } from "./host/error.ts";
export { defaultLimits } from "./host/limits.ts";
export { createSandbox, sandboxLevel } from "./host/pool.ts";
export { describeEffect, rank as verdictRank } from "./host/verdict.ts";
export { sharedSandbox } from "./shared.ts";
export type * from "./types.ts";
