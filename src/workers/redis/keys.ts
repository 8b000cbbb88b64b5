/** The words that driver and workers have in common: keys, jobs, heartbeats. */

import { createHash } from "node:crypto";
import type { EpisodeRange, SumsAsk } from "../../rollout/index.ts";
import { buildOf } from "../build.ts";
import { prefix } from "./connect.ts";

/** Which episodes: names of what is big, numbers of what is small. */
export interface LivesJob {
  spec: string;
  weights: string;
  range: EpisodeRange;
  /** Whether what the policy keeps for its update comes back. */
  traces: boolean;
  /** What a trainer's sums are made by, where they are wanted. */
  sums?: SumsAsk["by"];
}

/** Which part of other work: the name of what all parts share, and the part itself, packed, as base64. */
export interface WorkJob {
  work: string;
  given: string;
}

/** What a job asks for. */
export type JobBody = LivesJob | WorkJob;

/** What a job says. */
export type PartJob = JobBody & {
  /** The result's name. */
  name: string;
  /** Who asks: a driver's nonce, and which of its batches, which may be stopped by itself. */
  driver: string;
  play: string;
};

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
export function nameOf(body: JobBody): string {
  const text = JSON.stringify([buildOf(), ...("work" in body ? [body.work, body.given] : livesOf(body))]);
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}

function livesOf({ spec, weights, range, traces, sums }: LivesJob): unknown[] {
  const { seed, first, episodes, group, begin } = range;
  return [spec, weights, seed, first, episodes, group, traces, begin, sums];
}
