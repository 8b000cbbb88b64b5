/**
 * The driver's sweep, twice a second: it says that the driver lives, sends again what Redis has lost, takes results that no
 * event told of, gives parts again that are in no queue, and gives late ones out once more.
 */

import { buildOf } from "../build.ts";
import { WorkersFailure } from "../error.ts";
import { prefix, withoutPassword } from "./connect.ts";
import { type Heartbeat, keys, lifetimes } from "./keys.ts";
import { type Ask, failed, give, giveNext, jobIdOf, type Session, take } from "./session.ts";

/** Milliseconds between two sweeps; a part is looked for in the queue when it is out for longer than the second. */
const [every, young] = [500, 3000];

/** The least that a part may take before it is given out once more, in milliseconds. */
const leastLate = 5000;

/** Sweeps until it is stopped. One sweep ends before the next begins; what fails while Redis is away is tried again. */
export function startSweeps(session: Session): { stop(): void } {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  const next = async (): Promise<void> => {
    await sweep(session).catch(() => {});
    if (!stopped) timer = setTimeout(next, every);
  };
  void next();
  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

async function sweep(session: Session): Promise<void> {
  const { redis, nonce, out, contents } = session;
  await redis.set(keys.driver(nonce), "1", "EX", lifetimes.driver);
  for (const { hash, bytes } of contents.values())
    if ((await redis.expire(keys.content(hash), lifetimes.content)) === 0)
      await redis.set(keys.content(hash), bytes, "EX", lifetimes.content);
  for (const own of [...out.values()]) await look(session, own);
  await hurry(session);
  await count(session);
}

/** Looks for one part: its result, else its job. */
async function look(session: Session, own: Ask): Promise<void> {
  if (await take(session, own)) return;
  if (own.given > 0 && Date.now() - own.at < young) return;
  const job = await session.queue.getJob(jobIdOf(own, own.given));
  if (job !== undefined && (await job.isFailed())) return failed(session, job.id!, job.failedReason);
  if (job !== undefined || !session.out.has(own.id)) return;
  // It may have ended between the two looks.
  if (!(await take(session, own))) await give(session, own);
}

/** At the end of a batch, when workers have nothing else to do, late parts are given out once more. */
async function hurry(session: Session): Promise<void> {
  const { times, out, waiting, options } = session;
  const { again = 4 } = options;
  if (again === 0 || waiting.length > 0 || times.length < 4) return;
  const median = times.toSorted((a, b) => a - b)[times.length >> 1]!;
  const late = Math.max(leastLate, again * median);
  for (const own of [...out.values()]) if (own.given === 1 && Date.now() - own.at > late) await give(session, own);
}

/** Counts the workers; without any for too long the parts are given up. */
async function count(session: Session): Promise<void> {
  const { options, out } = session;
  const all = await heartbeats(session);
  const build = buildOf();
  session.up = all.filter((one) => one.build === build).length;
  session.window = options.window ?? Math.max(8, 3 * session.up);
  giveNext(session);
  if (session.up > 0) session.heard = Date.now();
  const silent = (Date.now() - session.heard) / 1000;
  if (silent < (options.patience ?? 120)) return;
  const others = [...new Set(all.map((one) => one.build))];
  const failure = new WorkersFailure({ kind: "no-worker", url: withoutPassword(options.url), build, others });
  for (const own of [...out.values(), ...session.waiting]) own.reject(failure);
}

/** All workers that are up, of any build. */
export async function heartbeats({ redis }: Pick<Session, "redis">): Promise<Heartbeat[]> {
  const names: string[] = [];
  let cursor = "0";
  do {
    const [next, found] = await redis.scan(cursor, "MATCH", `${prefix}:worker:*`, "COUNT", 1000);
    names.push(...found);
    cursor = next;
  } while (cursor !== "0");
  const told = names.length === 0 ? [] : await redis.mget([...new Set(names)]);
  return told.flatMap((one) => (one === null ? [] : [JSON.parse(one) as Heartbeat]));
}
