/**
 * Places in children: which life holds one, who waits, and who gives way. A life keeps its place between two steps; one
 * that loses it is played again when it goes on, which costs as much as all it has lived. So nobody loses a place while
 * the children have enough to do: then waiting costs nothing. Not here: the children themselves (`pool.ts`).
 */

import { type Serial, serial } from "../../data/serial.ts";
import type { Worker } from "./worker.ts";

/** A life that holds a place, or wants one. */
export interface Lease {
  /** True from when a step is asked for until it is answered: then its place cannot be taken. */
  readonly busy: boolean;
  /** When its last step was answered. */
  restedAt: number;
  /** What its isolate held after that step. */
  heldBytes: number;
  /** Gives the place back at once. */
  evict(): void;
}

/** Lives in play for each child; half as many again have room besides, for short looks at an agent from outside. */
export const livesInPlay = 32;
/** Open lives that one child may hold. */
export const livesAtOnce = 48;
/**
 * What the lives of a child may hold together. The rest of its 384 MiB is for what one of them takes in its next step, for
 * the child itself, and for what was freed and is not free yet: no guest should be refused memory for another's.
 */
export const heldTogether = 128 * 2 ** 20;
/** A life that has rested so long is taken for forgotten. */
const forgottenMs = 1000;

/** Lives and the children that they are in. */
export class Places {
  readonly #leases = new Map<Lease, Worker>();
  /** Children that are being emptied for one life. */
  readonly #reserved = new Map<Worker, Lease>();
  #waiting: (() => void)[] = [];
  readonly #line: Serial = serial();

  /** Whether a life may enter; `coming`: others on their way into that child. */
  hasRoom(worker: Worker, lease: Lease, { alone = false, coming = 0 } = {}): boolean {
    const lives = worker.lives + coming;
    if (worker.exclusive || worker.thinking || (this.#reserved.get(worker) ?? lease) !== lease) return false;
    if (alone) return lives < 1;
    return lives < 1 || (lives < livesAtOnce && this.#heldIn(worker) + lease.heldBytes <= heldTogether);
  }

  /** Gives a life its place. */
  enter(lease: Lease, worker: Worker, alone: boolean): void {
    worker.lives++;
    worker.served++;
    worker.exclusive = alone;
    this.#leases.set(lease, worker);
    this.unreserve(lease);
  }

  /** Takes it back. */
  leave(lease: Lease, worker: Worker): void {
    this.#leases.delete(lease);
    worker.lives--;
    worker.exclusive = false;
  }

  /**
   * A life's step was answered: where it and its neighbours hold too much by now, some of them leave. One that was alone for
   * the step lets others in: it may rest until they have stepped, and they would wait for it.
   */
  rest(lease: Lease): void {
    lease.restedAt = performance.now();
    const worker = this.#leases.get(lease);
    if (worker === undefined) return;
    if (!lease.busy) worker.exclusive = false;
    if (lease.heldBytes === 0) return;
    while (worker.lives > 1 && this.#heldIn(worker) > heldTogether) {
      const { longest } = this.#resting((home) => home === worker);
      if (longest === null) return;
      longest.evict();
    }
  }

  /**
   * Has one life leave for another that waits: one that seems forgotten, else the one that stepped last, since the others'
   * turns come before its own. False where the children have enough to do.
   */
  makeRoom(children: number): boolean {
    const { busy, longest, last } = this.#resting((home) => !home.thinking && !home.exclusive);
    const isForgotten = longest !== null && performance.now() - longest.restedAt > forgottenMs;
    const leaving = isForgotten ? longest : busy < 2 * children ? last : null;
    leaving?.evict();
    return leaving !== null;
  }

  /** Empties a child for one life: those that rest leave it, and nobody else enters. */
  reserve(lease: Lease, workers: readonly Worker[]): void {
    const own = workers.find((worker) => this.#reserved.get(worker) === lease);
    const free = workers.filter((worker) => !worker.exclusive && !worker.thinking && !this.#reserved.has(worker));
    const chosen = own ?? free.sort((a, b) => a.lives - b.lives)[0];
    if (chosen === undefined) return;
    this.unreserve(lease);
    this.#reserved.set(chosen, lease);
    for (const [other, worker] of [...this.#leases]) if (worker === chosen && !other.busy) other.evict();
  }

  /** Lets others into a child again that was to be emptied for this life. */
  unreserve(lease: Lease): void {
    for (const [worker, owner] of this.#reserved) if (owner === lease) this.#reserved.delete(worker);
  }

  /** Resolves when something has changed, or the signal is aborted. */
  async changed(signal: AbortSignal | undefined): Promise<void> {
    let resolve = (): void => {};
    const change = new Promise<void>((done) => {
      resolve = done;
    });
    signal?.addEventListener("abort", resolve, { once: true });
    this.#waiting.push(resolve);
    await change;
    signal?.removeEventListener("abort", resolve);
  }

  /** Tells those who wait for a place to look again. */
  wake(): void {
    for (const waiter of this.#waiting.splice(0)) waiter();
  }

  /** Runs work when all before it in the line has: whoever came first gets the next place, and one alone looks for it. */
  inLine<T>(work: () => Promise<T>): Promise<T> {
    return this.#line.run(work);
  }

  #heldIn(worker: Worker): number {
    let sum = 0;
    for (const [{ heldBytes }, home] of this.#leases) if (home === worker) sum += heldBytes;
    return sum;
  }

  /** Of the lives whose child is one of these: how many are busy, and which has rested longest, and least. */
  #resting(isMeant: (worker: Worker) => boolean): { busy: number; longest: Lease | null; last: Lease | null } {
    let busy = 0;
    let longest: Lease | null = null;
    let last: Lease | null = null;
    for (const [lease, worker] of this.#leases) {
      if (lease.busy) busy++;
      else if (isMeant(worker)) {
        if (longest === null || lease.restedAt < longest.restedAt) longest = lease;
        if (last === null || lease.restedAt >= last.restedAt) last = lease;
      }
    }
    return { busy, longest, last };
  }
}
