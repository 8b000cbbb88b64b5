/** What every fault is tried on: a server, workers that are started again when they end, and one rollout that is known from one process. */

import { SurvivalEnv } from "../../../src/environment/index.ts";
import { editMenu } from "../../../src/policy/index.ts";
import { type RolloutOptions, rollout } from "../../../src/rollout/index.ts";
import type { Sandbox } from "../../../src/sandbox/index.ts";
import { workers } from "../../../src/workers/index.ts";
import { textOf } from "../equal.ts";
import { type RedisServer, startWorker, type WorkerProcess } from "../redis-server.ts";

/** A server, a sandbox of this process, and what is played. */
export interface Bed {
  readonly redis: RedisServer;
  readonly sandbox: Sandbox;
  /** Parts after which the queue's memory is looked at. */
  readonly parts: number;
  /** How many lives a turn of `speed` has. */
  readonly lives: number;
  /** Seconds and text of an undisturbed rollout in this process. */
  here(episodes: number, seed?: number): Promise<Told>;
  /** The same over workers; `part: null`: in parts as they are where nobody says how large. */
  there(
    episodes: number,
    options?: Partial<RolloutOptions> & { url?: string; again?: number; part?: number | null },
  ): Promise<Told>;
}

/** What came of a rollout. */
export interface Told {
  seconds: number;
  text: string;
  line: string;
}

/** One row of the table: what was done, and what came of it. Not `equal`: something was lost, or counted twice. */
export interface Outcome {
  fault: string;
  equal: boolean;
  told: string;
}

export const seed = 17;

/** Makes it. */
export function makeBed(redis: RedisServer, sandbox: Sandbox, { parts, lives }: { parts: number; lives: number }): Bed {
  const known = new Map<string, Promise<Told>>();
  const env = () => new SurvivalEnv({ sandbox, maxSteps: 10 });
  return {
    redis,
    sandbox,
    parts,
    lives,
    here(episodes, own = seed) {
      const key = `${episodes} ${own}`;
      const told = known.get(key) ?? timed(() => rollout(env(), editMenu(), { episodes, group: 8, seed: own }));
      known.set(key, told);
      return told;
    },
    there(episodes, { url = redis.url, again = 4, part = 8, ...options } = {}) {
      const on = workers.redis(url, { again, ...(part !== null && { part }) });
      return timed(
        () => rollout(env(), editMenu(), { episodes, group: Math.min(8, part ?? 8), seed, ...options, on }),
        async () => (await on.status()).line,
      );
    },
  };
}

async function timed(
  play: () => ReturnType<typeof rollout>,
  line: () => Promise<string> = async () => "",
): Promise<Told> {
  const began = performance.now();
  const { episodes } = await play();
  return { seconds: (performance.now() - began) / 1000, text: textOf(episodes), line: await line() };
}

/** Workers that are started again whenever one has ended, as a cluster would. */
export interface Crew {
  readonly up: WorkerProcess[];
  /** Ends one by `kill -9`, where at least two are up; another takes its place. */
  kill(): boolean;
  close(): Promise<void>;
}

/** Starts so many. */
export async function startCrew(url: string, count: number, ...args: string[]): Promise<Crew> {
  const up = await Promise.all(Array.from({ length: count }, () => startWorker(url, "--lock-ms", "2000", ...args)));
  let open = true;
  let next = 0;
  const starting = new Set<Promise<void>>();
  const watch = (worker: WorkerProcess): void => {
    worker.child.once("exit", () => {
      if (open) starting.add(replace(worker));
    });
  };
  const replace = async (gone: WorkerProcess): Promise<void> => {
    const fresh = await startWorker(url, "--lock-ms", "2000", ...args).catch(() => null);
    if (fresh === null) return;
    up[up.indexOf(gone)] = fresh;
    watch(fresh);
    if (!open) await fresh.end("SIGKILL");
  };
  up.forEach(watch);
  return {
    up,
    kill() {
      const alive = up.filter(({ child }) => child.exitCode === null && child.signalCode === null);
      if (alive.length < 2) return false;
      void alive[next++ % alive.length]!.end("SIGKILL");
      return true;
    },
    async close() {
      open = false;
      await Promise.all(up.map((worker) => worker.end("SIGKILL")));
      await Promise.allSettled(starting);
      await Promise.all(up.map((worker) => worker.end("SIGKILL")));
    },
  };
}
