/**
 * The pool: keeps children alive, gives each life to the least busy one, and replaces a child on any doubt. Lives that
 * shared a child with the one it died of do not notice: they are played again elsewhere (`life.ts`).
 */

import { availableParallelism } from "node:os";
import { SandboxFailure } from "./error.ts";
import { findLauncher, type Launcher } from "./launch.ts";
import { createLife } from "./life.ts";
import type { Level, Life, LifeOptions, Limits, Sandbox, SandboxOptions } from "./types.ts";
import { startWorker, type Worker } from "./worker.ts";

/** Limits of a life unless told otherwise; see `Limits` for what each means. */
export const defaultLimits: Limits = {
  stepMs: 200,
  memoryMiB: 32,
  sourceBytes: 65_536,
  outputBytes: 16_384,
  callDepth: 3,
};

/** Open lives that one child may hold; more wait. */
const livesAtOnce = 8;

/**
 * Opens a pool of locked children. Throws a SandboxFailure when this machine cannot run one, or when the level reached
 * is below `minimumLevel`.
 */
export async function createSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { workers = Math.min(4, availableParallelism()), minimumLevel = 0, livesPerChild = 500 } = options;
  checkCount("workers", workers);
  checkCount("livesPerChild", livesPerChild);
  const limits = checkLimits({ ...defaultLimits, ...options.limits });
  const launcher = findLauncher();
  if (launcher.level < minimumLevel)
    throw new SandboxFailure({ kind: "level", reached: launcher.level, wanted: minimumLevel, reason: launcher.reason });
  const pool = new Pool(launcher, workers, livesPerChild);
  await pool.warm();
  return {
    level: launcher.level,
    levelReason: launcher.reason,
    open: (life: LifeOptions = {}): Promise<Life> => createLife(pool, life, checkLimits({ ...limits, ...life.limits })),
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

/** The children. `life.ts` takes and returns places in them. */
export class Pool {
  episodes = 0;
  #replaced = 0;
  #slots: (Worker | Promise<Worker> | null)[];
  #waiting: (() => void)[] = [];
  #disposed = false;
  readonly #launcher: Launcher;
  readonly #livesPerChild: number;

  constructor(launcher: Launcher, workers: number, livesPerChild: number) {
    this.#launcher = launcher;
    this.#livesPerChild = livesPerChild;
    this.#slots = new Array(workers).fill(null);
  }

  /** Starts the first child now, so that a machine that cannot run one says so at once. */
  async warm(): Promise<void> {
    await this.#fill(0);
  }

  /** A place for a life in the least busy child; waits for one. */
  async take(): Promise<Worker> {
    for (;;) {
      if (this.#disposed) throw new SandboxFailure({ kind: "disposed" });
      const slot = this.#bestSlot();
      if (slot === null) {
        await new Promise<void>((resolve) => this.#waiting.push(resolve));
        continue;
      }
      const worker = await this.#fill(slot);
      if (!worker.alive || worker.lives >= livesAtOnce || worker.served >= this.#livesPerChild) continue;
      worker.lives++;
      worker.served++;
      return worker;
    }
  }

  /** Gives a place back. A child that has served its share is ended when its last life leaves it. */
  give(worker: Worker, { doubt = false } = {}): void {
    worker.lives--;
    if (doubt || (worker.served >= this.#livesPerChild && worker.lives <= 0)) worker.kill();
    this.#waiting.shift()?.();
  }

  stats(): { pids: number[]; episodes: number; replaced: number } {
    const alive = this.#slots.filter((slot): slot is Worker => slot !== null && "pid" in slot && slot.alive);
    return { pids: alive.map(({ pid }) => pid), episodes: this.episodes, replaced: this.#replaced };
  }

  async dispose(): Promise<void> {
    this.#disposed = true;
    const workers = await Promise.allSettled(this.#slots.filter((slot) => slot !== null));
    for (const waiter of this.#waiting.splice(0)) waiter();
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

  #bestSlot(): number | null {
    let best: number | null = null;
    let load = Number.POSITIVE_INFINITY;
    for (let i = 0; i < this.#slots.length; i++) {
      const slot = this.#slots[i]!;
      const lives = slot === null || !("pid" in slot) || !slot.alive ? 0.5 : slot.lives;
      const full =
        slot !== null && "pid" in slot && slot.alive && (lives >= livesAtOnce || slot.served >= this.#livesPerChild);
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

function checkLimits(limits: Limits): Limits {
  for (const [name, value] of Object.entries(limits)) checkCount(`limits.${name}`, value);
  if (limits.memoryMiB < 8 || limits.memoryMiB > 128)
    throw new SandboxFailure({
      kind: "option",
      name: "limits.memoryMiB",
      expected: "from 8 to 128",
      value: limits.memoryMiB,
    });
  return limits;
}
