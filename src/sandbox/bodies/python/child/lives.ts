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
  /** As it was told last: one that is the same is not told again. */
  genome: string;
  /** Null while it is the one in memory, and for one whose memory is lost. */
  saved: Saved | null;
}

/** Which life is in memory. */
export interface Lives {
  readonly current: LiveLife | null;
  get(id: number): LiveLife;
  /** Puts a newborn's memory in place, for a life that begins. */
  begin(life: LiveLife): void;
  /** Puts a life's memory in place. */
  enter(life: LiveLife): void;
  /** A life whose memory cannot be used any more: it was left in the middle of something. */
  lose(): void;
  close(id: number): void;
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
  const scope = globalThis as unknown as { makeLives: MakeLives; gc?: () => void };
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

    const renewed = (): void => {
      machine.renew();
      scope.gc?.();
      machine.load({ heap, sp });
      least = machine.bytes().length;
      changed = [];
      spoiled = false;
    };

    /** The pages that differ from the newborn's. */
    const difference = (): Saved["pages"] => {
      const bytes = machine.bytes();
      const now = Buffer.from(bytes.buffer, 0, bytes.length);
      const pages: Saved["pages"] = [];
      const isSame = (at: number, length: number): boolean =>
        at + length <= base.length
          ? now.compare(base, at, at + length, at, at + length) === 0
          : now.compare(emptyPage, 0, length, at, at + length) === 0;
      for (let block = 0; block < now.length; block += blockBytes) {
        if (isSame(block, blockBytes)) continue;
        for (let at = block; at < block + blockBytes; at += pageBytes)
          if (!isSame(at, pageBytes)) pages.push({ at, bytes: bytes.slice(at, at + pageBytes) });
      }
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
      else if (changed === null) machine.load({ heap, sp });
      else for (const { at } of changed) reset(at);
      machine.stack = sp;
      changed = [];
      putFiles(openFiles);
    };
    const restore = ({ size, sp: stack, pages, files: open }: Saved): void => {
      clean(size);
      const has = machine.bytes().length;
      if (has < size) (machine.c.memory as unknown as WebAssembly.Memory).grow((size - has) / blockBytes);
      for (const { at, bytes } of pages) machine.bytes().set(bytes, at);
      machine.stack = stack;
      putFiles(open);
      changed = null;
    };
    const leave = (): void => {
      if (current !== null) current.saved = save();
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
        leave();
        clean(least);
        lives.set(life.id, life);
        [current, changed] = [life, null];
      },
      enter(life) {
        if (current === life) return;
        if (life.saved === null) throw new Error(`life ${life.id} has no memory any more`);
        leave();
        restore(life.saved);
        life.saved = null;
        current = life;
      },
      lose() {
        [current, changed, spoiled] = [null, null, true];
      },
      close(id) {
        if (current?.id === id) [current, changed] = [null, null];
        lives.delete(id);
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
