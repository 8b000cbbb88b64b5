/**
 * The user process as the protocol process sees it: starts it, passes commands, reads its messages and its native
 * output, and starts another when it dies. Not here: what the messages mean for Jupyter (`cells/`).
 */

import type { Duplex, Readable, Writable } from "node:stream";
import { getHeapStatistics } from "node:v8";
import { onLines } from "../common/lines.ts";
import { endAll } from "./children.ts";
import type { Leader } from "./programs.ts";
import { type Answer, drainMark, type UserCommand, type UserMessage } from "./protocol.ts";
import { type Spawned, spawnUser } from "./spawn.ts";

/** What the owner is told. */
export interface UserEvents {
  onMessage(message: UserMessage): void;
  /** Native output: child processes and addons that write past JavaScript. */
  onNative(name: "stdout" | "stderr", text: string): void;
  /** What runs was asked to stop, by V8 too: its programs may be ended now. */
  onStopping(): void;
  /** The process ended without being asked to; `wasReady` tells whether it could have taken a cell. */
  onDeath(how: string, wasReady: boolean): void;
}

/** A running user process. */
export interface UserProcess {
  /** As the leader of what its cells start; undefined where it could not be started. */
  readonly leader: Leader | undefined;
  /** Resolves when it can take a cell, or with false when it never will. */
  readonly ready: Promise<boolean>;
  send(command: UserCommand): void;
  /** Asks what runs to stop, on both paths. */
  interrupt(): void;
  /** An answer for a synchronous prompt: goes to the thread that still listens. */
  answerNow(answer: Answer): void;
  /** Ends it; resolves when it is gone. */
  kill(): Promise<void>;
}

/** A user process on its way: what is known of it so far. */
interface ProcessState {
  readonly spawned: Spawned;
  readonly leader: Leader | undefined;
  readonly pipes: { stdout: Readable; stderr: Readable; out: Readable; commands: Writable; urgent: Duplex };
  readonly events: UserEvents;
  readonly ready: PromiseWithResolvers<boolean>;
  isReady: boolean;
  /** Its end was asked for, or has been told. */
  isEnding: boolean;
  /** V8 has said that its heap is full. */
  isFull: boolean;
  interrupts: number;
}

/** Starts a user process in a folder, or takes over one whose program was started before. */
export function startUserProcess(
  directory: string,
  events: UserEvents,
  spawned: Spawned = spawnUser(directory),
): UserProcess {
  const state = newState(spawned, events);
  const { leader, ready, pipes } = state;
  listen(state);
  const gone = watchEnd(state);
  return {
    leader,
    ready: ready.promise,
    send: (command) => write(pipes.commands, command),
    interrupt() {
      const interrupt = { type: "interrupt", number: ++state.interrupts };
      write(pipes.commands, interrupt);
      write(pipes.urgent, interrupt);
    },
    answerNow: (answer) => write(pipes.urgent, { type: "input", ...answer }),
    kill() {
      state.isEnding = true;
      endAll(leader);
      spawned.child.kill("SIGKILL");
      return gone;
    },
  };
}

function newState(spawned: Spawned, events: UserEvents): ProcessState {
  const { child, mark } = spawned;
  const [, stdout, stderr, out, commands, urgent] = child.stdio as unknown as [
    null,
    Readable,
    Readable,
    Readable,
    Writable,
    Duplex,
  ];
  return {
    spawned,
    leader: child.pid === undefined ? undefined : { pid: child.pid, mark },
    pipes: { stdout, stderr, out, commands, urgent },
    events,
    ready: Promise.withResolvers<boolean>(),
    isReady: false,
    isEnding: false,
    isFull: false,
    interrupts: 0,
  };
}

/** Passes on what it says on its pipes; that a run is done only when its native output is here too. */
function listen(state: ProcessState): void {
  const { pipes, events } = state;
  onLines(pipes.out, (line) => {
    const message = parse(line);
    if (message === null) return;
    if (message.type === "ready") {
      state.isReady = true;
      state.ready.resolve(true);
    } else if (message.type === "done") void drained(message.run).then(() => events.onMessage(message));
    else events.onMessage(message);
  });
  const { stdout, stderr } = pipes;
  const drained = watchNative({ stdout, stderr }, events);
  stderr.on("data", (text: string) => {
    if (/^FATAL ERROR: .*(?:out of memory|heap limit)/m.test(text)) state.isFull = true;
  });
  pipes.urgent.on("data", () => events.onStopping());
  for (const pipe of [pipes.commands, pipes.urgent]) pipe.on("error", () => {}); // its death is told by `close`
}

/** Resolves when it is gone, and tells why where that was not asked for. */
function watchEnd(state: ProcessState): Promise<void> {
  const { spawned, leader, events } = state;
  const { child, failure } = spawned;
  return new Promise((resolve) => {
    const end = (how: string): void => {
      endAll(leader); // what its cells started does not outlive it
      state.ready.resolve(false);
      if (!state.isEnding) events.onDeath(how, state.isReady);
      state.isEnding = true;
      resolve();
    };
    const tell = (code: number | null, signal: string | null): void => {
      const how = signal === null ? `exit code ${code}` : `signal ${signal}`;
      end(state.isFull ? `out of memory: ${heapAdvice()}` : how);
    };
    child.on("close", tell);
    // `close` waits for the pipes, which a program that a cell left running may hold open for ever.
    child.on("exit", (code, signal) => setTimeout(tell, 300, code, signal));
    child.on("error", (error) => end(error.message));
    // One that was started before may have ended before anybody listened.
    if (failure !== null) setImmediate(end, failure.message);
    else if (child.exitCode !== null || child.signalCode !== null) setImmediate(tell, child.exitCode, child.signalCode);
  });
}

function write(pipe: Writable, command: object): void {
  if (pipe.writable) pipe.write(`${JSON.stringify(command)}\n`);
}

/** V8's own limit of a heap, and how it is raised. */
function heapAdvice(): string {
  const limit = Math.round(getHeapStatistics().heap_size_limit / 2 ** 20);
  return `its heap was full at about ${limit} MiB; NODE_OPTIONS=--max-old-space-size=${limit * 2} gives it more`;
}

/** A line of the message pipe; null for what a cell wrote there itself. */
function parse(line: string): UserMessage | null {
  try {
    const message = JSON.parse(line) as UserMessage;
    return typeof message.type === "string" ? message : null;
  } catch {
    return null;
  }
}

/** Passes native output on, and tells when both pipes have shown a run's mark (or half a second has passed). */
function watchNative(
  pipes: { stdout: Readable; stderr: Readable },
  events: UserEvents,
): (run: number) => Promise<void> {
  // The interrupt thread's inspector session makes Node say this at its end.
  const tell = (name: "stdout" | "stderr", text: string): void => {
    const said = text.replace(/^Waiting for the debugger to disconnect\.\.\.\n/m, "");
    if (said !== "") events.onNative(name, said);
  };
  const waiting = new Map<number, { left: Set<string>; done: () => void }>();
  for (const [name, pipe] of Object.entries(pipes) as ["stdout" | "stderr", Readable][]) {
    let held = "";
    pipe.setEncoding("utf8");
    pipe.on("data", (chunk: string) => {
      held += chunk;
      for (;;) {
        const found = /\0autoagent-drained-(\d+)\0/.exec(held);
        if (found === null) break;
        if (found.index > 0) tell(name, held.slice(0, found.index));
        held = held.slice(found.index + found[0].length);
        const entry = waiting.get(Number(found[1])) ?? open(Number(found[1]));
        entry.left.delete(name);
        if (entry.left.size === 0) entry.done();
      }
      // Keep back what may be the beginning of a mark.
      const at = held.lastIndexOf("\0");
      const keep = at >= 0 && drainMark(0).startsWith(held.slice(at, at + 19)) ? at : held.length;
      if (keep > 0) tell(name, held.slice(0, keep));
      held = held.slice(keep);
    });
  }
  const open = (run: number) => {
    const entry = { left: new Set(["stdout", "stderr"]), done: () => {} };
    waiting.set(run, entry);
    return entry;
  };
  return (run) =>
    new Promise((resolve) => {
      const entry = waiting.get(run) ?? open(run);
      const timer = setTimeout(() => entry.done(), 500);
      entry.done = () => {
        clearTimeout(timer);
        waiting.delete(run);
        resolve();
      };
      if (entry.left.size === 0) entry.done();
    });
}
