/**
 * Connections to Redis or Valkey, and the queue's library: BullMQ on ioredis, both optional and loaded at first use. A first
 * connection is tried once, so that a wrong address or password is a sentence at once and no endless wait; later ones are
 * made again for as long as it takes.
 */

import { readFileSync } from "node:fs";
import type { Redis, RedisOptions } from "ioredis";
import { WorkersFailure } from "../error.ts";

/** Where the queue is. */
export interface RedisPlace {
  /** `redis://` or, over TLS, `rediss://user:password@host:port`. */
  url: string;
  /** Path of the certificate of an authority of your own, for `rediss://`. */
  ca?: string;
}

/** Prefix of every key: what an ACL may be told (`~autoagent:*`). */
export const prefix = "autoagent";

/** Milliseconds after which a first connection is given up. */
const patience = 5000;

/** Tries a place once, and gives a function that opens connections to it. Throws a WorkersFailure that says what is wrong. */
export async function reach(place: RedisPlace): Promise<() => Redis> {
  const { Redis: Client } = await load(() => import("ioredis"));
  const { url } = place;
  if (!/^rediss?:\/\//.test(url) || !URL.canParse(url))
    throw new WorkersFailure({
      kind: "redis",
      url: withoutPassword(url),
      why: "it is no redis:// or rediss:// address",
    });
  const usual: RedisOptions = { ...(place.ca !== undefined && { tls: { ca: certificateAt(place.ca, url) } }) };
  const once = { lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0, connectTimeout: patience };
  const probe = new Client(url, { ...usual, ...once });
  const heard = Promise.withResolvers<never>();
  probe.on("error", heard.reject);
  const asked = probe.connect().then(() => probe.ping());
  // Whichever of the two says more comes first.
  await Promise.race([heard.promise, asked])
    .catch((cause: Error) => {
      throw new WorkersFailure({ kind: "redis", url: withoutPassword(url), why: reasonOf(cause) }, { cause });
    })
    .finally(() => {
      asked.catch(() => {});
      probe.disconnect();
    });
  return () => {
    const redis = new Client(url, {
      ...usual,
      maxRetriesPerRequest: null,
      retryStrategy: (n) => Math.min(n * 50, 1000),
    });
    redis.on("error", () => {}); // it is tried again; who waits says that nothing comes
    return redis;
  };
}

/** BullMQ. Throws a WorkersFailure where it is not installed. */
export function loadQueue(): Promise<typeof import("bullmq")> {
  return load(() => import("bullmq"));
}

async function load<T>(take: () => Promise<T>): Promise<T> {
  try {
    return await take();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw cause;
    throw new WorkersFailure({ kind: "install" }, { cause });
  }
}

/** An address as it may be shown. A password may hold what an address has elsewhere, and ends at the last `@`. */
export function withoutPassword(url: string): string {
  return url.replace(/(\/\/[^:/@]*):.*@/, "$1:…@");
}

function reasonOf({ message, code }: Error & { code?: string }): string {
  if (/NOAUTH|WRONGPASS|invalid username/i.test(message)) return "the name or the password is wrong";
  if (code === "ECONNREFUSED") return "nothing answers there";
  return message || String(code);
}

function certificateAt(path: string, url: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    const why = `the certificate ${path} cannot be read (${(cause as Error).message})`;
    throw new WorkersFailure({ kind: "redis", url: withoutPassword(url), why }, { cause });
  }
}
