/**
 * Batches of rows that begin alike: what they begin with is read once, and stands before all of them. Not here: who joins when (`engine.ts`).
 */

import { createBatch } from "./batch.ts";
import type { Batch, BatchOptions, BatchRow, DrawnToken, Generated, Prefix } from "./batch-types.ts";
import { runPrefix } from "./generate.ts";
import type { Decoder, Tokenizer } from "./types.ts";

/** How batches are run. */
export interface SharedBatchOptions<Member> extends Pick<BatchOptions, "adapter" | "onLogits"> {
  onToken: (member: Member, drawn: DrawnToken) => void;
}

/** Rows after one beginning. */
export interface SharedBatch<Member> {
  /** Draws one token for each row that has been read; gives whose rows ended. */
  step(): Promise<{ member: Member; result: Generated }[]>;
  /** Ends it, and gives whose rows were in it. */
  close(): Member[];
}

/** Batches by what their rows begin with. */
export interface SharedBatches<Member> {
  readonly running: number;
  /** Adds a row after a beginning, which is read now if it was not before. */
  add(shared: readonly number[], row: BatchRow, member: Member): Promise<void>;
  /** Those that have rows. */
  open(): SharedBatch<Member>[];
  /** Gives back the memory of beginnings that no row stands after. */
  forget(): void;
}

/** Most beginnings that are kept though no row stands after them just now. */
const mostIdle = 8;

/** Makes batches of a decoder; none is open. */
export function createSharedBatches<Member>(
  decoder: Decoder,
  options: SharedBatchOptions<Member>,
): SharedBatches<Member> {
  const batches = new Map<string, Opened<Member>>();
  const close = (key: string): void => {
    batches.get(key)?.prefix?.past.release();
    batches.delete(key);
  };
  const forget = (most: number): void => {
    const idle = [...batches].filter(([, { batch }]) => batch.running === 0);
    for (const [key] of idle.slice(0, Math.max(0, idle.length - most))) close(key);
  };
  const opened = async (shared: readonly number[]): Promise<Opened<Member>> => {
    const key = shared.join(" ");
    const one = batches.get(key) ?? (await openBatch(decoder, shared, options));
    batches.delete(key);
    batches.set(key, one); // a map's last was used last
    return one;
  };
  return {
    get running() {
      return [...batches.values()].reduce((sum, { batch }) => sum + batch.running, 0);
    },
    async add(shared, row, member) {
      const { batch, members } = await opened(shared);
      members.set(batch.add(row), member);
      forget(mostIdle);
    },
    open: () =>
      [...batches].flatMap(([key, one]) => (one.batch.running === 0 ? [] : [stepping(one, () => close(key))])),
    forget: () => forget(0),
  };
}

interface Opened<Member> {
  batch: Batch;
  members: Map<number, Member>;
  prefix: Prefix | undefined;
}

async function openBatch<Member>(
  decoder: Decoder,
  shared: readonly number[],
  { adapter, onLogits, onToken }: SharedBatchOptions<Member>,
): Promise<Opened<Member>> {
  const prefix = shared.length === 0 ? undefined : await runPrefix(decoder, shared, { adapter });
  const members = new Map<number, Member>();
  const batch = createBatch(decoder, {
    ...{ prefix, adapter, onLogits },
    onToken: (drawn) => onToken(members.get(drawn.row)!, drawn),
  });
  return { batch, members, prefix };
}

function stepping<Member>({ batch, members }: Opened<Member>, close: () => void): SharedBatch<Member> {
  return {
    async step() {
      const ended = await batch.step();
      return ended.map(({ row, result }) => {
        const member = members.get(row)!;
        members.delete(row);
        return { member, result };
      });
    },
    close() {
      close();
      return [...members.values()];
    },
  };
}

/**
 * A prompt's tokens, cut after those that lie within the text that it shares with others. The last token is its own in any case. One
 * that is too long keeps its end, since the newest part is what is asked now, and shares nothing.
 */
export function cutShared(
  { piece }: Tokenizer,
  {
    begin,
    ids,
    beginning,
    most,
  }: { begin: readonly number[]; ids: readonly number[]; beginning: string; most: number },
): { shared: readonly number[]; prompt: readonly number[] } {
  const kept = ids.slice(-Math.max(1, most - begin.length));
  let left = Buffer.byteLength(beginning);
  const over = ids.slice(0, -1).findIndex((id) => {
    left -= piece(id).bytes?.length ?? Number.POSITIVE_INFINITY;
    return left < 0;
  });
  const within = over < 0 ? ids.length - 1 : over;
  if (beginning === "" || within === 0 || kept.length < ids.length) return { shared: [], prompt: [...begin, ...kept] };
  return { shared: [...begin, ...ids.slice(0, within)], prompt: ids.slice(within) };
}
