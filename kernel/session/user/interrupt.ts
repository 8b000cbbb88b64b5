/**
 * The interrupt thread of the user process: it listens while the main thread is busy. An interrupt first gives the main
 * thread 300 ms to stop by itself, then has V8 terminate what runs (safe on Node 24 with
 * `--no-force-async-hooks-checks`). It also wakes a synchronous `prompt`, and ends the process when the kernel is gone.
 */

import { Session } from "node:inspector";
import { Socket } from "node:net";
import { workerData } from "node:worker_threads";
import { onLines } from "../../common/lines.ts";
import { type Answer, descriptors } from "../protocol.ts";
import { endOwnGroup } from "./end.ts";

/** Memory shared with the main thread: see `slots`. */
const { shared, text } = workerData as { shared: Int32Array; text: Uint8Array };
/** Places in the shared memory. */
const slots = { interrupts: 0, acknowledged: 1, answer: 2, length: 3 } as const;

type UrgentCommand = { type: "interrupt"; number: number } | ({ type: "input" } & Answer);

const session = new Session();
session.connectToMainThread();

/** To the kernel and back. */
const pipe = new Socket({ fd: descriptors.urgent, readable: true, writable: true });
pipe.on("error", () => {}); // its end is told by `close`
onLines(pipe, (line) => {
  const command = JSON.parse(line) as UrgentCommand;
  if (command.type === "interrupt") interrupt(command.number);
  else answer(command);
});
pipe.on("end", endOwnGroup).on("close", endOwnGroup);

/** Interrupts are numbered by the sender: the main thread may have heard of this one before. */
function interrupt(wanted: number): void {
  Atomics.store(shared, slots.interrupts, wanted);
  answer({ text: null, reason: "the cell was interrupted" }); // a prompt that is waited for is given up
  let isTold = false;
  const insist = (): void => {
    askToStop();
    // The cell's programs are ended only after V8 was asked: the other way round more of the cell would run.
    if (!isTold) pipe.write("stopping\n");
    isTold = true;
  };
  const askToStop = (): void => {
    if (Atomics.load(shared, slots.acknowledged) >= wanted) return;
    session.post("Runtime.terminateExecution");
    setTimeout(insist, 300);
  };
  setTimeout(insist, 300);
}

/** Wakes a prompt with an answer, or with the reason why there is none: then the length is negative. */
function answer(given: Answer): void {
  if (Atomics.load(shared, slots.answer) !== 0) return;
  const bytes = new TextEncoder().encode(given.text ?? ("reason" in given ? given.reason : ""));
  if (bytes.length > text.length) {
    const reason = `the answer has ${bytes.length} bytes, and there is room for ${text.length}: ask by \`await input(...)\``;
    return answer({ text: null, reason });
  }
  text.set(bytes);
  Atomics.store(shared, slots.length, given.text === null ? -1 - bytes.length : bytes.length);
  Atomics.store(shared, slots.answer, 1);
  Atomics.notify(shared, slots.answer);
}
