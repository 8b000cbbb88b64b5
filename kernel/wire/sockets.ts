/**
 * The kernel's five ZeroMQ sockets: binding, one send at a time per socket, receiving as callbacks. zeromq.js allows one
 * pending send a socket, so sends are queued here; iopub has no high-water mark, or a burst of output would be lost.
 */

import { setTimeout as sleep } from "node:timers/promises";
import * as zmq from "zeromq";
import { type Serial, serial } from "../common/serial.ts";
import { addressOf, type Connection, ConnectionFailure } from "./connection.ts";
import { type Codec, createCodec, type Message } from "./message.ts";

/** The channels on which messages are received. */
export type Channel = "shell" | "control" | "stdin";

/** Bound sockets of a kernel. */
export interface Sockets {
  codec: Codec;
  /** Sends on a channel, in order. */
  send(channel: Channel | "iopub", message: Message): void;
  /** Resolves when everything sent so far is on its way. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** What the owner is told. */
export interface SocketEvents {
  onMessage(channel: Channel, message: Message): void;
  /** A message that could not be read, and why. */
  onDropped(channel: Channel, why: string): void;
  /** Somebody subscribed to iopub. */
  onSubscribe(topic: Uint8Array): void;
}

/** Binds the sockets of a connection. Throws a ConnectionFailure when a port is taken. */
export async function openSockets(connection: Connection, events: SocketEvents): Promise<Sockets> {
  const codec = createCodec(connection);
  const options = { linger: 1000, sendHighWaterMark: 0, receiveHighWaterMark: 0 };
  const shell = new zmq.Router(options);
  const control = new zmq.Router(options);
  const stdin = new zmq.Router({ ...options, mandatory: true, sendTimeout: looksEachMs });
  const iopub = new zmq.XPublisher({ ...options, verbosity: "allSubs" });
  const heartbeat = new zmq.Router({ linger: 0 });
  const all = { shell, control, stdin, iopub, hb: heartbeat };
  for (const [name, socket] of Object.entries(all)) {
    const port = connection[`${name}_port` as "shell_port"];
    try {
      await socket.bind(addressOf(connection, port));
    } catch (cause) {
      for (const one of Object.values(all)) one.close();
      const why = (cause as NodeJS.ErrnoException).code ?? (cause as Error).message;
      throw new ConnectionFailure(
        `The kernel cannot listen on ${addressOf(connection, port)} for its ${name} channel (${why}): is the port taken?`,
        { cause },
      );
    }
  }
  const channels = { shell, control, stdin };
  for (const [name, socket] of Object.entries(channels)) void receive(name as Channel, socket, codec, events);
  void watchSubscriptions(iopub, events);
  void beat(heartbeat);
  const queues = new Map<zmq.Router | zmq.XPublisher, Serial>(
    [shell, control, stdin, iopub].map((socket) => [socket, serial()]),
  );
  const closing = new AbortController();
  const flush = async (): Promise<void> => {
    await Promise.all([...queues.values()].map((queue) => queue.idle()));
  };
  return {
    codec,
    send(channel, message) {
      const socket = channel === "iopub" ? iopub : channels[channel];
      const topic = channel === "iopub" ? [Buffer.from(`kernel.${message.header.msg_type}`)] : message.identities;
      const frames = codec.encode({ ...message, identities: topic });
      queues
        .get(socket)!
        .run(() =>
          socket === stdin ? sendWhenThere(stdin, frames as Buffer[], closing.signal) : socket.send(frames as Buffer[]),
        )
        .catch(() => {});
    },
    flush,
    async close() {
      closing.abort();
      await flush();
      for (const socket of Object.values(all)) socket.close();
    },
  };
}

/** How long a question waits for its front end, and how often it looks. */
const [comesWithinMs, looksEachMs] = [5000, 20];

/** How ZeroMQ says that a front end is not there: other peers are, or none is. */
const isAbsent = (code: string | undefined): boolean => code === "EHOSTUNREACH" || code === "EAGAIN";

/**
 * A front end may connect its channels in any order, and send a cell before the one for questions has greeted: a question
 * to it would be dropped without a word, and the cell would wait for ever. Who never comes is given up, and at once where the
 * sockets are closed: an end waits for nobody.
 */
async function sendWhenThere(socket: zmq.Router, frames: Buffer[], closing: AbortSignal): Promise<void> {
  const end = performance.now() + comesWithinMs;
  for (;;)
    try {
      return await socket.send(frames);
    } catch (error) {
      if (!isAbsent((error as NodeJS.ErrnoException).code) || closing.aborted || performance.now() > end) throw error;
      await sleep(looksEachMs);
    }
}

async function receive(channel: Channel, socket: zmq.Router, codec: Codec, events: SocketEvents): Promise<void> {
  for await (const frames of socket) {
    const message = codec.decode(frames);
    if ("dropped" in message) events.onDropped(channel, message.dropped);
    else events.onMessage(channel, message);
  }
}

async function watchSubscriptions(iopub: zmq.XPublisher, events: SocketEvents): Promise<void> {
  for await (const frames of iopub) {
    const frame = frames[0]!; // a message has one at least
    if (frame[0] === 1) events.onSubscribe(frame.subarray(1));
  }
}

async function beat(heartbeat: zmq.Router): Promise<void> {
  for await (const frames of heartbeat) await heartbeat.send(frames).catch(() => {});
}
