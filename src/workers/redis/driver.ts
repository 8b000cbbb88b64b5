/** `workers.redis(url)`: a driver's side. A session is opened with the first batch, and closed soon after the last. */

import type { CodeElsewhere } from "../../coding/elsewhere.ts";
import { orAborted } from "../../data/aborted.ts";
import { checkOptions, text } from "../../data/check.ts";
import { notebookPlace, type Row } from "../../display/index.ts";
import type { Elsewhere } from "../../rollout/index.ts";
import { buildOf } from "../build.ts";
import { type Packed, pack } from "../pack.ts";
import { partSize, partsOf } from "../part.ts";
import { specOf } from "../spec.ts";
import { asStatus, type WorkersStatus } from "../status.ts";
import { type Wanted, wantedLives, wantedWork } from "../wanted.ts";
import { codeElsewhere } from "../work.ts";
import { withoutPassword } from "./connect.ts";
import { type JobBody, keys, nameOf } from "./keys.ts";
import { lineOf } from "./line.ts";
import { type RedisWorkersOptions, redisOptionsSchema } from "./options.ts";
import {
  after,
  ask,
  cancel,
  closeSession,
  dropContents,
  forget,
  openSession,
  type Session,
  sendContent,
} from "./session.ts";
import { heartbeats, startSweeps } from "./sweep.ts";

/** A queue as workers. */
export interface RedisWorkers extends Elsewhere, CodeElsewhere {
  /** Workers that are up, and what is out. */
  status(): Promise<WorkersStatus>;
}

/** Milliseconds that a session stays open for the next batch. */
const linger = 1000;

/** An open session, and who uses it. */
interface Held {
  session: Session;
  sweeps: { stop(): void };
  users: number;
  batches: number;
  closing: NodeJS.Timeout | undefined;
}

/** Plays batches through a queue on Redis or Valkey. Throws an OptionFailure for options that have no meaning. */
export function redisWorkers(url: string, options: Omit<RedisWorkersOptions, "url"> = {}): RedisWorkers {
  checkOptions(text, url, "url");
  checkOptions(redisOptionsSchema, options, "the options of workers.redis");
  const given: RedisWorkersOptions = { ...options, url };
  const holder = createHolder(given);
  return {
    async *play(env, policy, batch, { traces, sums, signal }) {
      const { spec, weights } = await specOf(env, policy);
      const [one, other] = [pack(spec), pack(weights)];
      const sent = { spec: one.hash, weights: other.hash, traces, ...(sums && { sums: sums.by }) };
      const parts = partsOf(batch, sums?.part ?? given.part ?? partSize(batch.episodes)).map((range) => ({
        ...{ body: { ...sent, range }, wanted: wantedLives(range) },
      }));
      yield* through(holder, [one, other], parts, signal);
    },
    ...codeElsewhere((what, spec, parts, signal) => {
      const shared = pack(spec);
      const all = parts.map((part) => ({
        body: { work: shared.hash, given: pack(part).bytes.toString("base64") },
        wanted: wantedWork({ what, count: part.length }),
      }));
      return through(holder, [shared], all, signal);
    }),
    async status() {
      const held = await holder.hold();
      try {
        return await statusOf(held.session);
      } finally {
        holder.release(held);
      }
    },
  };
}

/** A session that is opened when somebody needs it, and closed soon after the last has left it. */
interface Holder {
  hold(): Promise<Held>;
  release(held: Held): void;
}

function createHolder(given: RedisWorkersOptions): Holder {
  let open: Promise<Held> | null = null;
  const hold = async (): Promise<Held> => {
    open ??= openSession(given).then(
      (session) => ({ session, sweeps: startSweeps(session), users: 0, batches: 0, closing: undefined }),
      (error: unknown) => {
        open = null;
        throw error;
      },
    );
    const held = await open;
    clearTimeout(held.closing);
    held.users++;
    return held;
  };
  const release = (held: Held): void => {
    if (--held.users > 0) return;
    held.closing = setTimeout(() => {
      open = null;
      held.sweeps.stop();
      void closeSession(held.session);
    }, linger);
  };
  return { hold, release };
}

/** Has a batch's parts done, and gives what came of them in order. */
async function* through<T>(
  { hold, release }: Holder,
  contents: readonly Packed[],
  parts: readonly { body: JobBody; wanted: Wanted<T> }[],
  signal: AbortSignal | undefined,
): AsyncGenerator<T, void, void> {
  signal?.throwIfAborted();
  const held = await hold();
  const { session } = held;
  const play = `${session.nonce}.${held.batches++}`;
  const panel = openPanel(session);
  let whole = false;
  try {
    await orAborted(Promise.all(contents.map((content) => sendContent(session, content))), signal);
    const asked = (part: number): Promise<T> => {
      const { body, wanted } = parts[part]!;
      const job = { ...body, name: nameOf(body), driver: session.nonce, play };
      return ask(session, job, part, wanted);
    };
    yield* inOrder(parts.length, signal, () => 4 * session.window, asked);
    whole = true;
  } finally {
    panel.close();
    if (!whole) await cancel(session, play);
    const names = contents.map(({ hash }) => hash);
    const tidied = [...(whole ? [forget(session, Number.POSITIVE_INFINITY, play)] : []), dropContents(session, names)];
    await Promise.race([Promise.allSettled(tidied), after(1000)]);
    release(held);
  }
}

/** Asks for parts ahead of who takes them, and gives them in order. */
async function* inOrder<T>(
  count: number,
  signal: AbortSignal | undefined,
  ahead: () => number,
  asked: (part: number) => Promise<T>,
): AsyncGenerator<T, void, void> {
  const coming: Promise<T>[] = [];
  let next = 0;
  for (let at = 0; at < count; at++) {
    signal?.throwIfAborted();
    while (next < count && next - at < ahead()) coming.push(asked(next++));
    yield await orAborted(coming.shift()!, signal);
  }
}

/** In a notebook a line that is renewed each second; elsewhere a sentence where no worker is up. */
function openPanel(session: Session): { close(): void } {
  const place = notebookPlace();
  let told = false;
  const timer = setInterval(async () => {
    if (place !== null) return place(await statusOf(session)).catch(() => {});
    if (told || session.up > 0 || Date.now() - session.heard < 2000) return;
    told = true;
    process.stderr.write(`${lineOf(session, { rates: [], counts: {}, others: 0 })}\n`);
  }, 1000);
  return { close: () => clearInterval(timer) };
}

async function statusOf(session: Session): Promise<WorkersStatus> {
  const all = await Promise.race([
    heartbeats(session),
    new Promise<null>((resolve) => setTimeout(resolve, 2000, null)),
  ]).catch(() => null);
  if (all === null) return asStatus([], `${withoutPassword(session.options.url)} does not answer`);
  const build = buildOf();
  const [counts] = await Promise.all([session.redis.hgetall(keys.counts(session.nonce))]);
  const own = all.filter((one) => one.build === build).sort((a, b) => (a.name < b.name ? -1 : 1));
  const rows = own.map(
    ({ name, host, level, children, lives, rate, memory }): Row => ({
      ...{ worker: name, host, level, children, lives, "lives/s": Math.round(rate) },
      "memory, MB": Math.round(memory / 1e6),
    }),
  );
  session.up = own.length;
  const others = all.length - own.length;
  return asStatus(rows, lineOf(session, { rates: own.map(({ rate }) => rate), counts, others }));
}
