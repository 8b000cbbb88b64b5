/** A pool of locked child processes in which hostile programs live and die. Contract: types.ts. Security: docs/security.md. */

export { extractProgram } from "./bodies/javascript/fences.ts";
export { javascript } from "./bodies/javascript/index.ts";
export { lostNames } from "./bodies/javascript/lost.ts";
export { newbornGenome } from "./bodies/javascript/newborn.ts";
export { python } from "./bodies/python/index.ts";
export { type BodyName, bodies } from "./bodies.ts";
export { createSandbox, type SandboxOptions, sandboxLevel } from "./create.ts";
export { describeEffect } from "./effects.ts";
export { findStatically } from "./findings.ts";
export type { Body } from "./host/body.ts";
export { describeSandboxError, type SandboxError, SandboxFailure } from "./host/error.ts";
export { defaultLimits } from "./host/limits.ts";
export { rank as verdictRank, verdictVersion } from "./host/verdict.ts";
export { sharedSandbox } from "./shared.ts";
export type * from "./types.ts";
