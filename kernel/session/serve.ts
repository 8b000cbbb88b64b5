/**
 * The protocol process: requests in, replies and output out. Every request is answered between a busy and an idle; idle
 * comes last, whatever happens. Execute requests wait for each other; everything else is answered at once, so that
 * completions, comms and interrupts work while a cell runs. Spec: Jupyter messaging 5.4.
 * Not here: sockets (`wire/`), execute requests (`execute.ts`), the user process (`runs.ts`).
 */

import { serial } from "../common/serial.ts";
import type { StartedCompiler } from "../language/compiler.ts";
import { isComplete } from "../language/index.ts";
import { type Channel, type Connection, type Message, openSockets, type Sockets } from "../wire/index.ts";
import { createComms } from "./comms.ts";
import { createExecutor } from "./execute.ts";
import { createHistory } from "./history.ts";
import { kernelInfo } from "./kernel-info.ts";
import { createLanguage } from "./language.ts";
import type { NotebookSettings } from "./notebook-settings.ts";
import { createCoalescer, type Publish } from "./output.ts";
import { createRuns } from "./runs.ts";
import type { Spawned } from "./spawn.ts";

/** A running kernel. */
export interface Kernel {
  /** Resolves with the exit code when the kernel has been shut down. */
  readonly ended: Promise<number>;
  /** As `interrupt_request`: for signals. */
  interrupt(): void;
  shutdown(): Promise<void>;
}

type Handler = (request: Message, channel: Channel) => Promise<void> | void;

/** Where a kernel works. */
export interface KernelOptions {
  directory: string;
  settings: () => NotebookSettings;
  /** The user process, where its program was started before all else. */
  spawned?: Spawned;
  /** The compiler, likewise. */
  compiler?: StartedCompiler | undefined;
}

/** Starts a kernel on a connection. Throws a ConnectionFailure when it cannot listen. */
export async function startKernel(
  connection: Connection,
  { directory, settings, spawned, compiler }: KernelOptions,
): Promise<Kernel> {
  let setEnded: (code: number) => void;
  const ended = new Promise<number>((resolve) => {
    setEnded = resolve;
  });
  const executing = serial();
  let started = false;
  const sockets: Sockets = await openSockets(connection, {
    onMessage: receive,
    onDropped: (channel, why) => console.error(`A message on ${channel} was dropped: ${why}.`),
    onSubscribe(topic) {
      sockets.send("iopub", sockets.codec.make("iopub_welcome", { subscription: Buffer.from(topic).toString() }));
      // Said to the first who listens: sent at once, it could overtake the welcome, which must come first.
      if (!started) publish("status", { execution_state: "starting" }, null);
      started = true;
    },
  });
  const publish: Publish = (type, content, parent, options = {}) => {
    sockets.send("iopub", sockets.codec.make(type, content, { ...(parent && { parent }), ...options }));
  };
  const reply = (request: Message, channel: Channel, content: object): void => {
    const type = request.header.msg_type.replace(/_request$/, "_reply");
    sockets.send(channel, sockets.codec.make(type, content, { parent: request }));
  };
  const output = createCoalescer(publish);
  const comms = createComms();
  const history = createHistory();
  const language = createLanguage({ directory, settings, compiler });
  const runs = createRuns({ directory, spawned, settings, sockets, publish, output, comms, onLost: language.reset });
  const executor = createExecutor({ runs, history, language, output, publish, reply });

  function receive(channel: Channel, message: Message): void {
    if (channel === "stdin") {
      if (message.header.msg_type === "input_reply") runs.answer(answerText(message.content.value));
    } else if (message.header.msg_type === "execute_request") {
      const arrived = performance.now();
      const work = (): Promise<void> => executor.execute(message, channel, arrived);
      void executing.run(() => handle(message, channel, work));
    } else {
      const handler = handlers.get(message.header.msg_type);
      void handle(message, channel, async () => {
        if (handler !== undefined) await handler(message, channel);
        else console.error(`A message of the unknown type ${JSON.stringify(message.header.msg_type)} was ignored.`);
      });
    }
  }

  async function handle(request: Message, channel: Channel, work: () => Promise<void>): Promise<void> {
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

  const handlers = new Map<string, Handler>(
    Object.entries({
      kernel_info_request: (request, channel) => reply(request, channel, kernelInfo()),
      is_complete_request: (request, channel) =>
        reply(request, channel, isComplete(String(request.content.code ?? ""))),
      async complete_request(request, channel) {
        const { code, cursor } = codeAndCursor(request);
        const { matches, cursorStart, cursorEnd, types } = await language.complete(code, cursor);
        const start = toCodePoints(code, cursorStart);
        const end = toCodePoints(code, cursorEnd);
        const rich = matches.map((text, i) => ({ text, type: types[i] ?? "", start, end }));
        const metadata = { _jupyter_types_experimental: rich };
        reply(request, channel, { status: "ok", matches, cursor_start: start, cursor_end: end, metadata });
      },
      async inspect_request(request, channel) {
        const { code, cursor } = codeAndCursor(request);
        const { found, data } = await language.inspect(code, cursor, Number(request.content.detail_level ?? 0));
        reply(request, channel, { status: "ok", found, data, metadata: {} });
      },
      history_request: (request, channel) =>
        reply(request, channel, { status: "ok", history: history.answer(request.content) }),
      comm_info_request: (request, channel) => reply(request, channel, comms.info(request.content.target_name)),
      comm_open: (request) => runs.comm(request),
      comm_msg: (request) => runs.comm(request),
      comm_close: (request) => runs.comm(request),
      interrupt_request(request, channel) {
        executor.interrupt();
        reply(request, channel, { status: "ok" });
      },
      async shutdown_request(request, channel) {
        await runs.end();
        reply(request, channel, { status: "ok", restart: request.content.restart === true });
        setTimeout(() => void shutdown(), 20); // after this request's idle
      },
    } satisfies { [type: string]: Handler }),
  );

  async function shutdown(): Promise<void> {
    language.end();
    await runs.end();
    await sockets.close();
    setEnded(0);
  }

  return { ended, interrupt: executor.interrupt, shutdown };
}

/** An answer as text: the protocol wants a string, but a client may send anything. */
function answerText(value: unknown): string {
  if (typeof value === "string") return value;
  return value === undefined || value === null ? "" : JSON.stringify(value);
}

/** The code of a request and its cursor in UTF-16 units: on the wire it counts code points. */
function codeAndCursor({ content }: Message): { code: string; cursor: number } {
  const code = String(content.code ?? "");
  const points = content.cursor_pos === undefined ? Number.POSITIVE_INFINITY : Number(content.cursor_pos);
  return { code, cursor: [...code].slice(0, points).join("").length };
}

function toCodePoints(code: string, offset: number): number {
  return [...code.slice(0, offset)].length;
}
