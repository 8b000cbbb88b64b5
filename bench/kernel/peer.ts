/**
 * One client for any Jupyter kernel: starts it from its command line, sends requests, tells what came back and when.
 * For comparisons, so it assumes little: no welcome, and idle that may come before the last output. Not here: what is
 * compared (`../kernel.ts`).
 */

import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as zmq from "zeromq";
import {
  addressOf,
  type Codec,
  type Connection,
  createCodec,
  type Message,
  portNames,
} from "../../kernel/wire/index.ts";
import { memoryOf } from "./memory.ts";

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
  /** After which nothing more is waited for. @default 4 minutes */
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

interface PeerState {
  readonly folder: string;
  readonly child: ChildProcess;
  /** The last that it printed on stderr. */
  said: string;
  readonly codec: Codec;
  readonly sockets: { shell: zmq.Dealer; control: zmq.Dealer; stdin: zmq.Dealer; iopub: zmq.Subscriber };
  readonly pending: Map<string, Waiting>;
  /** Answers to the questions of the cell that runs. */
  answers: unknown[];
  /** Whether anything was published where this client could hear it. */
  heard: boolean;
}

/** Starts a kernel and waits for its first reply, at most 60 s. */
export async function startPeer(options: PeerOptions): Promise<Peer> {
  const { name } = options;
  const began = performance.now();
  const state = await open(options);
  listenAll(state);
  const first = await request(state, "kernel_info_request", {}, { needsIdle: false });
  const startMs = performance.now() - began;
  // Nothing that is published counts until this client is known to be subscribed.
  for (let i = 0; i < 100 && !state.heard && first.reply !== null; i++) {
    await request(state, "kernel_info_request", {}, { needsIdle: false });
    await sleep(50);
  }
  if (first.reply === null || !state.heard) {
    await end(state);
    throw new Error(`The kernel ${name} did not start within 60 s: ${state.said.trim() || "it said nothing"}`);
  }
  return {
    name,
    startMs,
    send: (channel, type, content) => send(state, channel, type, content),
    run: (code, runOptions) => run(state, code, runOptions),
    async ask(type, content) {
      const { reply, tookMs } = await request(state, type, content, { needsIdle: false });
      return { content: reply?.content ?? {}, tookMs };
    },
    memoryMib: () => memoryOf(state.child),
    close: () => end(state),
  };
}

/** Starts the process, and connects to where it will listen. */
async function open({ argv, directory, environment = {} }: PeerOptions): Promise<PeerState> {
  const folder = mkdtempSync(join(tmpdir(), "peer-"));
  const connection = await freeConnection();
  const file = join(folder, "connection.json");
  writeFileSync(file, JSON.stringify(connection));
  const [program, ...rest] = argv.map((word) => word.replace("{connection_file}", file));
  const child = spawn(program!, rest, {
    cwd: directory,
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, NO_COLOR: "1", DENO_DIR: join(folder, "deno"), ...environment },
  });
  const routingId = randomUUID(); // one for all: questions go to the client that sent the cell
  const shell = new zmq.Dealer({ linger: 0, routingId });
  const control = new zmq.Dealer({ linger: 0, routingId });
  const stdin = new zmq.Dealer({ linger: 0, routingId });
  const iopub = new zmq.Subscriber({ linger: 0, receiveHighWaterMark: 0 });
  const sockets = { shell, control, stdin, iopub };
  for (const [name, socket] of Object.entries(sockets))
    socket.connect(addressOf(connection, connection[`${name}_port` as "shell_port"]));
  iopub.subscribe();
  const codec = createCodec(connection, "bench");
  const state: PeerState = {
    ...{ folder, child, said: "", codec, sockets, pending: new Map(), answers: [], heard: false },
  };
  child.stderr.on("data", (text) => {
    state.said = `${state.said}${text}`.slice(-2000);
  });
  return state;
}

function listenAll(state: PeerState): void {
  const { shell, iopub, stdin } = state.sockets;
  void listen(state, shell, (waiting, message) => {
    waiting.reply = message;
  });
  void listen(state, iopub, (waiting, message) => {
    if (message.content.execution_state === "idle") waiting.idle = true;
    else waiting.onMessage(message);
  });
  void listen(state, stdin, (waiting, message) => {
    waiting.onMessage(message);
    if (state.answers.length > 0) send(state, "stdin", "input_reply", { value: state.answers.shift() });
  });
}

async function listen(
  state: PeerState,
  socket: zmq.Dealer | zmq.Subscriber,
  take: (waiting: Waiting, message: Message) => void,
): Promise<void> {
  try {
    for await (const frames of socket) {
      const message = state.codec.decode(frames);
      if ("dropped" in message) continue;
      if (socket === state.sockets.iopub) state.heard = true;
      const waiting = state.pending.get(message.parent.msg_id ?? "");
      if (waiting === undefined) continue;
      take(waiting, message);
      if (waiting.reply !== null && waiting.idle) waiting.settle();
    }
  } catch {
    // closed: nobody listens any more
  }
}

function send(
  { sockets, codec }: PeerState,
  channel: "shell" | "control" | "stdin",
  type: string,
  content: object,
): void {
  void sockets[channel].send(codec.encode(codec.make(type, content)) as Buffer[]);
}

/** A busy machine may take long: what takes so long hangs. */
const usualLimitMs = 240_000;

async function request(
  { sockets, codec, pending }: PeerState,
  type: string,
  content: object,
  { limitMs = usualLimitMs, needsIdle = true, onMessage = (_: Message): void => {} } = {},
): Promise<{ reply: Message | null; tookMs: number }> {
  const message = codec.make(type, content);
  const sent = performance.now();
  const { promise: settled, resolve: settle } = Promise.withResolvers<void>();
  const waiting: Waiting = { onMessage, reply: null, idle: !needsIdle, settle };
  pending.set(message.header.msg_id, waiting);
  await sockets.shell.send(codec.encode(message) as Buffer[]);
  const limit = new AbortController();
  await Promise.race([settled, sleep(limitMs, undefined, { signal: limit.signal, ref: true }).catch(() => {})]);
  limit.abort();
  const tookMs = performance.now() - sent;
  // A kernel may say idle before its last output: what comes late still counts as the cell's.
  setTimeout(() => pending.delete(message.header.msg_id), 2000).unref();
  return { reply: waiting.idle ? waiting.reply : null, tookMs };
}

async function run(
  state: PeerState,
  code: string,
  { limitMs = usualLimitMs, content = {}, answers }: RunOptions = {},
): Promise<CellSeen> {
  const seen: CellSeen = {
    ...{ status: "none", stdout: "", stderr: "", shown: [], error: null, traceback: "" },
    ...{ log: [], questions: [], tookMs: 0 },
  };
  state.answers = [...(answers ?? [])];
  const sent = { ...executeContent(code), allow_stdin: answers !== undefined, ...content };
  const onMessage = (message: Message): void => note(seen, message);
  const { reply, tookMs } = await request(state, "execute_request", sent, { limitMs, onMessage });
  return Object.assign(seen, { status: String(reply?.content.status ?? "none"), tookMs });
}

async function end({ child, sockets, folder }: PeerState): Promise<void> {
  const gone = new Promise((resolve) => child.once("exit", resolve));
  if (child.exitCode === null && child.signalCode === null) {
    child.kill("SIGTERM");
    const force = setTimeout(() => child.kill("SIGKILL"), 3000);
    await gone;
    clearTimeout(force);
  }
  // A program that the kernel left behind may hold the pipe: nobody waits for it.
  child.stderr?.destroy();
  for (const socket of Object.values(sockets)) socket.close();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
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
