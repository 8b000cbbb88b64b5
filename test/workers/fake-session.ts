/** A driver's session over a queue and a Redis that are maps. */

import { WorkersFailure } from "../../src/workers/error.ts";
import type { PartJob } from "../../src/workers/redis/keys.ts";
import type { RedisWorkersOptions } from "../../src/workers/redis/options.ts";
import type { Session } from "../../src/workers/redis/session.ts";
import type { Wanted } from "../../src/workers/wanted.ts";

/** A session whose Redis and queue are `there` and `jobs`; `failed`: jobs that did, and why. */
export function fakeSession(window = 8, options: Partial<RedisWorkersOptions> = {}) {
  const there = new Map<string, string | Uint8Array>();
  const jobs = new Map<string, PartJob>();
  const failed = new Map<string, string>();
  const redis = {
    set: async (key: string, value: string | Uint8Array) => there.set(key, value),
    getBuffer: async (key: string) => there.get(key) ?? null,
    unlink: async (gone: string | string[]) => [gone].flat().map((key) => there.delete(key)),
    expire: async (key: string) => Number(there.has(key)),
    // A page each time, as Redis may.
    scan: async (cursor: string, _: "MATCH", pattern: string) => {
      const found = [...there.keys()].filter((key) => key.startsWith(pattern.replace("*", "")));
      const at = Number(cursor);
      return [at + 1 < found.length ? `${at + 1}` : "0", found.slice(at, at + 1)];
    },
    mget: async (names: string[]) => names.map((key) => there.get(key) ?? null),
  };
  const queue = {
    add: async (_: string, job: PartJob, { jobId }: { jobId: string }) => jobs.set(jobId, job),
    remove: async (jobId: string) => jobs.delete(jobId),
    getJob: async (id: string) =>
      jobs.has(id) ? { id, isFailed: async () => failed.has(id), failedReason: failed.get(id) } : undefined,
  };
  const session = {
    ...{ redis, queue, nonce: "me", out: new Map(), waiting: [], contents: new Map(), times: [], read: [] },
    ...{ again: 0, came: 0, lives: 0, heard: Date.now(), up: 0, window },
    options: { url: "redis://:secret@queue:6379", ...options },
  } as unknown as Session;
  return { session, there, jobs, failed };
}

/** A part's job. */
export const job = (name: string, play = "me.0"): PartJob => {
  return { work: "shared", given: "", name, driver: "me", play };
};

/** A result is its bytes as a text. */
export const wanted: Wanted<string> = {
  lives: 4,
  read: (bytes) => Buffer.from(bytes).toString(),
  failure: ({ part, worker, why }) => new WorkersFailure({ kind: "work", part, worker, why, what: "a text" }),
};

/** When all that was begun has come as far as it can. */
export const settled = () => new Promise((resolve) => setImmediate(resolve));
