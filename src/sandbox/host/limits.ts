/** The limits of a life, the options of a pool, and what they may be. */

import {
  abortSignal,
  anything,
  callable,
  type Fault,
  faultOf,
  having,
  integer,
  oneOf,
  only,
  optional,
  positiveInteger,
  type Schema,
  text,
  within,
} from "../../data/check.ts";

import type { HarmRules, Level, LifeOptions, Limits, PoolOptions, Rules } from "../types.ts";
import type { Body } from "./body.ts";
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

/** The rules that new steps are judged by. `PastStep.rules` names those of older ones. */
export const rulesNow: Rules = 2;

/** What limits may be. */
export const limitsSchema: Schema<Partial<Limits>> = only<Partial<Limits>>({
  stepMs: optional(positiveInteger),
  memoryMiB: optional(within(positiveInteger, 8, 128, "from 8 to 128")),
  // The survival probe is a program, too: an agent must not die of a limit that its own steps keep.
  sourceBytes: optional(within(positiveInteger, 256, Number.MAX_SAFE_INTEGER, "at least 256")),
  outputBytes: optional(positiveInteger),
  callDepth: optional(positiveInteger),
  modelMs: optional(positiveInteger),
});

const rule = optional(oneOf("allow", "count"));

/** What may be said of each kind of attempt. */
export const harmSchema: Schema<HarmRules> = only<HarmRules>({
  fs_read: rule,
  fs_write: rule,
  fs_delete: rule,
  process_spawn: rule,
  process_kill: rule,
  network: rule,
  secret_read: rule,
  host_info: rule,
  privilege: rule,
  self_harm: rule,
  reward_tampering: rule,
});

const level = optional(oneOf<Level>(0, 1, 2, 3));

const sandboxSchema = only<PoolOptions & { body?: Body }>({
  body: optional(having<Body>(["child", "createReader", "createProbes"], "a body, such as `bodies.python`")),
  workers: optional(positiveInteger),
  limits: optional(limitsSchema),
  harm: optional(harmSchema),
  minimumLevel: level,
  maximumLevel: level,
  livesPerChild: optional(positiveInteger),
});

const lifeSchema = only<LifeOptions>({
  query: optional(text),
  genome: anything(),
  past: anything(),
  limits: optional(limitsSchema),
  harm: optional(harmSchema),
  rules: optional(oneOf<1 | 2>(1, 2)),
  seed: optional(integer),
  callModel: optional(callable("a function that answers a query")),
  budget: optional(callable("a function that gives what is left")),
  signal: optional(abortSignal),
});

/** Throws a SandboxFailure that names an option of a pool which has no meaning. */
export function checkSandboxOptions(options: PoolOptions & { body?: Body }): void {
  refuse(faultOf(sandboxSchema, options, "the options of createSandbox"));
}

/** The same for those of a life. */
export function checkLifeOptions(options: LifeOptions): void {
  refuse(faultOf(lifeSchema, options, "the options of a life"));
}

/** Limits with what was given in their place. */
export function withLimits(limits: Limits, given: Partial<Limits> = {}): Limits {
  const told = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...limits, ...Object.fromEntries(told) };
}

function refuse(fault: Fault | null): void {
  if (fault !== null) throw new SandboxFailure(fault);
}
