/**
 * The protocol process: requests in, replies and output out. Every request is answered between a busy and an idle; idle
 * comes last, whatever happens. Spec: Jupyter messaging 5.4. Not here: sockets (`wire/`), running code (`user/`).
 */

import { readFileSync } from "node:fs";
import { completeBundle } from "../display/index.ts";
import { isComplete } from "../language/index.ts";
import { type Channel, type Connection, type Message, openSockets, type Sockets } from "../wire/index.ts";
import { createHistory } from "./history.ts";
import { createCoalescer, type Parent } from "./output.ts";
import type { RunOutcome, UserMessage } from "./protocol.ts";
import { startUserProcess, type UserProcess } from "./user-process.ts";

/** A running kernel. */
export interface Kernel {
  /** Resolves with the exit code when the kernel has been shut down. */
  readonly ended: Promise<number>;
  /** As `interrupt_request`: for signals. */
  interrupt(): void;
  shutdown(): Promise<void>;
}

/** How long an interrupted cell may take to stop before its process is ended. */
const patienceMs = 5000;

type Handler = (request: Message, channel: Channel) => Promise<void> | void;

interface Running {
  request: Message;
  run: number;
  finish(outcome: RunOutcome, expressions: object): void;
}

/** Starts a kernel on a connection. Throws a ConnectionFailure when it cannot listen. */
export async function startKernel(connection: Connection, { directory }: { directory: string }): Promise<Kernel> {
  let executionCount = 0;
  let nextRun = 1;
  let running: Running | null = null;
  let aborting = false;
  let shellQueue: Promise<void> = Promise.resolve();
  let waiting = 0;
  let publishing: Promise<void> = Promise.resolve();
  let inputFor: { sync: boolean; request: Message } | null = null;
  let setEnded: (code: number) => void;
  const ended = new Promise<number>((resolve) => {
    setEnded = resolve;
  });
  const requests = new Map<number, Message>();
  const history = createHistory();

  const comms = new Map<string, string>();

  const sockets: Sockets = await openSockets(connection, {
    onMessage: (channel, message) => receive(channel, message),
    onDropped: (channel, why) => console.error(`A message on ${channel} was dropped: ${why}.`),
    onSubscribe(topic) {
      const welcome = sockets.codec.make("iopub_welcome", { subscription: Buffer.from(topic).toString() });
      sockets.send("iopub", { ...welcome, identities: [] });
    },
  });
  const publish = (
    type: string,
    content: object,
    parent: Parent,
    options: { metadata?: object; buffers?: Uint8Array[] } = {},
  ): void => {
    const made = sockets.codec.make(type, content, { ...(parent && { parent: parent as Message }), ...options });
    sockets.send("iopub", made);
  };
  const output = createCoalescer(publish);
  const reply = (request: Message, channel: Channel, content: object): void => {
    const type = request.header.msg_type.replace(/_request$/, "_reply");
    sockets.send(channel, sockets.codec.make(type, content, { parent: request }));
  };
  let user = startUser();

  function startUser(): UserProcess {
    return startUserProcess(directory, {
      onMessage: onUserMessage,
      onNative: (name, text) => output.stream(name, text, running?.request ?? null),
      onDeath(how) {
        user = startUser();
        const text = `The user process ended (${how}): its variables are gone. A new one is ready.`;
        output.flush();
        if (running !== null)
          running.finish({ status: "error", ename: "UserProcessEnded", evalue: text, traceback: [text] }, {});
        else output.stream("stderr", `${text}\n`, null);
      },
    });
  }

  /** Messages of the user process, in order; a bundle that needs a picture holds back what comes after it. */
  function onUserMessage(message: UserMessage): void {
    const parent = "run" in message && message.run !== null ? (requests.get(message.run) ?? null) : null;
    const silent = parent?.content.silent === true;
    switch (message.type) {
      case "stream":
        if (!silent) inOrder(() => output.stream(message.name, message.text, parent));
        return;
      case "result":
      case "publish": {
        if (silent) return;
        const isResult = message.type === "result";
        const content = (isResult ? { data: message.data, execution_count: executionCount } : message.content) as {
          data?: { [mimeType: string]: unknown };
        };
        const metadata = message.metadata ?? {};
        const type = isResult ? "execute_result" : message.message;
        const buffers = isResult
          ? []
          : (message.buffers ?? []).map((text) => new Uint8Array(Buffer.from(text, "base64")));
        inOrder(async () => {
          const data =
            content.data && "application/vnd.plotly.v1+json" in content.data
              ? await completeBundle(content.data)
              : content.data;
          output.flush();
          publish(type, { ...content, ...(data && { data }), ...(isResult && { metadata }) }, parent, { buffers });
        });
        return;
      }
      case "input":
        return askFrontEnd(message, parent);
      case "done":
        if (running?.run === message.run) {
          const { finish } = running;
          inOrder(() => finish(message.outcome, message.expressions));
        }
        return;
    }
  }
  function inOrder(work: () => void | Promise<void>): void {
    publishing = publishing.then(work).catch((error: unknown) => console.error(error));
  }

  function askFrontEnd(message: Extract<UserMessage, { type: "input" }>, parent: Message | null): void {
    const { prompt, password, sync } = message;
    if (parent === null || parent.content.allow_stdin !== true) {
      const reason = "this front end takes no input (it runs the notebook by itself): give the answer in the code";
      if (sync) user.answerNow(null);
      else user.send({ type: "input", text: null, reason });
      return;
    }
    inOrder(() => {
      output.flush();
      inputFor = { sync, request: parent };
      sockets.send("stdin", sockets.codec.make("input_request", { prompt, password }, { parent }));
    });
  }

  function receive(channel: Channel, message: Message): void {
    if (channel === "stdin") return receiveInput(message);
    if (channel === "control") {
      void handle(message, channel);
      return;
    }
    waiting++;
    shellQueue = shellQueue
      .then(() => handle(message, channel))
      .finally(() => {
        if (--waiting === 0) aborting = false;
      });
  }

  function receiveInput({ header, content }: Message): void {
    if (header.msg_type !== "input_reply" || inputFor === null) return;
    const { sync } = inputFor;
    inputFor = null;
    const text = String(content.value ?? "");
    if (sync) user.answerNow(text);
    else user.send({ type: "input", text });
  }

  async function handle(request: Message, channel: Channel): Promise<void> {
    const { msg_type: type } = request.header;
    publish("status", { execution_state: "busy" }, request);
    try {
      const handler = handlers[type];
      if (handler === undefined) console.error(`A message of the unknown type ${JSON.stringify(type)} was ignored.`);
      else await handler(request, channel);
    } catch (error) {
      const { name, message, stack = "" } = error as Error;
      reply(request, channel, { status: "error", ename: name, evalue: message, traceback: stack.split("\n") });
    } finally {
      output.flush();
      publish("status", { execution_state: "idle" }, request);
    }
  }

  const handlers: { [type: string]: Handler } = {
    kernel_info_request: (request, channel) => reply(request, channel, kernelInfo()),
    execute_request: (request, channel) => execute(request, channel),
    is_complete_request: (request, channel) => reply(request, channel, isComplete(String(request.content.code ?? ""))),
    complete_request(request, channel) {
      const cursor = Number(request.content.cursor_pos ?? 0);
      reply(request, channel, { status: "ok", matches: [], cursor_start: cursor, cursor_end: cursor, metadata: {} });
    },
    inspect_request: (request, channel) =>
      reply(request, channel, { status: "ok", found: false, data: {}, metadata: {} }),
    history_request: (request, channel) =>
      reply(request, channel, { status: "ok", history: history.answer(request.content) }),
    comm_info_request(request, channel) {
      const wanted = request.content.target_name;
      const list = [...comms].filter(([, target]) => wanted === undefined || target === wanted);
      reply(request, channel, {
        status: "ok",
        comms: Object.fromEntries(list.map(([id, target]) => [id, { target_name: target }])),
      });
    },
    comm_open: (request) => passComm(request),
    comm_msg: (request) => passComm(request),
    comm_close: (request) => passComm(request),
    interrupt_request(request, channel) {
      interrupt();
      reply(request, channel, { status: "ok" });
    },
    async shutdown_request(request, channel) {
      await user.kill();
      reply(request, channel, { status: "ok", restart: request.content.restart === true });
      setTimeout(() => void shutdown(), 20);
    },
  };

  function passComm({ header, content, metadata, buffers }: Message): void {
    const id = String(content.comm_id);
    if (header.msg_type === "comm_open") comms.set(id, String(content.target_name));
    if (header.msg_type === "comm_close") comms.delete(id);
    const encoded = buffers.map((buffer) => Buffer.from(buffer).toString("base64"));
    user.send({ type: "comm", message: header.msg_type, content, metadata, buffers: encoded });
  }

  async function execute(request: Message, channel: Channel): Promise<void> {
    const { code = "", silent = false, stop_on_error = true, user_expressions = {} } = request.content;
    const store = request.content.store_history !== false && silent !== true;
    if (aborting) return reply(request, channel, { status: "aborted", execution_count: executionCount });
    if (store) {
      executionCount++;
      history.add(executionCount, String(code));
    }
    const count = executionCount;
    if (!silent) publish("execute_input", { code, execution_count: count }, request);
    const { outcome, expressions } = await runCode(
      request,
      String(code),
      count,
      user_expressions as { [name: string]: string },
    );
    output.flush();
    if (outcome.status === "error") {
      const { ename, evalue, traceback } = outcome;
      if (!silent) publish("error", { ename, evalue, traceback }, request);
      if (stop_on_error !== false && waiting > 1) aborting = true;
      return reply(request, channel, { ...outcome, execution_count: count });
    }
    reply(request, channel, { status: "ok", execution_count: count, payload: [], user_expressions: expressions });
  }

  async function runCode(request: Message, source: string, cell: number, expressions: { [name: string]: string }) {
    const run = nextRun++;
    requests.set(run, request);
    requests.delete(run - 1000); // late output of the last thousand runs still finds its cell
    await user.ready;
    return new Promise<{ outcome: RunOutcome; expressions: object }>((resolve) => {
      running = {
        request,
        run,
        finish(outcome, shown) {
          running = null;
          inputFor = null;
          resolve({ outcome, expressions: shown });
        },
      };
      user.send({ type: "run", run, cell, source, expressions });
    });
  }

  function interrupt(): void {
    const stopping = running;
    user.interrupt();
    if (stopping === null) return;
    setTimeout(() => {
      if (running !== stopping) return;
      const text = `The cell could not be interrupted within ${patienceMs / 1000} s, so its process was ended: its variables are gone. A new one is ready.`;
      void user.kill().then(() => {
        user = startUser();
        stopping.finish({ status: "error", ename: "Interrupted", evalue: text, traceback: [text] }, {});
      });
    }, patienceMs).unref();
  }

  async function shutdown(): Promise<void> {
    await user.kill();
    await sockets.close();
    setEnded(0);
  }

  publish("status", { execution_state: "starting" }, null);

  return { ended, interrupt, shutdown };
}

function kernelInfo(): object {
  return {
    status: "ok",
    protocol_version: "5.4",
    implementation: "autoagent",
    implementation_version: packageVersion(),
    language_info: {
      name: "typescript",
      version: "7.0",
      mimetype: "text/x-typescript",
      file_extension: ".ts",
      codemirror_mode: { name: "javascript", typescript: true },
      pygments_lexer: "typescript",
      nbconvert_exporter: "script",
    },
    banner: `TypeScript on Node ${process.versions.node}: AutoAgent Lab ${packageVersion()}`,
    help_links: [],
    supported_features: ["iopub_welcome"],
    debugger: false,
  };
}

function packageVersion(): string {
  for (const up of ["../..", "../../.."]) {
    try {
      return (JSON.parse(readFileSync(new URL(`${up}/package.json`, import.meta.url), "utf8")) as { version: string })
        .version;
    } catch {}
  }
  return "0";
}
