/**
 * A driver's session with the queue. The driver is the only truth: it knows which parts are out, looks for their results in
 * sweeps (events only hasten that), gives again what the queue has lost, and counts a result once. What it forgets nobody
 * remembers; what Redis forgets is asked for again.
 */

import { randomUUID } from "node:crypto";
import type { Queue, QueueEvents } from "bullmq";
import type { Redis } from "ioredis";
import type { Packed } from "../pack.ts";
import type { Wanted } from "../wanted.ts";
import { loadQueue, prefix, reach } from "./connect.ts";
import { keys, lifetimes, type PartJob, queueName, unwanted } from "./keys.ts";
import type { RedisWorkersOptions } from "./options.ts";

/** A part that was asked for. */
export interface Ask {
  /** Of this driver alone: which of its batches, and the part's number in that. */
  id: string;
  job: PartJob;
  part: number;
  wanted: Wanted<unknown>;
  /** When it was given, and how often; 0 times while it waits for its turn. */
  at: number;
  given: number;
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** A session that is open. */
export interface Session {
  readonly connections: readonly Redis[];
  readonly redis: Redis;
  readonly queue: Queue<PartJob>;
  readonly events: QueueEvents;
  readonly nonce: string;
  readonly options: RedisWorkersOptions;
  /** Names of results that were read, and their bytes: kept for a driver that takes this one's place, the oldest gone first. */
  readonly read: { name: string; play: string; bytes: number }[];
  /** Out now, by id; and those whose turn has not come. */
  readonly out: Map<string, Ask>;
  waiting: Ask[];
  /** What is sent by its name, so that it can be sent again, and how many batches are made of it. */
  readonly contents: Map<string, Packed & { users: number }>;
  /** Milliseconds that the last parts took. */
  readonly times: number[];
  /** Parts given once more; parts that came; lives in them. */
  again: number;
  came: number;
  lives: number;
  /** When something last came. */
  heard: number;
  /** Workers of this build that are up. */
  up: number;
  /** Parts that may be out at once. */
  window: number;
}

/** Opens a session. Throws a WorkersFailure where Redis cannot be reached. */
export async function openSession(options: RedisWorkersOptions): Promise<Session> {
  const connect = await reach(options);
  const { Queue, QueueEvents } = await loadQueue();
  const [redis, forQueue, forEvents] = [connect(), connect(), connect()];
  const queue = new Queue<PartJob>(queueName(), {
    connection: forQueue,
    prefix,
    streams: { events: { maxLen: 1000 } },
    defaultJobOptions: {
      ...{ attempts: 3, backoff: { type: "fixed", delay: 200 }, removeOnComplete: true },
      removeOnFail: { count: 1000, age: 3600 },
    },
  });
  const events = new QueueEvents(queueName(), { connection: forEvents, prefix });
  queue.on("error", () => {});
  events.on("error", () => {});
  await events.waitUntilReady();
  const session: Session = {
    connections: [redis, forQueue, forEvents],
    ...{ redis, queue, events, nonce: randomUUID().slice(0, 8), options },
    ...{ out: new Map(), waiting: [], contents: new Map(), times: [], read: [] },
    ...{ again: 0, came: 0, lives: 0, heard: Date.now(), up: 0, window: options.window ?? 8 },
  };
  events.on("completed", ({ jobId }) => void hasten(session, jobId));
  events.on("failed", ({ jobId, failedReason }) => failed(session, jobId, failedReason));
  return session;
}

/** Closes it: nobody waits any more. */
export async function closeSession({ connections, redis, queue, events, nonce }: Session): Promise<void> {
  await Promise.race([redis.unlink(keys.driver(nonce), keys.counts(nonce)), after(1000)]).catch(() => {});
  await Promise.race([Promise.all([events.close(), queue.close()]), after(1000)]).catch(() => {});
  for (const one of connections) one.disconnect();
}

/** For what must not wait for a Redis that is away. */
export const after = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Keeps a content ready under its name, and sends it. */
export async function sendContent(session: Session, content: Packed): Promise<string> {
  const { hash, bytes } = content;
  const known = session.contents.get(hash);
  session.contents.set(hash, { hash, bytes, users: (known?.users ?? 0) + 1 });
  if (known === undefined) await session.redis.set(keys.content(hash), bytes, "EX", lifetimes.content);
  return hash;
}

/** Deletes contents of which no batch is made any more. */
export async function dropContents({ contents, redis }: Session, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const known = contents.get(name);
    if (known === undefined || --known.users > 0) continue;
    contents.delete(name);
    await redis.unlink(keys.content(name));
  }
}

/** Asks for a part. It goes out when there is room. */
export function ask<T>(session: Session, job: PartJob, part: number, wanted: Wanted<T>): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  promise.catch(() => {}); // whoever takes it hears of it
  const own = {
    id: `${job.play}-${part}`,
    job,
    part,
    wanted,
    at: 0,
    given: 0,
    resolve: resolve as Ask["resolve"],
    reject,
  };
  session.waiting.push(own);
  giveNext(session);
  return promise;
}

/** Gives parts out while there is room. */
export function giveNext(session: Session): void {
  while (session.out.size < session.window) {
    const next = session.waiting.shift();
    if (next === undefined) return;
    session.out.set(next.id, next);
    next.at = Date.now();
    // What was there before, from a driver that is gone, is taken as it is.
    take(session, next)
      .then((found) => (found ? undefined : give(session, next)))
      .catch(() => {}); // the next sweep tries again
  }
}

/** Gives a part out; the second time as another job, since the first may still come. */
export async function give(session: Session, own: Ask): Promise<void> {
  own.given++;
  if (own.given > 1) session.again++;
  await session.queue.add("part", own.job, { jobId: jobIdOf(own, own.given) });
}

/** BullMQ's name of a job. */
export const jobIdOf = ({ id }: Ask, time: number): string => `${id}-${time}`;

function askOf({ out }: Session, jobId: string): Ask | undefined {
  return out.get(jobId.slice(0, jobId.lastIndexOf("-")));
}

async function hasten(session: Session, jobId: string): Promise<void> {
  const own = askOf(session, jobId);
  if (own) await take(session, own).catch(() => false);
}

/** Takes a result, if it is there. */
export async function take(session: Session, own: Ask): Promise<boolean> {
  const { out, redis } = session;
  const { name } = own.job;
  const bytes = await redis.getBuffer(keys.result(name));
  if (bytes === null) return false;
  if (!out.delete(own.id)) return true; // it was taken meanwhile
  session.times.push(Date.now() - own.at);
  if (session.times.length > 64) session.times.shift();
  session.heard = Date.now();
  session.came++;
  session.lives += own.wanted.lives;
  try {
    own.resolve(own.wanted.read(bytes, name));
  } catch (error) {
    own.reject(error as Error);
  }
  session.read.push({ name, play: own.job.play, bytes: bytes.length });
  void forget(session, keptBytes).catch(() => {});
  giveNext(session);
  return true;
}

/** Bytes of results that were read and are kept. */
const keptBytes = 4_000_000;

/** Deletes results that were read, the oldest first, until at most so many bytes are left; all of a batch, where one is named. */
export async function forget({ read, redis }: Session, most: number, play?: string): Promise<void> {
  let all = read.reduce((sum, { bytes }) => sum + bytes, 0);
  const gone = read.filter(({ bytes, play: whose }) => {
    const old = all > most;
    if (old || whose === play) all -= bytes;
    return old || whose === play;
  });
  for (const one of gone) read.splice(read.indexOf(one), 1);
  if (gone.length > 0) await redis.unlink(gone.map(({ name }) => keys.result(name)));
}

/** A part that no worker could play. */
export function failed(session: Session, jobId: string, reason: string): void {
  const own = askOf(session, jobId);
  if (own === undefined) return;
  if (reason === unwanted) {
    // A worker took this driver for gone, since Redis had been emptied or this process was held up.
    void give(session, own).catch(() => {});
    return;
  }
  session.out.delete(own.id);
  own.reject(own.wanted.failure({ part: own.part, ...toldBy(reason) }));
  giveNext(session);
}

function toldBy(reason: string): { worker: string; why: string } {
  if (/stalled more than/.test(reason))
    return { worker: "every worker that tried it", why: "each of them ended while it played it" };
  try {
    const { worker, message } = JSON.parse(reason) as { worker: string; message: string };
    return { worker, why: message };
  } catch {
    return { worker: "a worker", why: reason };
  }
}

/** Nobody waits for these any more: they are taken out of the queue, and workers that play them are told to stop. */
export async function cancel(session: Session, play: string): Promise<void> {
  const { redis, out, queue } = session;
  session.waiting = session.waiting.filter(({ job }) => job.play !== play);
  const own = [...out.values()].filter(({ job }) => job.play === play);
  for (const { id } of own) out.delete(id);
  const removed = own.flatMap((one) => Array.from({ length: one.given }, (_, i) => queue.remove(jobIdOf(one, i + 1))));
  if (own.length === 0) return;
  const told = redis.set(keys.stop(play), "1", "EX", lifetimes.stop);
  await Promise.race([Promise.allSettled([told, ...removed]), after(1000)]); // Redis may be away
  giveNext(session);
}
