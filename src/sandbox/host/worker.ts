/**
 * One locked child as the parent sees it: requests in order, one in flight, a wall clock over each, effects as they
 * stream in. When the child dies the pending request ends with what is known of the death; nothing is decided here.
 */

import type { ChildProcess } from "node:child_process";
import { onEnd } from "./ending.ts";
import type { Launcher } from "./launch.ts";
import { watchMemory } from "./memory.ts";

/** What a child reported of a decoy that was touched. */
export interface RawEffect {
  kind: string;
  api: string;
  arguments: string;
  severity: number;
  step: number;
}

/** How a request ended: an answer, or the child's death with its evidence. */
export type Outcome =
  | { kind: "answer"; seen: { [name: string]: unknown }; effects: RawEffect[]; ms: number }
  | { kind: "death"; death: Death; effects: RawEffect[]; ms: number };

/** The evidence of a child's death. */
export interface Death {
  /**
   * Set when the parent killed it, and why. `doubt`: for what another life did in it. `lost`: it was gone before this
   * request was sent, or it moved on from a child whose other guest waits for the model. Neither says anything about the
   * request.
   */
  killed: "wall" | "memory" | "flood" | "protocol" | "doubt" | "lost" | null;
  code: number | null;
  signal: string | null;
  /** The last 8 KB of the child's stderr. */
  stderr: string;
}

/** What to do when executed code calls the model. */
export type AskHandler = (query: string) => Promise<string>;

interface Pending {
  id: number;
  resolve(outcome: Outcome): void;
  effects: RawEffect[];
  began: number;
  ask: AskHandler | null;
  onAnswer: ((outcome: Outcome) => void) | null;
  wallMs: number;
  timer: NodeJS.Timeout;
}

/** How a request is made. The wall clock begins anew with each answer. */
export interface RequestOptions {
  wallMs: number;
  ask?: AskHandler | undefined;
  onAnswer?: ((outcome: Outcome) => void) | undefined;
}

/** A running child. */
export interface Worker {
  readonly pid: number;
  /** Lives that are open in it now, and how many it has had. */
  lives: number;
  served: number;
  /** True while it is kept for one life alone. */
  exclusive: boolean;
  /** True while a guest in it waits for the model: nobody else gets a turn. */
  readonly thinking: boolean;
  /** Called when it is free again. */
  onFree: () => void;
  readonly alive: boolean;
  /** Resolves with the last answer; `onAnswer` is given those before it, of a message that has many. */
  request(message: object, options: RequestOptions): Promise<Outcome>;
  /** Ends it at once, for a reason that is no request's of its own. */
  kill(): void;
  /** Resolves when the process is gone. */
  readonly gone: Promise<void>;
}

/** Reply bytes of one request above which a child is taken for hostile. */
const floodBytes = 4 * 1024 * 1024;

/** A child that has not loaded its sources by then does not come any more, or the machine is too busy for it. */
export const greetSeconds = 30;

/** What the parent makes of a child that was just started; it takes requests when it has greeted. */
export function makeWorker(
  child: ChildProcess,
  { watchBytes }: Pick<Launcher, "watchBytes">,
): Worker & { greet(line: string): Promise<Death | null> } {
  let pending: Pending | null = null;
  let killed: Death["killed"] = null;
  let nextId = 1;
  const waiting: (() => void)[] = [];
  let thinking = false;
  let stderr = "";
  let buffer = "";
  let greeted: ((death: Death | null) => void) | null = null;
  let dead: Death | null = null;
  /** Its process has ended, though what it wrote may still be on its way. */
  let exited = false;

  // An idle child must not keep a finished program alive (it ends by itself when its input closes); a busy one must.
  const hold = (on: boolean): void => {
    const handles = [child, child.stdin, child.stdout, child.stderr] as unknown as { ref?(): void; unref?(): void }[];
    for (const handle of handles) on ? handle?.ref?.() : handle?.unref?.();
  };
  const kill = (why: Death["killed"]): void => {
    killed ??= why;
    if (dead === null) hold(true); // until it is gone, so that whoever waits for that is answered
    child.kill("SIGKILL");
  };
  const armWall = (request: Pending): void => {
    request.timer = setTimeout(() => kill("wall"), request.wallMs);
  };
  const onLine = (line: string): void => {
    let message: { [name: string]: unknown };
    try {
      message = JSON.parse(line);
    } catch {
      kill("protocol");
      return;
    }
    if (message.ready === true) {
      greeted?.(null);
      greeted = null;
    } else if (message.effect !== undefined) {
      // Told at once, and again with its arguments when these were read.
      const effect = message.effect as RawEffect;
      if (typeof message.of === "number") pending?.effects.splice(message.of, 1, effect);
      else pending?.effects.push(effect);
    } else if (message.ask !== undefined) void answerAsk(String(message.ask));
    else if (pending !== null && message.id === pending.id) {
      const done = pending;
      clearTimeout(done.timer);
      const seen = (message.fault === undefined ? message.seen : { fault: message.fault }) as {
        [name: string]: unknown;
      };
      const outcome: Outcome = { kind: "answer", seen, effects: done.effects, ms: performance.now() - done.began };
      if (message.more === true) {
        done.effects = [];
        done.began = performance.now();
        armWall(done);
        done.onAnswer?.(outcome);
      } else {
        pending = null;
        done.resolve(outcome);
      }
    } else kill("protocol");
  };
  // The wall clock stands still while the model thinks: its time has its own budget.
  const answerAsk = async (query: string): Promise<void> => {
    const request = pending;
    if (request?.ask == null) return kill("protocol");
    clearTimeout(request.timer);
    let text: string | null = null;
    thinking = true;
    // Whoever waits for a turn goes elsewhere: a model may think for minutes.
    for (const next of waiting.splice(0)) next();
    try {
      text = await request.ask(query);
    } catch {}
    thinking = false;
    worker.onFree();
    if (pending !== request) return;
    armWall(request);
    child.stdin?.write(`${JSON.stringify({ op: "answer", text })}\n`);
  };

  child.stdout?.setEncoding("utf8");
  child.stdout?.on("data", (text: string) => {
    buffer += text;
    if (buffer.length > floodBytes) return kill("flood");
    for (let end = buffer.indexOf("\n"); end >= 0; end = buffer.indexOf("\n")) {
      const line = buffer.slice(0, end);
      buffer = buffer.slice(end + 1);
      onLine(line);
    }
  });
  child.stderr?.setEncoding("utf8");
  child.stderr?.on("data", (text: string) => {
    stderr = (stderr + text).slice(-8192);
  });
  child.stdin?.on("error", () => {}); // its death is told by its end
  const gone = new Promise<void>((resolve) => {
    onEnd(child, ({ code, signal, error }) => {
      if (error !== null) stderr += String(error);
      dead = { killed, code, signal, stderr };
      greeted?.(dead);
      if (pending !== null) {
        const lost = pending;
        pending = null;
        clearTimeout(lost.timer);
        lost.resolve({ kind: "death", death: dead, effects: lost.effects, ms: performance.now() - lost.began });
      }
      resolve();
    });
    child.on("exit", () => {
      exited = true;
    });
  });
  hold(false);

  /** Sends a request when those before it are done; one that finds the child gone or thinking is `lost`. */
  const send = (message: object, options: RequestOptions): Promise<Outcome> =>
    new Promise((resolve) => {
      const began = performance.now();
      const { wallMs, ask, onAnswer } = options;
      const isClose = (message as { op?: unknown }).op === "close";
      if (pending !== null && !(thinking && !isClose)) {
        waiting.push(() => resolve(send(message, options)));
        return;
      }
      if (dead !== null || killed !== null || exited || thinking) {
        const death: Death = { ...(dead ?? { code: null, signal: null, stderr }), killed: "lost" };
        resolve({ kind: "death", death, effects: [], ms: 0 });
        if (!thinking) waiting.shift()?.();
        return;
      }
      const id = nextId++;
      const unwatch = watchBytes === null ? null : watch();
      const settle = (outcome: Outcome): void => {
        unwatch?.();
        if (killed === null) hold(false);
        resolve(outcome);
        waiting.shift()?.();
      };
      hold(true);
      pending = {
        id,
        resolve: settle,
        effects: [],
        began,
        ask: ask ?? null,
        onAnswer: onAnswer ?? null,
        wallMs,
        timer: undefined as never,
      };
      armWall(pending);
      child.stdin?.write(`${JSON.stringify({ id, ...message })}\n`);
    });

  const watch = (): (() => void) =>
    watchMemory(child.pid ?? -1, { limitBytes: watchBytes!, onOver: () => kill("memory") });

  const worker: Worker & { greet(line: string): Promise<Death | null> } = {
    pid: child.pid ?? -1,
    lives: 0,
    served: 0,
    exclusive: false,
    onFree: () => {},
    get thinking() {
      return thinking;
    },
    get alive() {
      return dead === null && killed === null && !exited;
    },
    request: send,
    kill() {
      kill("doubt");
    },
    gone,
    greet(line) {
      return new Promise((resolve) => {
        // Seconds that this program is there to see: after one that it slept or was busy, what came meanwhile is read first.
        let left = greetSeconds;
        const timer = setInterval(() => --left === 0 && kill("wall"), 1000);
        greeted = (death) => {
          clearInterval(timer);
          resolve(death);
        };
        child.stdin?.write(`${line}\n`);
      });
    },
  };
  return worker;
}
