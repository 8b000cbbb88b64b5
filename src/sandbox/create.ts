/** Opens a sandbox: a pool of locked children for lives of one body. */

import { availableParallelism } from "node:os";
import { javascript } from "./bodies/javascript/index.ts";
import type { Body, StartChild } from "./host/body.ts";
import { SandboxFailure } from "./host/error.ts";
import { createLife } from "./host/life/index.ts";
import { checkLifeOptions, checkSandboxOptions, defaultLimits, withLimits } from "./host/limits.ts";
import { findLauncher, lock } from "./host/locks.ts";
import { livesInPlay } from "./host/places.ts";
import { Pool } from "./host/pool.ts";
import { startWorker } from "./host/start.ts";
import type { Level, Life, LifeOptions, PoolOptions, Sandbox } from "./types.ts";

/** How a sandbox is made. */
export interface SandboxOptions extends PoolOptions {
  /** What its agents are made of. @default javascript */
  body?: Body;
}

/**
 * Opens a pool of locked children. Throws a SandboxFailure when this machine cannot run one, or when the level reached
 * is below `minimumLevel`.
 */
export async function createSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  checkSandboxOptions(options);
  const {
    body = javascript,
    workers = Math.min(4, availableParallelism()),
    minimumLevel = 0,
    maximumLevel = 3,
    livesPerChild = 500,
  } = options;
  const limits = withLimits(defaultLimits, options.limits);
  const start: StartChild = (plan, how) => startWorker(lock(plan, maximumLevel), how);
  await body.prepare?.(start);
  const launcher = findLauncher(body, maximumLevel);
  if (launcher.level < minimumLevel)
    throw new SandboxFailure({ kind: "level", reached: launcher.level, wanted: minimumLevel, reason: launcher.reason });
  const pool = new Pool({ body, launcher, start, workers, livesPerChild });
  await pool.warm();
  return {
    body,
    level: launcher.level,
    levelReason: launcher.reason,
    places: workers * livesInPlay,
    ...(options.harm && { harm: options.harm }),
    ...(options.limits && { limits: options.limits }),
    open: async (life: LifeOptions = {}): Promise<Life> => {
      checkLifeOptions(life);
      const harm = { ...options.harm, ...life.harm };
      return createLife(pool, { ...life, harm }, withLimits(limits, life.limits));
    },
    stats: () => pool.stats(),
    dispose: () => pool.dispose(),
    [Symbol.asyncDispose]: () => pool.dispose(),
  };
}

/** The level that a sandbox would reach here, and why it is not higher. */
export function sandboxLevel({ body = javascript }: { body?: Body } = {}): { level: Level; reason: string } {
  const { level, reason } = findLauncher(body);
  return { level, reason };
}
