/**
 * The protocol process: requests in, replies and output out. Every request is answered between a busy and an idle; idle
 * comes last, whatever happens. Execute requests wait for each other; everything else is answered at once, so that
 * completions, comms and interrupts work while a cell runs. Spec: Jupyter messaging 5.4.
 * Not here: sockets (`wire/`), execute requests (`execute.ts`), the others (`requests.ts`), the user process (`cells/`).
 */

import { type Channel, type Connection, type Message, openSockets, type Sockets } from "../wire/index.ts";
import { answerRequest } from "./requests.ts";
import { type KernelOptions, newState, type SessionState, shutdown } from "./state.ts";

/** A running kernel. */
export interface Kernel {
  /** Resolves with the exit code when the kernel has been shut down. */
  readonly ended: Promise<number>;
  /** As `interrupt_request`: for signals. */
  interrupt(): void;
  shutdown(): Promise<void>;
}

/** Starts a kernel on a connection. Throws a ConnectionFailure when it cannot listen. */
export async function startKernel(connection: Connection, options: KernelOptions): Promise<Kernel> {
  let isStarted = false;
  const sockets: Sockets = await openSockets(connection, {
    onMessage: (channel, message) => receive(state, channel, message),
    onDropped: (channel, why) => console.error(`A message on ${channel} was dropped: ${why}.`),
    onSubscribe(topic) {
      sockets.send("iopub", sockets.codec.make("iopub_welcome", { subscription: Buffer.from(topic).toString() }));
      // Said to the first who listens: sent at once, it could overtake the welcome, which must come first.
      if (!isStarted) state.publish("status", { execution_state: "starting" }, null);
      isStarted = true;
    },
  });
  const state = newState(sockets, options);
  return { ended: state.ended.promise, interrupt: state.executor.interrupt, shutdown: () => shutdown(state) };
}

function receive(state: SessionState, channel: Channel, message: Message): void {
  if (channel === "stdin") {
    const { header, content, parent } = message;
    if (header.msg_type === "input_reply") state.runs.answer(answerText(content.value), parent.msg_id);
  } else if (message.header.msg_type === "execute_request") {
    const arrived = performance.now();
    const work = (): Promise<void> => state.executor.execute(message, channel, arrived);
    void state.executing.run(() => handle(state, message, channel, work));
  } else void handle(state, message, channel, () => answerRequest(state, message, channel));
}

/** Does what a request asks for between a busy and an idle; what it throws is the reply. */
async function handle(
  { publish, reply, output, runs }: SessionState,
  request: Message,
  channel: Channel,
  work: () => Promise<void>,
): Promise<void> {
  publish("status", { execution_state: "busy" }, request);
  try {
    await work();
  } catch (error) {
    const { name, message, stack = "" } = error as Error;
    reply(request, channel, { status: "error", ename: name, evalue: message, traceback: stack.split("\n") });
  } finally {
    output.flush();
    publish("status", { execution_state: "idle" }, request);
    // A front end shows the state it heard last: the cell still runs.
    if (runs.current !== null) publish("status", { execution_state: "busy" }, runs.current);
  }
}

/** An answer as text: the protocol wants a string, but a client may send anything. */
function answerText(value: unknown): string {
  if (typeof value === "string") return value;
  return value === undefined || value === null ? "" : JSON.stringify(value);
}
