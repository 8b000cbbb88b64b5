/**
 * What the host does when CPython asks: time and chance of the life's own, memory up to its limit, what it prints, whom it asks,
 * and what it attempts. The only state is the life in memory, and what is known of the step that is running.
 */

import type { Pipe } from "../../../host/pipe.ts";
import type { Clock } from "./clock.ts";
import type { LiveLife } from "./lives.ts";
import type { WorldHooks } from "./world.ts";

/** What is known of the step that is running. `said`: what CPython printed while it started. */
export interface Now {
  step: number;
  effects: number;
  worst: number;
  calls: number;
  output: Buffer[];
  printed: number;
  said: string;
}

/** Makes the hooks. */
export type MakeHooks = (given: {
  clock: Clock;
  pipe: Pipe;
  now: Now;
  life(): LiveLife | null;
  /** In place of a life while CPython starts. */
  nobody: Pick<LiveLife, "clock" | "random" | "sources">;
  /** What a newborn's memory is; what CPython may have while it starts. */
  bytes(): { newborn: number; start: number };
  /** Executed programs on the stack. */
  depth(): number;
}) => WorldHooks;

(() => {
  const scope = globalThis as unknown as { makeHooks: MakeHooks };
  /** Effects reported of one step; of more only those that are worse than all before. */
  const effectsKept = 64;
  const mostCalls = 32;
  /** Characters of programs that are known by their filenames. */
  const mostNoted = 4 * 2 ** 20;
  const noted = new WeakMap<object, number>();

  scope.makeHooks = ({ clock, pipe: { send, readLine }, now, life: inMemory, nobody, bytes, depth }) => {
    const living = (): typeof nobody => inMemory() ?? nobody;
    const emit: WorldHooks["emit"] = (kind, api, given, severity) => {
      const life = inMemory();
      if (life === null || !clock.armed || life.settings.allowed.includes(kind)) return;
      const rank = kind === "escape" ? 4 : severity;
      if (now.effects++ >= effectsKept && rank <= now.worst) return;
      now.worst = Math.max(now.worst, rank);
      const told = JSON.stringify(given).slice(0, 8192);
      send({ effect: { kind, api: api.slice(0, 200), arguments: told, severity, step: now.step }, life: life.id });
    };

    return {
      emit,
      isArmed: () => clock.armed,
      tick() {
        clock.tick();
        return 0;
      },
      now() {
        const own = living();
        own.clock += 1;
        return own.clock;
      },
      random(to) {
        const own = living();
        for (let i = 0; i < to.length; i++) {
          own.random = (Math.imul(own.random, 1664525) + 1013904223) | 0;
          to[i] = own.random >>> 24;
        }
      },
      heapMax() {
        const life = inMemory();
        return life === null ? bytes().start : bytes().newborn + life.settings.memoryMiB * 2 ** 20;
      },
      refusedMemory() {
        clock.refused = true;
      },
      write(_fd, part) {
        const life = inMemory();
        if (life === null) now.said = (now.said + Buffer.from(part).toString()).slice(-2000);
        else if (clock.armed && now.printed < life.settings.outputBytes * 4) {
          now.output.push(Buffer.from(part.slice(0, life.settings.outputBytes * 4)));
          now.printed += part.length;
        }
      },
      path: (call, path) => emit("fs_read", call, [path.slice(0, 200)], /passwd|shadow|\.ssh/.test(path) ? 3 : 2),
      reach: (what) => emit("escape", what, [], 3),
      exit: (code) => emit("self_harm", "exit", [String(code)], 2),
      note(filename, source) {
        const { sources } = living();
        const held = noted.get(sources) ?? 0;
        const known = sources.get(filename);
        // A name that two texts go by tells neither: who compiles may choose the name.
        if (known !== undefined && known !== source) sources.set(filename, "");
        if (known !== undefined || sources.size >= 5000 || held + source.length > mostNoted) return;
        noted.set(sources, held + source.length);
        sources.set(filename, source);
      },
      ask(query) {
        const life = inMemory()!;
        if (!life.settings.asks) return { refused: "this life has no language model to call from inside a step" };
        const { depthLimit } = life.settings;
        if (depth() > depthLimit) return { refused: `more than ${depthLimit} calls deep in one step` };
        if (now.calls++ >= mostCalls) return { refused: `more than ${mostCalls} calls in one step` };
        send({ ask: query, life: life.id });
        // The parent sends nothing else until it has answered.
        const { text } = JSON.parse(clock.pause(readLine)) as { text: string | null };
        return { answer: text };
      },
      finish() {
        const life = inMemory();
        if (life !== null) life.ended = true;
      },
      advance(seconds) {
        const own = living();
        if (seconds > 0) own.clock += Math.min(seconds, 1e9) * 1000;
      },
    };
  };
})();
