/** The words that driver and workers have in common: keys, jobs, heartbeats. */

import { createHash } from "node:crypto";
import type { EpisodeRange } from "../../rollout/index.ts";
import { buildOf } from "../build.ts";
import { prefix } from "./connect.ts";

/** What a job says: names of contents, and which episodes. Names of what is big, numbers of what is small. */
export interface PartJob {
  /** The result's name. */
  name: string;
  spec: string;
  weights: string;
  range: EpisodeRange;
  /** Whether what the policy keeps for its update comes back. */
  traces: boolean;
  /** Who asks: a driver's nonce, and which of its batches, which may be stopped by itself. */
  driver: string;
  play: string;
}

/** What a worker says of itself, once a second. */
export interface Heartbeat {
  name: string;
  host: string;
  pid: number;
  build: string;
  level: number;
  children: number;
  lives: number;
  /** Lives a second, since the last one. */
  rate: number;
  /** Bytes. */
  memory: number;
}

/** Seconds that keys live: of a heartbeat of a worker and of a driver, of a result, of a content, of the order to stop. */
export const lifetimes = { worker: 6, driver: 10, result: 3600, content: 86_400, stop: 600 } as const;

/** Only workers of the same build see the jobs of a queue. */
export const queueName = (): string => `parts-${buildOf()}`;

/** Why a job failed that nobody waits for. */
export const unwanted = "nobody waits for this part";

export const keys = {
  content: (name: string) => `${prefix}:content:${name}`,
  result: (name: string) => `${prefix}:result:${name}`,
  worker: (name: string) => `${prefix}:worker:${name}`,
  driver: (nonce: string) => `${prefix}:driver:${nonce}`,
  /** Parts that came twice, and those of them that differed. */
  counts: (nonce: string) => `${prefix}:counts:${nonce}`,
  stop: (play: string) => `${prefix}:stop:${play}`,
} as const;

/** The name of a part: what its result follows from, and nothing else. Who asks for the same finds the same. */
export function nameOf({
  spec,
  weights,
  range,
  traces,
}: Pick<PartJob, "spec" | "weights" | "range" | "traces">): string {
  const { seed, first, episodes, group, begin } = range;
  const text = JSON.stringify([buildOf(), spec, weights, seed, first, episodes, group, traces, begin]);
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}
