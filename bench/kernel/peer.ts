/**
 * One client for any Jupyter kernel: starts it from its command line, sends requests, tells what came back and when.
 * For comparisons, so it assumes little: no welcome, and idle that may come before the last output. Not here: what is
 * compared (`../kernel.ts`).
 */

import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as zmq from "zeromq";
import { addressOf, type Connection, createCodec, type Message, portNames } from "../../kernel/wire/index.ts";

/** A command line; `{connection_file}` stands for the file's path. */
export interface PeerOptions {
  name: string;
  argv: string[];
  /** Where cells find their packages. */
  directory: string;
  environment?: { [name: string]: string };
}

/** What a cell brought. */
export interface CellSeen {
  /** Of the reply: "ok", "error", "abort"; "none" when no reply came in time. */
  status: string;
  stdout: string;
  stderr: string;
  /** Bundles of execute_result and display_data, in order. */
  shown: { [mimeType: string]: unknown }[];
  error: string | null;
  traceback: string;
  /** All of it as it came: type and content. */
  log: { type: string; content: Message["content"] }[];
  /** What the cell asked on stdin. */
  questions: string[];
  /** From sending to the later of reply and idle. */
  tookMs: number;
}

/** A running kernel. */
export interface Peer {
  readonly name: string;
  /** From starting the process to its first reply. */
  readonly startMs: number;
  /** Runs a cell; one that does not end is given up, and its status is "none". */
  run(code: string, options?: RunOptions): Promise<CellSeen>;
  /** Sends what has no reply, or one that nobody waits for. */
  send(channel: "shell" | "control" | "stdin", type: string, content: object): void;
  /** A request on shell and its reply's content, and how long it took. */
  ask(type: string, content: object): Promise<{ content: Message["content"]; tookMs: number }>;
  /** Memory of the kernel and the processes below it, in MiB, pages that they share counted once; NaN where there is no /proc. */
  memoryMib(): number;
  close(): Promise<void>;
}

/** How a cell is run. */
export interface RunOptions {
  limitMs?: number;
  /** In place of what a notebook sends: `silent`, `store_history`, ... */
  content?: object;
  /** What its questions are answered with, one after another; without them the client takes no input. */
  answers?: unknown[];
}

interface Waiting {
  onMessage(message: Message): void;
  reply: Message | null;
  idle: boolean;
  settle(): void;
}

/** Starts a kernel and waits for its first reply, at most 60 s. */
export async function startPeer({ name, argv, directory, environment = {} }: PeerOptions): Promise<Peer> {
  const folder = mkdtempSync(join(tmpdir(), "peer-"));
  const connection = await freeConnection();
  const file = join(folder, "connection.json");
  writeFileSync(file, JSON.stringify(connection));
  const [program, ...rest] = argv.map((word) => word.replace("{connection_file}", file));
  const began = performance.now();
  const child = spawn(program!, rest, {
    cwd: directory,
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, NO_COLOR: "1", DENO_DIR: join(folder, "deno"), ...environment },
  });
  let said = "";
  child.stderr.on("data", (text) => (said = `${said}${text}`.slice(-2000)));
  const codec = createCodec(connection, "bench");
  const routingId = randomUUID(); // one for all: questions go to the client that sent the cell
  const shell = new zmq.Dealer({ linger: 0, routingId });
  const control = new zmq.Dealer({ linger: 0, routingId });
  const stdin = new zmq.Dealer({ linger: 0, routingId });
  const iopub = new zmq.Subscriber({ linger: 0, receiveHighWaterMark: 0 });
  shell.connect(addressOf(connection, connection.shell_port));
  control.connect(addressOf(connection, connection.control_port));
  stdin.connect(addressOf(connection, connection.stdin_port));
  iopub.connect(addressOf(connection, connection.iopub_port));
  iopub.subscribe();
  const pending = new Map<string, Waiting>();
  let heard = false;
  const listen = async (socket: zmq.Dealer | zmq.Subscriber, take: (waiting: Waiting, message: Message) => void) => {
    for await (const frames of socket) {
      const message = codec.decode(frames);
      if ("dropped" in message) continue;
      if (socket === iopub) heard = true;
      const waiting = pending.get(message.parent.msg_id ?? "");
      if (waiting === undefined) continue;
      take(waiting, message);
      if (waiting.reply !== null && waiting.idle) waiting.settle();
    }
  };
  void listen(shell, (waiting, message) => (waiting.reply = message)).catch(() => {});
  void listen(iopub, (waiting, message) => {
    if (message.content.execution_state === "idle") waiting.idle = true;
    else waiting.onMessage(message);
  }).catch(() => {});

  let answers: unknown[] = [];
  const send: Peer["send"] = (channel, type, content) =>
    void { shell, control, stdin }[channel].send(codec.encode(codec.make(type, content)) as Buffer[]);
  void listen(stdin, (waiting, message) => {
    waiting.onMessage(message);
    if (answers.length > 0) send("stdin", "input_reply", { value: answers.shift() });
  }).catch(() => {});

  const request = async (
    type: string,
    content: object,
    { limitMs = 60_000, needsIdle = true, onMessage = (_: Message): void => {} } = {},
  ): Promise<{ reply: Message | null; tookMs: number }> => {
    const message = codec.make(type, content);
    const sent = performance.now();
    const waiting: Waiting = { onMessage, reply: null, idle: !needsIdle, settle: () => {} };
    const settled = new Promise<void>((resolve) => (waiting.settle = resolve));
    pending.set(message.header.msg_id, waiting);
    await shell.send(codec.encode(message) as Buffer[]);
    const limit = new AbortController();
    await Promise.race([settled, sleep(limitMs, undefined, { signal: limit.signal, ref: true }).catch(() => {})]);
    limit.abort();
    const tookMs = performance.now() - sent;
    // A kernel may say idle before its last output: what comes late still counts as the cell's.
    setTimeout(() => pending.delete(message.header.msg_id), 2000).unref();
    return { reply: waiting.idle ? waiting.reply : null, tookMs };
  };

  const end = async (): Promise<void> => {
    const gone = new Promise((resolve) => child.once("exit", resolve));
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGTERM");
      const force = setTimeout(() => child.kill("SIGKILL"), 3000);
      await gone;
      clearTimeout(force);
    }
    // A program that the kernel left behind may hold the pipe: nobody waits for it.
    child.stderr?.destroy();
    for (const socket of [shell, control, stdin, iopub]) socket.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };

  const first = await request("kernel_info_request", {}, { needsIdle: false });
  const startMs = performance.now() - began;
  // Nothing that is published counts until this client is known to be subscribed.
  for (let i = 0; i < 100 && !heard && first.reply !== null; i++) {
    await request("kernel_info_request", {}, { needsIdle: false });
    await sleep(50);
  }
  if (first.reply === null || !heard) {
    await end();
    throw new Error(`The kernel ${name} did not start within 60 s: ${said.trim() || "it said nothing"}`);
  }

  return {
    name,
    startMs,
    send,
    async run(code, { limitMs = 60_000, content = {}, answers: given } = {}) {
      const seen: CellSeen = {
        ...{ status: "none", stdout: "", stderr: "", shown: [], error: null, traceback: "" },
        ...{ log: [], questions: [], tookMs: 0 },
      };
      answers = [...(given ?? [])];
      const sent = { ...executeContent(code), allow_stdin: given !== undefined, ...content };
      const { reply, tookMs } = await request("execute_request", sent, {
        limitMs,
        onMessage: (message) => note(seen, message),
      });
      return Object.assign(seen, { status: String(reply?.content.status ?? "none"), tookMs });
    },
    async ask(type, content) {
      const { reply, tookMs } = await request(type, content, { needsIdle: false });
      return { content: reply?.content ?? {}, tookMs };
    },
    memoryMib: () => memoryOf(child),
    close: end,
  };
}

function executeContent(code: string): object {
  return { code, silent: false, store_history: true, user_expressions: {}, allow_stdin: false, stop_on_error: true };
}

function note(seen: CellSeen, { header, content }: Message): void {
  seen.log.push({ type: header.msg_type, content });
  if (header.msg_type === "input_request") seen.questions.push(String(content.prompt));
  else if (header.msg_type === "stream") seen[content.name as "stdout" | "stderr"] += String(content.text);
  else if (header.msg_type === "error") {
    seen.error = `${content.ename}: ${content.evalue}`;
    seen.traceback = (content.traceback as string[]).join("\n");
  } else if (/^(execute_result|display_data)$/.test(header.msg_type)) seen.shown.push(content.data as object as never);
}

async function freeConnection(): Promise<Connection> {
  const ports: [string, number][] = [];
  const held = portNames.map(() => createServer());
  for (const [i, server] of held.entries()) {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    ports.push([portNames[i]!, (server.address() as { port: number }).port]);
  }
  for (const server of held) await new Promise((resolve) => server.close(resolve));
  const common = { transport: "tcp", ip: "127.0.0.1", key: randomUUID(), signature_scheme: "hmac-sha256" };
  return { ...common, ...Object.fromEntries(ports) } as Connection;
}

function memoryOf({ pid }: ChildProcess): number {
  try {
    const parents = new Map<number, number>();
    for (const entry of readdirSync("/proc")) {
      if (!/^\d+$/.test(entry)) continue;
      try {
        const stat = readFileSync(`/proc/${entry}/stat`, "utf8");
        parents.set(Number(entry), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
      } catch {} // it ended just now
    }
    const below = (one: number): number[] => [
      one,
      ...[...parents].filter(([, parent]) => parent === one).flatMap(([child]) => below(child)),
    ];
    const pages = below(pid ?? -1).map((one) => {
      const text = readFileSync(`/proc/${one}/smaps_rollup`, "utf8");
      const kib = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(text)?.[1] ?? 0);
      return {
        own: kib("Private_Clean") + kib("Private_Dirty"),
        shared: kib("Shared_Clean") + kib("Shared_Dirty"),
      };
    });
    // Two processes of one program share its code: it is in memory once.
    const shared = Math.max(...pages.map((one) => one.shared));
    return (pages.reduce((sum, { own }) => sum + own, 0) + shared) / 1024;
  } catch {
    return Number.NaN;
  }
}
