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
import { addressOf, type Connection, createCodec, type Message, portNames } from "../wire/index.ts";
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

/** Starts the kernel in a folder. Throws a NotebookFailure with what it printed if it does not answer. */
export async function startClient(
  directory: string,
  { environment = {} }: { environment?: NodeJS.ProcessEnv } = {},
): Promise<Client> {
  const folder = mkdtempSync(join(tmpdir(), "autoagent-kernel-"));
  const connection = await chooseConnection(folder);
  const file = join(folder, "connection.json");
  writeFileSync(file, JSON.stringify(connection), { mode: 0o600 });
  const child = startKernel(directory, file, environment);
  const codec = createCodec(connection, "runner");
  const shell = connect(new zmq.Dealer({ linger: 0 }), connection, connection.shell_port);
  const control = connect(new zmq.Dealer({ linger: 0 }), connection, connection.control_port);
  const iopub = connect(new zmq.Subscriber({ linger: 0, receiveHighWaterMark: 0 }), connection, connection.iopub_port);
  iopub.subscribe();
  const pending = new Map<string, Pending>();
  let died: string | null = null;
  void listen(shell, (message) => {
    const waiting = pending.get(message.parent.msg_id ?? "");
    if (waiting) waiting.reply = message;
    settle(waiting);
  });
  let welcome: () => void = () => {};
  const welcomed = new Promise<void>((resolve) => {
    welcome = resolve;
  });
  void listen(iopub, (message) => {
    if (message.header.msg_type === "iopub_welcome") return welcome();
    const id = message.parent.msg_id ?? "";
    if (message.header.msg_type !== "status") return (listeners.get(id) ?? lastListener)(message);
    const waiting = pending.get(id);
    if (message.content.execution_state !== "idle" || waiting === undefined) return;
    waiting.idle = true;
    settle(waiting);
  });
  /** Of every cell that was sent: what it does later is its own. */
  const listeners = new Map<string, (message: Message) => void>();
  let lastListener: (message: Message) => void = () => {};
  function settle(waiting: Pending | undefined): void {
    if (waiting?.reply && waiting.idle) waiting.resolve(waiting.reply);
  }
  function listen(socket: zmq.Dealer | zmq.Subscriber, onMessage: (message: Message) => void): Promise<void> {
    return (async () => {
      for await (const frames of socket) {
        const message = codec.decode(frames);
        if (!("dropped" in message)) onMessage(message);
      }
    })().catch(() => {});
  }
  const gone = new Promise<void>((resolve) => {
    child.process.on("close", (code, signal) => {
      died = `the kernel ended (${signal ?? `exit code ${code}`})${child.printed() ? `: ${child.printed()}` : ""}`;
      for (const { reject } of pending.values()) reject(new NotebookFailure(died));
      resolve();
    });
  });
  const timer = setTimeout(() => welcome(), 30_000);
  await Promise.race([welcomed, gone]);
  clearTimeout(timer);
  if (died !== null) {
    for (const socket of [shell, control, iopub]) socket.close(); // or they would keep the process alive
    rmSync(folder, { recursive: true, force: true });
    throw new NotebookFailure(`The kernel did not start: ${died as string}`);
  }
  function send(request: Message): Promise<Message> {
    if (died !== null) return Promise.reject(new NotebookFailure(died));
    return new Promise<Message>((resolve, reject) => {
      pending.set(request.header.msg_id, { reply: null, idle: false, resolve, reject });
      void shell.send(codec.encode(request) as Buffer[]);
    }).finally(() => pending.delete(request.header.msg_id));
  }
  return {
    pid: child.process.pid ?? -1,
    execute(code, onMessage) {
      const request = codec.make("execute_request", executeContent({ code }));
      listeners.set(request.header.msg_id, onMessage);
      lastListener = onMessage;
      return send(request);
    },
    async isAtWork() {
      const content = { silent: true, store_history: false, user_expressions: { isAtWork: unfinishedWork } };
      const { content: said } = await send(codec.make("execute_request", executeContent({ code: "", ...content })));
      if (said.status === "error") {
        const text = `${(said.traceback as string[] | undefined)?.join("\n")}\n`; // the user process has just ended
        lastListener(codec.make("stream", { name: "stderr", text }, { metadata: uncaughtMark }));
      }
      const { isAtWork } = (said.user_expressions ?? {}) as { isAtWork?: { data?: { "text/plain"?: string } } };
      return isAtWork?.data?.["text/plain"] === "true";
    },
    interrupt: () => void control.send(codec.encode(codec.make("interrupt_request", {})) as Buffer[]),
    async close() {
      if (died === null) {
        await control.send(codec.encode(codec.make("shutdown_request", { restart: false })) as Buffer[]);
        const force = setTimeout(() => child.process.kill("SIGKILL"), 5000);
        await gone;
        clearTimeout(force);
      }
      for (const socket of [shell, control, iopub]) socket.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** In the user process: what Node waits for before it ends, but for servers and pipes, which may wait for ever. */
const unfinishedWork =
  "process.getActiveResourcesInfo().some((type) => /Timeout|Immediate|Req|Process|TCPSocket|TLS|Connect|Worker/.test(type))";

function executeContent(content: object): object {
  return {
    ...{ silent: false, store_history: true, user_expressions: {}, allow_stdin: false, stop_on_error: true },
    ...content,
  };
}

interface Pending {
  reply: Message | null;
  idle: boolean;
  resolve(reply: Message): void;
  reject(error: Error): void;
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
  child.stderr?.setEncoding("utf8");
  child.stderr?.on("data", (text: string) => {
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
