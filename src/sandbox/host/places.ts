/**
 * Places in children: which life holds one, who waits, and who gives way. A life keeps its place between two steps; one
 * that loses it is played again when it goes on, which costs as much as all it has lived. So nobody loses a place while
 * the children have enough to do: then waiting costs nothing. Not here: the children themselves (`pool.ts`).
 */

import { type Serial, serial } from "../../data/serial.ts";
import type { Worker } from "./worker.ts";

/** A life that holds a place, or wants one. */
export interface Tenant {
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
  readonly #tenants = new Map<Tenant, Worker>();
  /** Children that are being emptied for one life. */
  readonly #reserved = new Map<Worker, Tenant>();
  #waiting: (() => void)[] = [];
  readonly #line: Serial = serial();

  /** Whether a life may enter; `coming`: others on their way into that child. */
  hasRoom(worker: Worker, tenant: Tenant, { alone = false, coming = 0 } = {}): boolean {
    const lives = worker.lives + coming;
    if (worker.exclusive || worker.thinking || (this.#reserved.get(worker) ?? tenant) !== tenant) return false;
    if (alone) return lives < 1;
    return lives < 1 || (lives < livesAtOnce && this.#heldIn(worker) + tenant.heldBytes <= heldTogether);
  }

  /** Gives a life its place. */
  enter(tenant: Tenant, worker: Worker, alone: boolean): void {
    worker.lives++;
    worker.served++;
    worker.exclusive = alone;
    this.#tenants.set(tenant, worker);
    this.unreserve(tenant);
  }

  /** Takes it back. */
  leave(tenant: Tenant, worker: Worker): void {
    this.#tenants.delete(tenant);
    worker.lives--;
    worker.exclusive = false;
  }

  /**
   * A life's step was answered: where it and its neighbours hold too much by now, some of them leave. One that was alone for
   * the step lets others in: it may rest until they have stepped, and they would wait for it.
   */
  rest(tenant: Tenant): void {
    tenant.restedAt = performance.now();
    const worker = this.#tenants.get(tenant);
    if (worker === undefined) return;
    if (!tenant.busy) worker.exclusive = false;
    if (tenant.heldBytes === 0) return;
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
  reserve(tenant: Tenant, workers: readonly Worker[]): void {
    const own = workers.find((worker) => this.#reserved.get(worker) === tenant);
    const free = workers.filter((worker) => !worker.exclusive && !worker.thinking && !this.#reserved.has(worker));
    const chosen = own ?? free.sort((a, b) => a.lives - b.lives)[0];
    if (chosen === undefined) return;
    this.unreserve(tenant);
    this.#reserved.set(chosen, tenant);
    for (const [other, worker] of [...this.#tenants]) if (worker === chosen && !other.busy) other.evict();
  }

  /** Lets others into a child again that was to be emptied for this life. */
  unreserve(tenant: Tenant): void {
    for (const [worker, owner] of this.#reserved) if (owner === tenant) this.#reserved.delete(worker);
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
    for (const [{ heldBytes }, home] of this.#tenants) if (home === worker) sum += heldBytes;
    return sum;
  }

  /** Of the lives whose child is one of these: how many are busy, and which has rested longest, and least. */
  #resting(isMeant: (worker: Worker) => boolean): { busy: number; longest: Tenant | null; last: Tenant | null } {
    let busy = 0;
    let longest: Tenant | null = null;
    let last: Tenant | null = null;
    for (const [tenant, worker] of this.#tenants) {
      if (tenant.busy) busy++;
      else if (isMeant(worker)) {
        if (longest === null || tenant.restedAt < longest.restedAt) longest = tenant;
        if (last === null || tenant.restedAt >= last.restedAt) last = tenant;
      }
    }
    return { busy, longest, last };
  }
}
