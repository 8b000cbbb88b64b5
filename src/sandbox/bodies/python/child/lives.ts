/**
 * The lives of one child: one is in CPython's memory, the others are kept as the pages in which they differ from a newborn. A
 * change of lives costs one comparison of memory, and copies what either has changed.
 */

import type { OpenMessage } from "../../../host/messages.ts";
import type { Machine } from "./types.ts";

/** A life's memory, where it differs from the newborn's. */
interface Saved {
  size: number;
  sp: number;
  pages: { at: number; bytes: Uint8Array }[];
  files: [number, number][];
}

/** One life, with what the host's own functions know of it. */
export interface LiveLife {
  readonly id: number;
  readonly settings: OpenMessage["settings"];
  /** Its programs by their filenames. */
  readonly sources: Map<string, string>;
  clock: number;
  random: number;
  ended: boolean;
  /** It has not been in memory yet. */
  unborn: boolean;
  /** Bytes of its pages when it last left memory. */
  held: number;
  /** As it was told last: one that is the same is not told again. */
  genome: string;
  /** Null while it is the one in memory, and for one whose memory is lost. */
  saved: Saved | null;
}

/** Which life is in memory. */
export interface Lives {
  readonly current: LiveLife | null;
  get(id: number): LiveLife;
  /** Takes a life in, whose memory is put in place when it is entered: until then the one that is there may stay. */
  begin(life: LiveLife): void;
  /** Puts a life's memory in place; true for a newborn's, which is then to be told what is its own. */
  enter(life: LiveLife): boolean;
  /** A life whose memory cannot be used any more: it was left in the middle of something. */
  lose(): void;
  close(id: number): void;
  /** Bytes that the life in memory takes beside others, as far as is known without a look at all of it. */
  held(): number;
  /** Runs work and puts memory back to where it was before. */
  aside<T>(work: () => T): T;
}

/** Makes the lives of a machine whose newborn is in `base`. */
export type MakeLives = (
  machine: Machine,
  files: Map<number, number>,
  base: { heap: Uint8Array; sp: number; files: [number, number][] },
) => Lives;

(() => {
  const scope = globalThis as unknown as { makeLives: MakeLives };
  const [pageBytes, blockBytes] = [4096, 65_536];
  const emptyPage = Buffer.alloc(blockBytes);

  scope.makeLives = (machine, files, { heap, sp, files: openFiles }) => {
    const lives = new Map<number, LiveLife>();
    const base = Buffer.from(heap.buffer, heap.byteOffset, heap.length);
    /** What the newborn's memory holds, with what the module begins with. */
    let least = 0;
    let current: LiveLife | null = null;
    /** Pages of the memory that are not the newborn's; null: any may be. */
    let changed: readonly { at: number }[] | null = null;
    /** The instance was left in the middle of something, and may have more state than is known. */
    let spoiled = false;

    /** Blocks of the newborn's memory that hold nothing: a look at one is enough, and half of the work. */
    const isEmpty = Array.from({ length: Math.ceil(base.length / blockBytes) }, (_, i) => {
      const end = Math.min(base.length, (i + 1) * blockBytes);
      return base.compare(emptyPage, 0, end - i * blockBytes, i * blockBytes, end) === 0;
    });

    const renewed = (): void => {
      machine.renew();
      machine.load({ heap, sp });
      least = machine.bytes().length;
      changed = [];
      spoiled = false;
    };

    /** Goes through the pages that differ from the newborn's: all of memory is looked at, since nothing tells what was written. */
    const sweep = (each: (at: number, bytes: Uint8Array) => void): void => {
      const bytes = machine.bytes();
      const now = Buffer.from(bytes.buffer, 0, bytes.length);
      const isSame = (at: number, length: number): boolean =>
        at + length <= base.length && isEmpty[Math.floor(at / blockBytes)] !== true
          ? now.compare(base, at, at + length, at, at + length) === 0
          : now.compare(emptyPage, 0, length, at, at + length) === 0;
      for (let block = 0; block < now.length; block += blockBytes) {
        if (isSame(block, blockBytes)) continue;
        for (let at = block; at < block + blockBytes; at += pageBytes) if (!isSame(at, pageBytes)) each(at, bytes);
      }
    };
    /** Parts of the newborn's memory that hold something, and parts that hold nothing, in turn: to clear costs less than to copy. */
    const parts: { from: number; to: number; empty: boolean }[] = [];
    for (const [i, empty] of isEmpty.entries()) {
      const [from, to, last] = [i * blockBytes, Math.min(base.length, (i + 1) * blockBytes), parts.at(-1)];
      if (last?.empty === empty) last.to = to;
      else parts.push({ from, to, empty });
    }
    /** Makes all of memory the newborn's: to copy it costs no more than to look what was written. */
    const putBack = (): void => {
      const bytes = machine.bytes();
      for (const { from, to, empty } of parts)
        empty ? bytes.fill(0, from, to) : bytes.set(heap.subarray(from, to), from);
      if (bytes.length > base.length) bytes.fill(0, base.length);
    };
    const difference = (): Saved["pages"] => {
      const pages: Saved["pages"] = [];
      sweep((at, bytes) => pages.push({ at, bytes: bytes.slice(at, at + pageBytes) }));
      return pages;
    };
    const reset = (at: number): void => {
      const bytes = machine.bytes();
      if (at < base.length) bytes.set(heap.subarray(at, at + pageBytes), at);
      else bytes.fill(0, at, at + pageBytes);
    };
    const save = (): Saved => {
      const pages = difference();
      changed = pages;
      return { size: machine.bytes().length, sp: machine.stack, pages, files: [...files] };
    };
    const putFiles = (open: readonly [number, number][]): void => {
      files.clear();
      for (const [fd, at] of open) files.set(fd, at);
    };

    /** Makes memory the newborn's, of no more than so many bytes. */
    const clean = (size: number): void => {
      if (spoiled || machine.bytes().length > size) renewed();
      else if (changed === null) putBack();
      else for (const { at } of changed) reset(at);
      machine.stack = sp;
      changed = [];
      putFiles(openFiles);
    };
    const restore = ({ size, sp: stack, pages, files: open }: Saved): void => {
      clean(size);
      const has = machine.bytes().length;
      if (has < size) machine.memory.grow((size - has) / blockBytes);
      for (const { at, bytes } of pages) machine.bytes().set(bytes, at);
      machine.stack = stack;
      putFiles(open);
      changed = null;
    };
    const leave = (): void => {
      if (current !== null) {
        current.saved = save();
        current.held = current.saved.pages.length * pageBytes;
      }
      current = null;
    };

    renewed();
    return {
      get current() {
        return current;
      },
      get(id) {
        const life = lives.get(id);
        if (life === undefined) throw new Error(`no life ${id} in this child`);
        return life;
      },
      begin(life) {
        lives.set(life.id, life);
      },
      enter(life) {
        if (current === life) return false;
        if (life.unborn) {
          leave();
          clean(least);
          life.unborn = false;
          [current, changed] = [life, null];
          return true;
        }
        if (life.saved === null) throw new Error(`life ${life.id} has no memory any more`);
        leave();
        restore(life.saved);
        life.saved = null;
        current = life;
        return false;
      },
      lose() {
        [current, changed, spoiled] = [null, null, true];
      },
      close(id) {
        if (current?.id === id) [current, changed] = [null, null];
        lives.delete(id);
      },
      held() {
        if (current === null) return 0;
        let characters = 0;
        for (const text of current.sources.values()) characters += text.length;
        return Math.max(current.held, machine.bytes().length - least) + 2 * characters;
      },
      aside(work) {
        const before = save();
        changed = null;
        const made = work();
        restore(before);
        return made;
      },
    };
  };
})();
