/**
 * One locked child as the parent hears it: one request in flight, a wall clock over it, effects as they stream in. When the
 * child dies the pending request ends with what is known of the death; nothing is decided here. A child that says what it
 * should not is killed for its protocol. Functions over one `State`, in the order of a request's way.
 */

import type { ChildProcess } from "node:child_process";
import type { Effect } from "../types.ts";
import { onEnd } from "./ending.ts";
import { watchMemory } from "./memory.ts";
import { processorMs, wasKept } from "./processor.ts";
import { readEffect, record } from "./reply.ts";
import type { Death, Outcome, RequestOptions, Worker } from "./worker.ts";

/** Reply bytes of one request above which a child is taken for hostile. */
const floodBytes = 4 * 1024 * 1024;

/** A child that has not loaded its sources by then does not come any more, or the machine is too busy for it. */
export const greetSeconds = 30;

interface Pending {
  id: number;
  resolve(outcome: Outcome<unknown>): void;
  options: RequestOptions<unknown>;
  /** Answers that it may still have. */
  left: number;
  effects: Effect[];
  began: number;
  timer: NodeJS.Timeout;
}

/** What is known of a child. */
interface State {
  readonly child: ChildProcess;
  readonly watchBytes: number | null;
  readonly worker: Worker;
  pending: Pending | null;
  /** Who waits for the request in flight. */
  waiting: (() => void)[];
  thinking: boolean;
  /** The last request was answered just now: a life may be closed before the next one is sent. */
  parting: boolean;
  nextId: number;
  greeted: ((death: Death | null) => void) | null;
  killed: Death["killed"];
  starved: boolean;
  /** Its process has ended, though what it wrote may still be on its way. */
  exited: boolean;
  dead: Death | null;
  stderr: string;
  buffer: string;
}

/** What the parent makes of a child that was just started; it takes requests when it has greeted. */
export function makeWorker(
  child: ChildProcess,
  { watchBytes }: { watchBytes: number | null },
): Worker & { greet(line: string): Promise<Death | null> } {
  const nothing = { pending: null, waiting: [], thinking: false, parting: false, nextId: 1, greeted: null };
  const living = { killed: null, starved: false, exited: false, dead: null, stderr: "", buffer: "" };
  const { promise: gone, resolve } = Promise.withResolvers<void>();
  const worker = {
    // One that could not be started has none, greets nobody and is given to nobody.
    ...{ pid: child.pid!, lives: 0, served: 0, exclusive: false, onFree: () => {}, gone },
    get thinking() {
      return state.thinking;
    },
    get alive() {
      return !isOver(state);
    },
    request: <R>(message: object, options: RequestOptions<R>) => send(state, message, options),
    kill: () => kill(state, "doubt"),
    greet: (line: string) => greet(state, line),
  };
  const state: State = { child, watchBytes, worker, ...nothing, ...living };
  listen(state, resolve);
  hold(state, false);
  return worker;
}

function isOver({ dead, killed, exited }: State): boolean {
  return dead !== null || killed !== null || exited;
}

/** An idle child must not keep a finished program alive (it ends by itself when its input closes); a busy one must. */
function hold({ child }: State, on: boolean): void {
  type Handle = { destroyed?: boolean; ref?(): void; unref?(): void } | null;
  // One that is gone would be waited for until it opens again, by one listener more each time.
  for (const handle of [child, child.stdin, child.stdout, child.stderr] as Handle[])
    if (!handle?.destroyed) on ? handle?.ref?.() : handle?.unref?.();
}

function kill(state: State, why: Death["killed"]): void {
  state.killed ??= why;
  if (state.dead === null) hold(state, true); // until it is gone, so that whoever waits for that is answered
  state.child.kill("SIGKILL");
}

function greet(state: State, line: string): Promise<Death | null> {
  return new Promise((resolve) => {
    // Seconds that this program is there to see: after one that it slept or was busy, what came meanwhile is read first.
    let left = greetSeconds;
    const timer = setInterval(() => --left === 0 && kill(state, "wall"), 1000);
    state.greeted = (death) => {
      clearInterval(timer);
      resolve(death);
    };
    state.child.stdin?.write(`${line}\n`);
  });
}

/** Sends a request when those before it are done; one that finds the child gone or thinking is `lost`. */
function send<R>(state: State, message: object, options: RequestOptions<R>): Promise<Outcome<R>> {
  return new Promise((resolve) => {
    const { pending, thinking, waiting } = state;
    const isClose = (message as { op?: unknown }).op === "close";
    if ((pending !== null && !(thinking && !isClose)) || (state.parting && !isClose)) {
      waiting.push(() => resolve(send(state, message, options)));
      return;
    }
    if (isOver(state) || thinking) {
      const known = state.dead ?? { code: null, signal: null, stderr: state.stderr };
      resolve({ kind: "death", death: { ...known, killed: "lost" }, effects: [], ms: 0 });
      if (!thinking) waiting.shift()?.();
      return;
    }
    begin(state, message, options as RequestOptions<unknown>, resolve as Pending["resolve"]);
  });
}

function begin(
  state: State,
  message: object,
  options: RequestOptions<unknown>,
  resolve: (outcome: Outcome<unknown>) => void,
): void {
  const { child, watchBytes } = state;
  const onOver = (): void => kill(state, "memory");
  const unwatch = watchBytes === null ? null : watchMemory(child.pid ?? -1, { limitBytes: watchBytes, onOver });
  hold(state, true);
  state.pending = {
    id: state.nextId++,
    resolve(outcome) {
      unwatch?.();
      if (state.killed === null) hold(state, false);
      resolve(outcome);
      // Whoever was answered may have been at its end: it leaves before another life comes, which then need not make room for it.
      state.parting = true;
      setImmediate(() => {
        state.parting = false;
        if (state.pending === null) state.waiting.shift()?.();
      });
    },
    options,
    left: options.answers ?? 1,
    effects: [],
    began: performance.now(),
    timer: undefined as never,
  };
  armWall(state, state.pending);
  child.stdin?.write(`${JSON.stringify({ id: state.pending.id, ...message })}\n`);
}

/** In two halves: of a child that is late it is known what it had of a processor in the second. */
function armWall(state: State, request: Pending): void {
  const half = request.options.wallMs / 2;
  request.timer = setTimeout(() => {
    const pid = state.child.pid ?? -1;
    const [had, began] = [processorMs(pid), performance.now()];
    request.timer = setTimeout(() => {
      state.starved = wasKept({ had, has: processorMs(pid), passed: performance.now() - began });
      kill(state, "wall");
    }, half);
  }, half);
}

function listen(state: State, onGone: () => void): void {
  const { child } = state;
  child.stdout?.setEncoding("utf8");
  child.stdout?.on("data", (text: string) => {
    if (state.killed === "protocol") return; // what else it says is nobody's
    state.buffer += text;
    if (state.buffer.length > floodBytes) return kill(state, "flood");
    for (let end = state.buffer.indexOf("\n"); end >= 0; end = state.buffer.indexOf("\n")) {
      const line = state.buffer.slice(0, end);
      state.buffer = state.buffer.slice(end + 1);
      if (!hear(state, line)) return kill(state, "protocol");
    }
  });
  child.stderr?.setEncoding("utf8");
  child.stderr?.on("data", (text: string) => {
    state.stderr = (state.stderr + text).slice(-8192);
  });
  child.stdin?.on("error", () => {}); // its death is told by its end
  onEnd(child, ({ code, signal, error }) => {
    if (error !== null) state.stderr += String(error);
    const starved = state.starved ? { starved: true } : {};
    state.dead = { killed: state.killed, ...starved, code, signal, stderr: state.stderr };
    state.greeted?.(state.dead);
    if (state.pending !== null) settle(state, state.pending, { kind: "death", death: state.dead });
    onGone();
  });
  child.on("exit", () => {
    state.exited = true;
  });
}

/** Hears one line; false where it is none that a child may say now. */
function hear(state: State, line: string): boolean {
  let message: { [field: string]: unknown };
  try {
    message = record(JSON.parse(line));
  } catch {
    return false;
  }
  if (message.ready === true) {
    state.greeted?.(null);
    state.greeted = null;
    return true;
  }
  if (message.effect !== undefined) return hearEffect(state, message.effect, message.of);
  if (message.ask !== undefined) return hearQuestion(state, message.ask);
  return state.pending !== null && message.id === state.pending.id && hearAnswer(state, state.pending, message);
}

/** It is told at once, and again with its arguments when these were read. Between two requests it is nobody's. */
function hearEffect({ pending }: State, given: unknown, of: unknown): boolean {
  const effect = readEffect(given);
  if (effect === null) return false;
  if (pending === null) return true;
  if (of === undefined) pending.effects.push(effect);
  else if (Number.isSafeInteger(of) && pending.effects[of as number] !== undefined)
    pending.effects[of as number] = effect;
  else return false;
  return true;
}

function hearQuestion(state: State, query: unknown): boolean {
  const ask = state.pending?.options.ask;
  if (ask === undefined || state.thinking || typeof query !== "string") return false;
  void answerQuestion(state, state.pending!, () => ask(query));
  return true;
}

/** The wall clock stands still while the model thinks: its time has its own budget. */
async function answerQuestion(state: State, request: Pending, ask: () => Promise<string>): Promise<void> {
  clearTimeout(request.timer);
  let text: string | null = null;
  state.thinking = true;
  // Whoever waits for a turn goes elsewhere: a model may think for minutes.
  for (const next of state.waiting.splice(0)) next();
  try {
    text = await ask();
  } catch {}
  state.thinking = false;
  state.worker.onFree();
  if (state.pending !== request) return;
  armWall(state, request);
  state.child.stdin?.write(`${JSON.stringify({ op: "answer", text })}\n`);
}

function hearAnswer(
  state: State,
  request: Pending,
  { fault, reply: given, more }: { [field: string]: unknown },
): boolean {
  if (typeof fault === "string") {
    settle(state, request, { kind: "fault", message: fault });
    return true;
  }
  const reply = request.options.read(given);
  if (reply === null) return false;
  if (more !== true) {
    settle(state, request, { kind: "answer", reply });
    return true;
  }
  if (--request.left < 1) return false;
  const outcome: Outcome<unknown> = { kind: "answer", reply, ...spentOn(request) };
  clearTimeout(request.timer);
  Object.assign(request, { effects: [], began: performance.now() });
  armWall(state, request);
  request.options.onAnswer?.(outcome);
  return true;
}

/** A request ends. */
function settle(
  state: State,
  request: Pending,
  how: { kind: "answer"; reply: unknown } | { kind: "fault"; message: string } | { kind: "death"; death: Death },
): void {
  state.pending = null;
  clearTimeout(request.timer);
  request.resolve({ ...how, ...spentOn(request) });
}

const spentOn = ({ effects, began }: Pending) => ({ effects, ms: performance.now() - began });
