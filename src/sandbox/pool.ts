/**
 * The pool: keeps children alive, gives each life to the least busy one, and replaces a child on any doubt. Lives that
 * shared a child with the one it died of do not notice: they are played again elsewhere (`life.ts`).
 */

import { availableParallelism } from "node:os";
import { SandboxFailure } from "./error.ts";
import { findLauncher, type Launcher } from "./launch.ts";
import { createLife } from "./life.ts";
import { createReader, type Reader } from "./reader.ts";
import type { Level, Life, LifeOptions, Limits, Sandbox, SandboxOptions } from "./types.ts";
import { startWorker, type Worker } from "./worker.ts";

/** Limits of a life unless told otherwise; see `Limits` for what each means. */
export const defaultLimits: Limits = {
  stepMs: 200,
  memoryMiB: 32,
  sourceBytes: 65_536,
  outputBytes: 16_384,
  callDepth: 3,
  modelMs: 120_000,
};

/** Longest text that is read for its types, whatever a life's own limit is. */
const longestRead = 1_000_000;

/** Open lives that one child may hold; more wait. */
const livesAtOnce = 8;

/**
 * Opens a pool of locked children. Throws a SandboxFailure when this machine cannot run one, or when the level reached
 * is below `minimumLevel`.
 */
export async function createSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const {
    workers = Math.min(4, availableParallelism()),
    minimumLevel = 0,
    maximumLevel = 3,
    livesPerChild = 500,
  } = options;
  checkCount("workers", workers);
  checkCount("livesPerChild", livesPerChild);
  checkLevel("minimumLevel", minimumLevel);
  checkLevel("maximumLevel", maximumLevel);
  const limits = checkLimits({ ...defaultLimits, ...options.limits });
  const launcher = findLauncher(maximumLevel);
  if (launcher.level < minimumLevel)
    throw new SandboxFailure({ kind: "level", reached: launcher.level, wanted: minimumLevel, reason: launcher.reason });
  const pool = new Pool(launcher, workers, livesPerChild);
  await pool.warm();
  return {
    level: launcher.level,
    levelReason: launcher.reason,
    open: async (life: LifeOptions = {}): Promise<Life> =>
      createLife(pool, life, checkLimits({ ...limits, ...life.limits })),
    stats: () => pool.stats(),
    dispose: () => pool.dispose(),
    [Symbol.asyncDispose]: () => pool.dispose(),
  };
}

/** The level that a sandbox would reach here, and why it is not higher. */
export function sandboxLevel(): { level: Level; reason: string } {
  const { level, reason } = findLauncher();
  return { level, reason };
}

/** A life that holds a place. */
export interface Tenant {
  /** True during a step, when its place cannot be taken. */
  busy: boolean;
  /** Gives the place back at once. */
  evict(): void;
}

/** How a place is taken. */
export interface TakeOptions {
  /** In a child that holds no other life. @default false */
  alone?: boolean;
  signal?: AbortSignal | undefined;
}

/** The children. `life.ts` takes and returns places in them. */
export class Pool {
  episodes = 0;
  readonly reader: Reader;
  #replaced = 0;
  #slots: (Worker | Promise<Worker> | null)[];
  /** Lives on their way into each child, so that those who come at once spread over all. */
  #coming: number[];
  #waiting: (() => void)[] = [];
  readonly #tenants = new Set<Tenant>();
  #disposed = false;
  readonly #launcher: Launcher;
  readonly #livesPerChild: number;

  constructor(launcher: Launcher, workers: number, livesPerChild: number) {
    this.#launcher = launcher;
    this.reader = createReader(launcher, longestRead);
    this.#livesPerChild = livesPerChild;
    this.#slots = new Array(workers).fill(null);
    this.#coming = new Array(workers).fill(0);
  }

  /** Starts the first child now, so that a machine that cannot run one says so at once. */
  async warm(): Promise<void> {
    await this.#fill(0);
  }

  /**
   * A place for a life in the least busy child, or in a child of its own. Where there is none, the life that has rested
   * longest between two steps loses its place (it is played again when it goes on), else this waits.
   */
  async take(tenant: Tenant, { alone = false, signal }: TakeOptions = {}): Promise<Worker> {
    for (;;) {
      if (this.#disposed) throw new SandboxFailure({ kind: "disposed" });
      if (signal?.aborted) throw new SandboxFailure({ kind: "cancelled", reason: String(signal.reason) });
      const slot = this.#bestSlot(alone);
      if (slot === null) {
        if (!this.#evict()) await this.#wait(signal);
        continue;
      }
      this.#coming[slot]!++;
      const worker = await this.#fill(slot).finally(() => this.#coming[slot]!--);
      if (!worker.alive || !this.#hasRoom(worker, alone)) continue;
      worker.lives++;
      worker.served++;
      worker.exclusive = alone;
      this.#tenants.add(tenant);
      return worker;
    }
  }

  /** Gives a place back. A child that has served its share is ended when its last life leaves it. */
  give(tenant: Tenant, worker: Worker, { doubt = false } = {}): void {
    this.#tenants.delete(tenant);
    worker.lives--;
    worker.exclusive = false;
    if (doubt || (worker.served >= this.#livesPerChild && worker.lives <= 0)) worker.kill();
    this.wake();
  }

  /** Tells those who wait for a place to look again. */
  wake(): void {
    for (const waiter of this.#waiting.splice(0)) waiter();
  }

  #evict(): boolean {
    for (const tenant of this.#tenants) {
      if (tenant.busy) continue;
      tenant.evict();
      return true;
    }
    return false;
  }

  async #wait(signal: AbortSignal | undefined): Promise<void> {
    await new Promise<void>((resolve) => {
      signal?.addEventListener("abort", () => resolve(), { once: true });
      this.#waiting.push(resolve);
    });
  }

  #hasRoom(worker: Worker, alone: boolean): boolean {
    const most = alone ? 1 : livesAtOnce;
    return !worker.exclusive && !worker.thinking && worker.lives < most && worker.served < this.#livesPerChild;
  }

  stats(): { pids: number[]; episodes: number; replaced: number } {
    const alive = this.#slots.filter((slot): slot is Worker => slot !== null && "pid" in slot && slot.alive);
    return { pids: alive.map(({ pid }) => pid), episodes: this.episodes, replaced: this.#replaced };
  }

  async dispose(): Promise<void> {
    this.#disposed = true;
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
    this.#slots.fill(null);
  }

  get disposed(): boolean {
    return this.#disposed;
  }

  #bestSlot(alone: boolean): number | null {
    let best: number | null = null;
    let load = Number.POSITIVE_INFINITY;
    for (let i = 0; i < this.#slots.length; i++) {
      const slot = this.#slots[i]!;
      const running = slot !== null && "pid" in slot && slot.alive ? slot : null;
      const lives = (running?.lives ?? 0.5) + this.#coming[i]!;
      const full = running !== null && !this.#hasRoom(running, alone);
      if (!full && lives < load) [best, load] = [i, lives];
    }
    return best;
  }

  async #fill(index: number): Promise<Worker> {
    const slot = this.#slots[index]!;
    if (slot !== null && (!("pid" in slot) || slot.alive)) return slot;
    if (slot !== null) this.#replaced++;
    const starting = startWorker(this.#launcher);
    this.#slots[index] = starting;
    try {
      const worker = await starting;
      this.#slots[index] = worker;
      worker.onFree = () => this.wake();
      if (this.#disposed) worker.kill();
      return worker;
    } catch (error) {
      this.#slots[index] = null;
      throw error;
    }
  }
}

function checkCount(name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 1)
    throw new SandboxFailure({ kind: "option", name, expected: "a positive integer", value });
}

function checkLevel(name: string, value: number): void {
  if (![0, 1, 2, 3].includes(value))
    throw new SandboxFailure({ kind: "option", name, expected: "0, 1, 2 or 3", value });
}

function checkLimits(limits: Limits): Limits {
  for (const [name, value] of Object.entries(limits)) checkCount(`limits.${name}`, value);
  const refuse = (name: keyof Limits, expected: string): never => {
    throw new SandboxFailure({ kind: "option", name: `limits.${name}`, expected, value: limits[name] });
  };
  if (limits.memoryMiB < 8 || limits.memoryMiB > 128) refuse("memoryMiB", "from 8 to 128");
  // The survival probe is a program, too: an agent must not die of a limit that its own steps keep.
  if (limits.sourceBytes < 256) refuse("sourceBytes", "at least 256");
  return limits;
}
