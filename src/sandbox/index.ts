/** A pool of locked child processes in which hostile programs live and die. Contract: types.ts. Security: docs/security.md. */

export { describeSandboxError, type SandboxError, SandboxFailure } from "./error.ts";
export { type Finding, findStatically } from "./findings.ts";
export { defaultLimits } from "./limits.ts";
export { newbornGenome } from "./newborn.ts";
export { createSandbox, sandboxLevel } from "./pool.ts";
export { sharedSandbox } from "./shared.ts";
export type * from "./types.ts";
export { describeEffect, rank as verdictRank } from "./verdict.ts";
