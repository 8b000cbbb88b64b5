/**
 * What bounds a call into CPython: turns, which are CPython's own looks at whether it was interrupted and are the same wherever a
 * program runs; processor time; the wall clock, with room for a machine that is busy. Who is over one of them is thrown out.
 */

import type { Broke, Phase } from "../../../host/reply.ts";
import type { TrapError } from "./machine.ts";

/** What a call may take. */
export interface Bounds {
  ms: number;
  turns: number;
}

/** The clock of the call that is running. */
export interface Clock {
  /** CPython looks: throws where time is over. */
  tick(): void;
  /** Runs a call; a fault of it is told, and null is given. */
  timed<T>(phase: Phase, bounds: Bounds, work: () => T): { made: T; broke: null } | { made: null; broke: Broke };
  /** Time that is not the guest's: a language model's. */
  pause<T>(work: () => T): T;
  readonly armed: boolean;
  /** It was refused memory since the call began. */
  refused: boolean;
}

/** Makes the clock. */
export type MakeClock = (
  performance: { now(): number },
  process: { cpuUsage(before?: NodeJS.CpuUsage): NodeJS.CpuUsage },
) => Clock;

(() => {
  const scope = globalThis as unknown as { makeClock: MakeClock; trapped: (trap: string) => TrapError };
  const milliseconds = ({ user, system }: NodeJS.CpuUsage): number => (user + system) / 1000;
  /** Looks between two at the clocks. */
  const seldom = 31;
  /** How V8 says that the process has no memory: what the guest may have was not asked about. */
  const shortage = /allocation failed|could not allocate|unable to grow/i;
  /** Processor time that so few looks may take: more that passes before the first was others'. */
  const firstLookMs = 5;

  scope.makeClock = (performance, process) => {
    let [turns, began, away] = [0, 0, 0];
    let bounds: Bounds = { ms: Number.POSITIVE_INFINITY, turns: Number.POSITIVE_INFINITY };
    /** Processor time when the call was first looked at: to ask for it costs as much as a small call. Null before. */
    let cpu: NodeJS.CpuUsage | null = null;
    const spent = (): number => {
      // What it had before the first look is no more than had passed by then.
      return cpu === null ? performance.now() - began - away : milliseconds(process.cpuUsage(cpu)) + before;
    };
    let before = 0;
    /** Out of turns. */
    let late = false as boolean;
    const clock = {
      armed: false,
      refused: false,
      tick(): void {
        turns++;
        if (!clock.armed) return;
        if (turns <= bounds.turns) {
          if ((turns & seldom) !== 0) return;
          const ms = performance.now() - began - away;
          if (cpu === null) {
            cpu = process.cpuUsage();
            before = Math.min(ms, firstLookMs);
          }
          if (ms <= bounds.ms) return;
          // The parent kills at twice the time and 400 ms: a call that can be interrupted ends before.
          if (ms <= 2 * bounds.ms + 200 && spent() <= bounds.ms) return;
        } else late = true;
        throw scope.trapped("time");
      },
      timed<T>(phase: Phase, given: Bounds, work: () => T) {
        [bounds, turns, away, late] = [given, 0, 0, false];
        began = performance.now();
        cpu = null;
        clock.armed = true;
        clock.refused = false;
        try {
          return { made: work(), broke: null };
        } catch (error) {
          const trap = (error as Partial<TrapError>).trap;
          // A trap of ours, of WebAssembly's, or the end of the stack: anything else is a fault of the host's own code, or of its process.
          const isRange = error instanceof RangeError && !shortage.test(error.message);
          const isGuests = trap !== undefined || error instanceof WebAssembly.RuntimeError || isRange;
          if (!isGuests) throw error;
          const broke: Broke = {
            ...{ phase, ms: performance.now() - began - away, limit: given.ms },
            cpuMs: spent(),
            outOfMemory: trap !== "time" && clock.refused,
            ...(late ? { outOfTurns: true as const } : {}),
            message: String((error as Error)?.message ?? error).slice(0, 300),
          };
          return { made: null, broke };
        } finally {
          clock.armed = false;
        }
      },
      pause<T>(work: () => T): T {
        const from = performance.now();
        const made = work();
        away += performance.now() - from;
        return made;
      },
    };
    return clock;
  };
})();
