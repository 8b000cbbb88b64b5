/**
 * `autoagent worker --redis URL`: plays parts for whoever asks until it is told to end, mostly one while the last is ending.
 * It says once a second that it is up; a part whose driver is gone is left, one that is not wanted any more is stopped.
 */

import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { Job } from "bullmq";
import type { Redis } from "ioredis";
import type { PolicyPlan } from "../../policy/index.ts";
import type { Level } from "../../sandbox/index.ts";
import { buildOf } from "../build.ts";
import { WorkersFailure } from "../error.ts";
import { packPart } from "../lives.ts";
import { openWorkbench, type Workbench } from "../open-spec.ts";
import { type Packed, unpack } from "../pack.ts";
import { playPart } from "../part.ts";
import type { Spec } from "../spec.ts";
import { packWork } from "../wanted.ts";
import { doWork, type WorkSpec } from "../work.ts";
import { loadQueue, prefix, type RedisPlace, reach, withoutPassword } from "./connect.ts";
import {
  type Heartbeat,
  keys,
  type LivesJob,
  lifetimes,
  type PartJob,
  queueName,
  unwanted,
  type WorkJob,
} from "./keys.ts";

/** How a worker is run. */
export interface WorkerOptions extends RedisPlace {
  children: number;
  minimumLevel: Level;
  modules: string | null;
  /** Milliseconds after which a part of a worker that is gone is given to another. @default 10000 */
  lockMs?: number;
  /** Ends it when the part that it plays is over. */
  signal: AbortSignal;
  onLine?: (line: string) => void;
}

/** A worker at work. */
interface State {
  readonly name: string;
  readonly redis: Redis;
  readonly bench: Workbench;
  /** Contents by name, the newest last. */
  readonly contents: Map<string, Promise<unknown>>;
  /** The parts that are played now. */
  readonly playing: Set<Playing>;
  lives: number;
}

/** A part that is played: its batch, what ends it, and what another must share with it to be played beside it. */
interface Playing {
  readonly play: string;
  readonly stop: AbortController;
  readonly shares: string | null;
  readonly over: PromiseWithResolvers<void>;
}

/** Parts at once: while one waits for its last life, is packed and sent, the children play the next. */
const partsAtOnce = 2;

/** Contents that are kept: a spec and the newest weights of a few runs. */
const keptContents = 8;

/** Workers that may end while they play one part: a cluster takes machines back, and that says nothing about the part. */
const mostDeaths = 8;

/** Runs a worker; returns when it has ended. Throws where Redis, the packages or the sandbox's level are not there. */
export async function runWorker(options: WorkerOptions): Promise<void> {
  const { url, children, signal, lockMs = 10_000, onLine } = options;
  const connect = await reach(options);
  const { Worker, UnrecoverableError } = await loadQueue();
  const bench = await openWorkbench(options);
  const [redis, forWorker] = [connect(), connect()];
  const name = `${hostname()}-${process.pid}-${randomUUID().slice(0, 4)}`;
  const state: State = { name, redis, bench, contents: new Map(), playing: new Set(), lives: 0 };
  const worker = new Worker<PartJob>(
    queueName(),
    async (job) => {
      try {
        await playJob(state, job);
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        if (error instanceof Unwanted) throw new UnrecoverableError(unwanted);
        throw new Error(JSON.stringify({ worker: name, message }), { cause: error });
      }
    },
    {
      ...{
        connection: forWorker,
        prefix,
        name,
        concurrency: partsAtOnce,
        lockDuration: lockMs,
        stalledInterval: lockMs,
      },
      ...{ maxStalledCount: mostDeaths - 1, removeOnComplete: { count: 0 }, removeOnFail: { count: 1000, age: 3600 } },
    },
  );
  worker.on("error", () => {});
  const sayUp = heartbeat(state, children);
  const beat = setInterval(sayUp, 1000);
  try {
    await worker.waitUntilReady();
    // It is seen before it says that it waits: a short run is over within a second.
    await sayUp();
    onLine?.(
      `Worker ${name} (build ${buildOf()}, sandbox level ${bench.level}) waits for parts at ${withoutPassword(url)}`,
    );
    if (!signal.aborted)
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    await worker.close();
  } finally {
    clearInterval(beat);
    await Promise.race([redis.unlink(keys.worker(name)), new Promise((resolve) => setTimeout(resolve, 500))]);
    for (const one of [redis, forWorker]) one.disconnect();
    await bench.close();
  }
}

/** Nobody waits for this part. */
class Unwanted extends Error {}

async function playJob(state: State, { data, stalledCounter }: Job<PartJob>): Promise<void> {
  const { name, play, driver } = data;
  const { redis } = state;
  if ((await redis.exists(keys.stop(play))) === 1 || (await isGone(state, driver))) throw new Unwanted();
  if ((await redis.exists(keys.result(name))) === 1) return;
  const { shares, run } = "work" in data ? await openWork(state, data) : await openLives(state, data);
  const own = await begin(state, play, stalledCounter === 0 ? shares : null);
  try {
    const { bytes, hash } = await run(own.stop.signal);
    await put(state, data, bytes, hash);
    if ("range" in data) state.lives += data.range.episodes;
  } finally {
    state.playing.delete(own);
    own.over.resolve();
  }
}

/** A part that is ready: what others must share with it to be done beside it, null for none; and what does it. */
interface OpenPart {
  shares: string | null;
  run(signal: AbortSignal): Promise<Packed>;
}

async function openLives(state: State, { spec, weights, range, traces, sums }: LivesJob): Promise<OpenPart> {
  const { bench, name: worker } = state;
  const plan = (await contentOf(state, spec)) as Spec;
  const values = (await contentOf(state, weights)) as PolicyPlan["weights"];
  return {
    shares: isLight(plan) ? `${spec} ${weights}` : null,
    async run(signal) {
      const began = performance.now();
      const { sum, ...open } = await bench.open(spec, plan, values);
      const result = await playPart(open, range, { signal, ...(sums && { sum: (plays) => sum(plays, sums) }) });
      return packPart(result, { traces, worker, seconds: (performance.now() - began) / 1000 });
    },
  };
}

async function openWork(state: State, { work: name, given }: WorkJob): Promise<OpenPart> {
  const { bench, name: worker } = state;
  const spec = (await contentOf(state, name)) as WorkSpec;
  const part = unpack(Buffer.from(given, "base64")).value;
  return {
    shares: spec.kind === "scores" ? name : null,
    async run(signal) {
      const began = performance.now();
      const values = await doWork(bench, { name, spec, given: part }, { signal });
      return packWork(values, { worker, seconds: (performance.now() - began) / 1000 });
    },
  };
}

/**
 * Waits until a part may be played beside those that are: by itself, or with others of one policy whose weights are the same.
 * One that has ended a worker before is by itself, or its neighbours would be taken for what ends workers.
 */
async function begin({ playing }: State, play: string, shares: string | null): Promise<Playing> {
  while ([...playing].some((one) => shares === null || one.shares !== shares))
    await Promise.race([...playing].map(({ over }) => over.promise));
  const own: Playing = { play, stop: new AbortController(), shares, over: Promise.withResolvers() };
  playing.add(own);
  return own;
}

/** A menu in an environment of the library's own: what it costs is the lives. A model has enough to do with one part, and code of others may not bear two. */
function isLight({ env, policy }: Spec): boolean {
  return env.kind === "own" && policy.kind === "plan" && policy.plan.kind.endsWith("menu");
}

/** Milliseconds in which a driver that is alive has said so and sent again what is gone: it does both twice a second. */
const patience = 1500;

/** A driver that is alive says so; Redis may have been emptied meanwhile, so it is asked twice. */
async function isGone({ redis }: State, driver: string): Promise<boolean> {
  if ((await redis.exists(keys.driver(driver))) === 1) return false;
  await sleep(patience);
  return (await redis.exists(keys.driver(driver))) === 0;
}

/** The first result of a part stays; a second one must be the same, and is counted. */
async function put({ redis }: State, { name, driver }: PartJob, bytes: Buffer, hash: string): Promise<void> {
  const key = keys.result(name);
  if ((await redis.set(key, bytes, "EX", lifetimes.result, "NX")) !== null) return;
  const other = await redis.getBuffer(key);
  if (other === null) return;
  const differs = unpack(other).hash !== hash;
  await redis.hincrby(keys.counts(driver), "twice", 1);
  if (differs) await redis.hincrby(keys.counts(driver), "differs", 1);
  await redis.expire(keys.counts(driver), lifetimes.result);
}

/**
 * A content by its name: kept, compared with its name, never an old one. Two parts that begin at once have one and the same: weights
 * that come a second time would be put into a policy that plays by them.
 */
export function contentOf({ redis, contents }: Pick<State, "redis" | "contents">, name: string): Promise<unknown> {
  const value = contents.get(name) ?? fetchContent(redis, name);
  contents.delete(name);
  contents.set(name, value);
  value.catch(() => contents.delete(name));
  for (const old of [...contents.keys()].slice(0, -keptContents)) contents.delete(old);
  return value;
}

/**
 * A content as it was sent. Another driver that had sent the same deletes it when it has ended, so it is asked for twice. Throws a
 * WorkersFailure for one that is not there, or is another.
 */
export async function fetchContent(redis: Pick<Redis, "getBuffer">, name: string, ms = patience): Promise<unknown> {
  const here = (): Promise<Buffer | null> => redis.getBuffer(keys.content(name));
  const bytes = (await here()) ?? (await sleep(ms).then(here));
  if (bytes === null) throw new WorkersFailure({ kind: "missing", name: keys.content(name) });
  const { value, hash } = unpack(bytes);
  if (hash !== name) throw new WorkersFailure({ kind: "content", name: keys.content(name), found: hash });
  return value;
}

/** Says that it is up, and hears whether what it plays is still wanted. */
function heartbeat(state: State, children: number): () => Promise<void> {
  let before = { lives: 0, at: Date.now() };
  return async () => {
    const { name, redis, bench, lives, playing } = state;
    const now = Date.now();
    const rate = ((lives - before.lives) * 1000) / Math.max(1, now - before.at);
    before = { lives, at: now };
    const told: Heartbeat = {
      ...{ name, host: hostname(), pid: process.pid, build: buildOf(), level: bench.level, children, lives, rate },
      memory: process.memoryUsage.rss(),
    };
    try {
      await redis.set(keys.worker(name), JSON.stringify(told), "EX", lifetimes.worker);
      for (const { play, stop } of playing) if ((await redis.exists(keys.stop(play))) === 1) stop.abort(new Unwanted());
    } catch {
      // Redis is away: the next beat tries again.
    }
  };
}
