/** A Jupyter client: starts the kernel as a process of its own and talks to it over ZeroMQ, as any front end does. */

import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as zmq from "zeromq";
import { nodeFlags } from "../session/node-flags.ts";
import { uncaughtMark } from "../session/protocol.ts";
import { addressOf, type Codec, type Connection, createCodec, type Message, portNames } from "../wire/index.ts";
import { NotebookFailure } from "./format.ts";

/** A running kernel and the way to it. */
export interface Client {
  readonly pid: number;
  /** Runs code until the kernel is idle again; output that comes later still arrives through its own `onMessage`. */
  execute(code: string, onMessage: (message: Message) => void): Promise<Message>;
  /** Whether timers, requests or programs of cells are still under way; servers that wait for others do not count. */
  isAtWork(): Promise<boolean>;
  interrupt(): void;
  /** Ends the kernel, by request and then by force; leaves no file behind. */
  close(): Promise<void>;
}

/** What an ended kernel printed has arrived after this, unless somebody else holds its pipe. */
const graceMs = 300;

/** A request whose answer is waited for. */
interface Pending {
  reply: Message | null;
  idle: boolean;
  resolve(reply: Message): void;
  reject(error: Error): void;
}

interface ClientState {
  readonly folder: string;
  readonly child: { process: ChildProcess; printed: () => string };
  readonly codec: Codec;
  readonly sockets: { shell: zmq.Dealer; control: zmq.Dealer; iopub: zmq.Subscriber };
  readonly pending: Map<string, Pending>;
  /** Of every cell that was sent: what it does later is its own. */
  readonly listeners: Map<string, (message: Message) => void>;
  lastListener: (message: Message) => void;
  readonly welcomed: PromiseWithResolvers<void>;
  /** How the kernel ended, once it has. */
  died: string | null;
}

/** Starts the kernel in a folder. Throws a NotebookFailure with what it printed if it does not answer. */
export async function startClient(
  directory: string,
  { environment = {} }: { environment?: NodeJS.ProcessEnv } = {},
): Promise<Client> {
  const state = await open(directory, environment);
  const { child, codec, sockets } = state;
  const gone = watchEnd(state);
  void listen(state, sockets.shell, (message) => onReply(state, message));
  void listen(state, sockets.iopub, (message) => onPublished(state, message));
  const timer = setTimeout(state.welcomed.resolve, 30_000);
  await Promise.race([state.welcomed.promise, gone]);
  clearTimeout(timer);
  if (state.died !== null) {
    cleanUp(state); // or the sockets would keep the process alive
    throw new NotebookFailure(`The kernel did not start: ${state.died}`);
  }
  return {
    pid: child.process.pid!,
    execute(code, onMessage) {
      const request = codec.make("execute_request", executeContent({ code }));
      state.listeners.set(request.header.msg_id, onMessage);
      state.lastListener = onMessage;
      return send(state, request);
    },
    isAtWork: () => isAtWork(state),
    interrupt: () => void sockets.control.send(codec.encode(codec.make("interrupt_request", {})) as Buffer[]),
    async close() {
      if (state.died === null) {
        await sockets.control.send(codec.encode(codec.make("shutdown_request", { restart: false })) as Buffer[]);
        const force = setTimeout(() => child.process.kill("SIGKILL"), 5000);
        await gone;
        clearTimeout(force);
      }
      cleanUp(state);
    },
  };
}

async function open(directory: string, environment: NodeJS.ProcessEnv): Promise<ClientState> {
  const folder = mkdtempSync(join(tmpdir(), "autoagent-kernel-"));
  const connection = await chooseConnection(folder);
  const file = join(folder, "connection.json");
  writeFileSync(file, JSON.stringify(connection), { mode: 0o600 });
  const child = startKernel(directory, file, environment);
  const subscriber = new zmq.Subscriber({ linger: 0, receiveHighWaterMark: 0 });
  const sockets = {
    shell: connect(new zmq.Dealer({ linger: 0 }), connection, connection.shell_port),
    control: connect(new zmq.Dealer({ linger: 0 }), connection, connection.control_port),
    iopub: connect(subscriber, connection, connection.iopub_port),
  };
  sockets.iopub.subscribe();
  return {
    folder,
    child,
    codec: createCodec(connection, "runner"),
    sockets,
    pending: new Map(),
    listeners: new Map(),
    lastListener: () => {},
    welcomed: Promise.withResolvers<void>(),
    died: null,
  };
}

/** Resolves when the kernel has ended; who waits for an answer hears of it. */
function watchEnd(state: ClientState): Promise<void> {
  const { child, pending } = state;
  return new Promise((resolve) => {
    const end = (how: string): void => {
      state.died ??= `the kernel ended (${how})${child.printed() ? `: ${child.printed()}` : ""}`;
      for (const { reject } of pending.values()) reject(new NotebookFailure(state.died));
      resolve();
    };
    const tell = (code: number | null, signal: string | null): void => end(signal ?? `exit code ${code}`);
    child.process.on("close", tell);
    // `close` waits for the pipe, which a program that a cell left running may hold open for ever.
    child.process.on("exit", (code, signal) => setTimeout(tell, graceMs, code, signal));
    child.process.on("error", (error) => end(error.message));
  });
}

async function listen(
  { codec }: ClientState,
  socket: zmq.Dealer | zmq.Subscriber,
  onMessage: (message: Message) => void,
): Promise<void> {
  try {
    for await (const frames of socket) {
      const message = codec.decode(frames);
      if (!("dropped" in message)) onMessage(message);
    }
  } catch {
    // the kernel's end tells of it
  }
}

function onReply({ pending }: ClientState, message: Message): void {
  const waiting = pending.get(message.parent.msg_id!);
  if (waiting) waiting.reply = message;
  settle(waiting);
}

function onPublished({ pending, listeners, lastListener, welcomed }: ClientState, message: Message): void {
  if (message.header.msg_type === "iopub_welcome") return welcomed.resolve();
  const id = message.parent.msg_id!; // or none, which nobody waits for
  if (message.header.msg_type !== "status") return (listeners.get(id) ?? lastListener)(message);
  const waiting = pending.get(id);
  if (message.content.execution_state !== "idle" || waiting === undefined) return;
  waiting.idle = true;
  settle(waiting);
}

/** An answer is whole with the reply and the idle that comes after all output. */
function settle(waiting: Pending | undefined): void {
  if (waiting?.reply && waiting.idle) waiting.resolve(waiting.reply);
}

function send({ died, pending, sockets, codec }: ClientState, request: Message): Promise<Message> {
  if (died !== null) return Promise.reject(new NotebookFailure(died));
  return new Promise<Message>((resolve, reject) => {
    pending.set(request.header.msg_id, { reply: null, idle: false, resolve, reject });
    void sockets.shell.send(codec.encode(request) as Buffer[]);
  }).finally(() => pending.delete(request.header.msg_id));
}

async function isAtWork(state: ClientState): Promise<boolean> {
  const { codec } = state;
  const content = { silent: true, store_history: false, user_expressions: { isAtWork: unfinishedWork } };
  const { content: said } = await send(state, codec.make("execute_request", executeContent({ code: "", ...content })));
  if (said.status === "error") {
    const text = `${(said.traceback as string[]).join("\n")}\n`; // the user process has just ended
    state.lastListener(codec.make("stream", { name: "stderr", text }, { metadata: uncaughtMark }));
    return false;
  }
  const { isAtWork: found } = said.user_expressions as { isAtWork: { data?: { "text/plain": string } } };
  return found.data?.["text/plain"] === "true"; // a cell may have taken away what is asked
}

function cleanUp({ sockets, folder }: ClientState): void {
  for (const socket of Object.values(sockets)) socket.close();
  rmSync(folder, { recursive: true, force: true });
}

/** In the user process: what Node waits for before it ends, but for servers and pipes, which may wait for ever. */
const unfinishedWork =
  "globalThis.process.getActiveResourcesInfo().some((type) => /Timeout|Immediate|Req|Process|TCPSocket|TLS|Connect|Worker/.test(type))";

function executeContent(content: object): object {
  return {
    ...{ silent: false, store_history: true, user_expressions: {}, allow_stdin: false, stop_on_error: true },
    ...content,
  };
}

function connect<T extends zmq.Dealer | zmq.Subscriber>(socket: T, connection: Connection, port: number): T {
  socket.connect(addressOf(connection, port));
  return socket;
}

function startKernel(
  directory: string,
  file: string,
  environment: NodeJS.ProcessEnv,
): { process: ChildProcess; printed: () => string } {
  const typed = import.meta.filename.endsWith(".ts");
  const main = join(import.meta.dirname, "..", `main.${typed ? "ts" : "js"}`);
  const child = spawn(process.execPath, [...nodeFlags({ typed, small: true }), main, file], {
    cwd: directory,
    // A runner that was killed cannot end its kernel: the kernel looks whether it is still there.
    env: { ...process.env, JPY_PARENT_PID: String(process.pid), ...environment },
    stdio: ["ignore", "ignore", "pipe"],
    detached: true, // Ctrl-C is for the runner, which interrupts the cell
  });
  let printed = "";
  child.stderr!.setEncoding("utf8");
  child.stderr!.on("data", (text: string) => {
    printed = (printed + text).slice(-2000);
  });
  return { process: child, printed: () => printed.trim() };
}

/** Sockets in a private folder where the system has them, else free ports on loopback. */
async function chooseConnection(folder: string): Promise<Connection> {
  const common = { key: randomUUID(), signature_scheme: "hmac-sha256" };
  if (process.platform !== "win32") {
    const ports = Object.fromEntries(portNames.map((name, i) => [name, i + 1]));
    return { transport: "ipc", ip: join(folder, "socket"), ...common, ...ports } as Connection;
  }
  const entries = await Promise.all(portNames.map(async (name) => [name, await freePort()] as const));
  return { transport: "tcp", ip: "127.0.0.1", ...common, ...Object.fromEntries(entries) } as Connection;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
