/**
 * The pool: keeps children alive, gives each life to the least busy one, and replaces a child on any doubt. Lives that
 * shared a child with the one it died of do not notice: they are played again elsewhere (`life/`).
 */

import type { Body, Reader, StartChild } from "./body.ts";
import { SandboxFailure } from "./error.ts";
import type { Launcher } from "./locks.ts";
import { type Lease, livesAtOnce, Places } from "./places.ts";
import { startWorker } from "./start.ts";
import type { Worker } from "./worker.ts";

/** What a pool is made of. */
export interface PoolParts {
  body: Body;
  /** How the children start in which lives are. */
  launcher: Launcher;
  /** How the processes start that read programs for it. */
  start: StartChild;
  /** Most children at once. */
  workers: number;
  /** A child is replaced after this many lives. */
  livesPerChild: number;
}

/** How a place is taken. */
export interface AcquireOptions {
  /** In a child that holds no other life. */
  alone: boolean;
  /** In one that has held no other, either. */
  fresh?: boolean;
  signal?: AbortSignal | undefined;
}

/** The children. Lives take and return places in them. */
export class Pool {
  episodes = 0;
  replayed = 0;
  readonly body: Body;
  readonly reader: Reader;
  #replaced = 0;
  #slots: (Worker | Promise<Worker> | null)[];
  /** Lives on their way into each child, so that those who come at once spread over all. */
  #coming: number[];
  readonly #places = new Places();
  /** Aborted when it is disposed: who is waited for until then may never come. */
  readonly #closing = new AbortController();
  readonly #launcher: Launcher;
  readonly #livesPerChild: number;

  constructor({ body, launcher, start, workers, livesPerChild }: PoolParts) {
    this.body = body;
    this.reader = body.createReader(start);
    this.#launcher = launcher;
    this.#livesPerChild = livesPerChild;
    this.#slots = new Array(workers).fill(null);
    this.#coming = new Array(workers).fill(0);
  }

  /** Starts the first child now, so that a machine that cannot run one says so at once. */
  async warm(): Promise<void> {
    await this.#fill(0);
  }

  /**
   * A place for a life in the least busy child, or in a child of its own. Where there is none, this waits, or a life that
   * rests between two steps loses its place: it is played again when it goes on.
   */
  async acquire(lease: Lease, { alone, fresh = false, signal }: AcquireOptions): Promise<Worker> {
    try {
      for (;;) {
        const slot = alone ? await this.#slotAlone(lease, signal) : await this.#slotInLine(lease, signal);
        const worker = await this.#fill(slot).finally(() => this.#coming[slot]!--);
        const hasRoom = worker.alive && this.#hasRoom(worker, lease, { alone });
        if (hasRoom && !(fresh && worker.served > 0)) {
          this.#places.enter(lease, worker, alone);
          return worker;
        }
        if (hasRoom) worker.kill();
        // It was on its way and does not come: whoever waits for that child to be empty must look again.
        this.wake();
      }
    } finally {
      this.#places.unreserve(lease);
    }
  }

  /** A slot with room, which this life is then on its way into; found by one life at a time, in the order they came. */
  async #slotInLine(lease: Lease, signal: AbortSignal | undefined): Promise<number> {
    const found = this.#places.inLine(async () => {
      for (;;) {
        this.#check(signal);
        const slot = this.#bestSlot(lease);
        if (slot !== null) {
          this.#coming[slot]!++;
          return slot;
        }
        if (!this.#places.makeRoom(this.#slots.length)) await this.#places.changed(signal);
      }
    });
    return found;
  }

  /** An empty slot; where there is none, the least busy child is emptied. */
  async #slotAlone(lease: Lease, signal: AbortSignal | undefined): Promise<number> {
    for (;;) {
      this.#check(signal);
      const slot = this.#bestSlot(lease, { alone: true });
      if (slot !== null) {
        this.#coming[slot]!++;
        return slot;
      }
      const running = this.#slots.filter((one): one is Worker => one !== null && "pid" in one && one.alive);
      this.#places.reserve(lease, running);
      if (this.#bestSlot(lease, { alone: true }) === null) await this.#places.changed(signal);
    }
  }

  #check(signal: AbortSignal | undefined): void {
    if (this.disposed) throw new SandboxFailure({ kind: "disposed" });
    if (signal?.aborted) throw new SandboxFailure({ kind: "cancelled", reason: String(signal.reason) });
  }

  /** Gives a place back. A child that has served its share is ended when its last life leaves it. */
  release(lease: Lease, worker: Worker, { doubt = false } = {}): void {
    this.#places.leave(lease, worker);
    if (doubt || (worker.served >= this.#livesPerChild && worker.lives <= 0)) worker.kill();
    this.wake();
  }

  /** A life's step was answered. */
  rest(lease: Lease): void {
    this.#places.rest(lease);
    this.wake();
  }

  /** Tells those who wait for a place to look again. */
  wake(): void {
    this.#places.wake();
  }

  #hasRoom(worker: Worker, lease: Lease, how: { alone?: boolean; coming?: number }): boolean {
    return worker.served < this.#livesPerChild && this.#places.hasRoom(worker, lease, how);
  }

  stats(): { pids: number[]; episodes: number; replaced: number; replayed: number } {
    const alive = this.#slots.filter((slot): slot is Worker => slot !== null && "pid" in slot && slot.alive);
    return {
      pids: alive.map(({ pid }) => pid),
      episodes: this.episodes,
      replaced: this.#replaced,
      replayed: this.replayed,
    };
  }

  async dispose(): Promise<void> {
    this.#closing.abort();
    const workers = await Promise.allSettled(this.#slots.filter((slot) => slot !== null));
    this.wake();
    await this.reader.dispose();
    await Promise.all(
      workers.map((result) => {
        if (result.status === "rejected") return undefined;
        result.value.kill();
        return result.value.gone;
      }),
    );
  }

  get disposed(): boolean {
    return this.#closing.signal.aborted;
  }

  #bestSlot(lease: Lease, { alone = false } = {}): number | null {
    let best: number | null = null;
    let load = Number.POSITIVE_INFINITY;
    for (let i = 0; i < this.#slots.length; i++) {
      const slot = this.#slots[i]!;
      const coming = this.#coming[i]!;
      const running = slot !== null && "pid" in slot && slot.alive ? slot : null;
      const lives = (running?.lives ?? 0.5) + coming;
      const full =
        running === null ? coming >= (alone ? 1 : livesAtOnce) : !this.#hasRoom(running, lease, { alone, coming });
      if (!full && lives < load) [best, load] = [i, lives];
    }
    return best;
  }

  async #fill(index: number): Promise<Worker> {
    const slot = this.#slots[index]!;
    if (slot !== null && (!("pid" in slot) || slot.alive)) return slot;
    if (slot !== null) this.#replaced++;
    const starting = startWorker(this.#launcher, { signal: this.#closing.signal });
    this.#slots[index] = starting;
    try {
      const worker = await starting;
      this.#slots[index] = worker;
      worker.onFree = () => this.wake();
      if (this.disposed) worker.kill();
      return worker;
    } catch (error) {
      this.#slots[index] = null;
      throw error;
    }
  }
}
