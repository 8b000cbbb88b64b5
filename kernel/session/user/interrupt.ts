/**
 * The interrupt thread of the user process: it listens while the main thread is busy. An interrupt first gives the main
 * thread 300 ms to stop by itself, then has V8 terminate what runs (safe on Node 24 with
 * `--no-force-async-hooks-checks`). It also wakes a synchronous `prompt`, and ends the process when the kernel is gone.
 */

import { Session } from "node:inspector";
import { Socket } from "node:net";
import { createInterface } from "node:readline";
import { workerData } from "node:worker_threads";
import { descriptors } from "../protocol.ts";

/** Memory shared with the main thread: see `slots`. */
const { shared, text } = workerData as { shared: Int32Array; text: Uint8Array };
/** Places in the shared memory. */
const slots = { interrupts: 0, acknowledged: 1, answer: 2, length: 3 } as const;

const session = new Session();
session.connectToMainThread();

const lines = createInterface({ input: new Socket({ fd: descriptors.urgent, readable: true, writable: false }) });
lines.on("line", (line) => {
  const command = JSON.parse(line) as { type: string; text?: string | null };
  if (command.type === "interrupt") interrupt();
  else if (command.type === "input") answer(command.text ?? null);
});
lines.on("close", () => process.kill(process.pid, "SIGKILL"));

function interrupt(): void {
  const wanted = Atomics.add(shared, slots.interrupts, 1) + 1;
  answer(null); // a prompt that is waited for is given up
  const insist = (): void => {
    if (Atomics.load(shared, slots.acknowledged) >= wanted) return;
    session.post("Runtime.terminateExecution");
    setTimeout(insist, 300);
  };
  setTimeout(insist, 300);
}

function answer(given: string | null): void {
  if (Atomics.load(shared, slots.answer) !== 0) return;
  const bytes = given === null ? null : new TextEncoder().encode(given).subarray(0, text.length);
  if (bytes !== null) text.set(bytes);
  Atomics.store(shared, slots.length, bytes === null ? -1 : bytes.length);
  Atomics.store(shared, slots.answer, 1);
  Atomics.notify(shared, slots.answer);
}
