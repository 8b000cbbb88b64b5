/** The user process's end of its pipes. Output is written synchronously, so that it streams while a cell blocks. */

import { AsyncLocalStorage } from "node:async_hooks";
import { writeSync } from "node:fs";
import { Socket } from "node:net";
import { onLines } from "../../common/lines.ts";
import { descriptors, drainMark, type UserCommand, type UserMessage } from "../protocol.ts";
import { endOwnGroup } from "./end.ts";

/** The run that the current code belongs to: follows awaits and timers, so late output finds its own cell. */
export const currentRun = new AsyncLocalStorage<RunContext>();

/** One run of a cell. */
export interface RunContext {
  run: number;
  /** The number that the cell's prompt shows; null for code that is no cell, such as a comm's handler. */
  cell: number | null;
  interrupted: boolean;
  /** Aborted by an interrupt: what user code and libraries can wait with, as `kernel.signal`. */
  abort: AbortController;
  shown: { value: unknown } | null;
  /** What the cell declared with `using`: let go of when it ends. */
  resources: AsyncDisposableStack;
}

let sendWaiting: (() => void) | null = null;

/** Names what sends messages that wait for their turn: it is called before any other is sent, so that none is overtaken. */
export function sendFirst(work: () => void): void {
  sendWaiting = work;
}

/** Sends a message; blocks until it is in the pipe. */
export function send(message: UserMessage): void {
  const first = sendWaiting;
  sendWaiting = null; // what it sends itself has nothing to wait for
  first?.();
  sendWaiting = first;
  writeAll(descriptors.out, Buffer.from(`${JSON.stringify(message)}\n`));
}

/** Listens for commands. Ends the process when the other side is gone. */
export function listen(onCommand: (command: UserCommand) => void): void {
  const pipe = openPipe(descriptors.commands);
  onLines(pipe, (line) => onCommand(JSON.parse(line) as UserCommand));
  pipe.on("end", endOwnGroup).on("close", endOwnGroup);
}

/** A pipe to read from. As a socket: a blocked file read would hold up the end of the process. */
function openPipe(fd: number): Socket {
  return new Socket({ fd, readable: true, writable: false });
}

/** Routes what JavaScript prints through the message pipe, in order with everything else and with its run's number. */
export function captureStreams(): void {
  for (const name of ["stdout", "stderr"] as const) {
    const decoder = new TextDecoder();
    process[name].write = ((chunk: string | Uint8Array, encoding?: unknown, callback?: unknown): boolean => {
      const data = isPacked(encoding) ? Buffer.from(chunk as string, encoding) : chunk;
      const text = typeof data === "string" ? data : decoder.decode(data, { stream: true });
      if (text !== "") send({ type: "stream", run: currentRun.getStore()?.run ?? null, name, text });
      const done = typeof encoding === "function" ? encoding : callback;
      if (typeof done === "function") queueMicrotask(() => (done as () => void)());
      return true;
    }) as typeof process.stdout.write;
  }
}

/** Whether a string stands for bytes. */
function isPacked(encoding: unknown): encoding is BufferEncoding {
  return typeof encoding === "string" && /^(?:hex|base64|base64url)$/i.test(encoding);
}

/** Tells the other side that native output up to here belongs to the run. */
export function markDrained(run: number): void {
  for (const fd of [1, 2]) {
    try {
      writeAll(fd, Buffer.from(drainMark(run)));
    } catch {} // a cell may close its own streams
  }
}

function writeAll(fd: number, data: Buffer): void {
  for (let rest = data; rest.length > 0; ) {
    try {
      rest = rest.subarray(writeSync(fd, rest));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
    }
  }
}
