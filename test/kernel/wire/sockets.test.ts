/** The kernel's sockets with a peer: everything that was sent arrives, in order, also when they are closed at once. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as zmq from "zeromq";
import { addressOf, type Connection, createCodec, type Message } from "../../../kernel/wire/index.ts";
import { openSockets, type SocketEvents } from "../../../kernel/wire/sockets.ts";
import { leaveOut } from "../../support.ts";
import { hangMs } from "../../waiting.ts";

describe("the kernel's sockets", () => {
  let folder: string;
  let connection: Connection;
  beforeEach(function () {
    if (process.platform === "win32") leaveOut(this, "Windows has no sockets in folders");
    folder = mkdtempSync(join(tmpdir(), "sockets-"));
    const ports = { shell_port: 1, iopub_port: 2, stdin_port: 3, control_port: 4, hb_port: 5 };
    connection = {
      transport: "ipc",
      ip: join(folder, "s"),
      key: "k",
      signature_scheme: "hmac-sha256",
      ...ports,
    } as Connection;
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** A port, 0 for any, that is free again when its number is given. */
  const listenOnce = async (port: number): Promise<number> => {
    const server = createServer();
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    const { port: found } = server.address() as AddressInfo;
    server.close();
    await once(server, "close");
    return found;
  };
  const quiet: SocketEvents = { onMessage() {}, onDropped() {}, onSubscribe() {} };

  it("send what was given before they are closed, each channel in its order, under the message's topic", async () => {
    let subscribed: (topic: string) => void = () => {};
    const ready = new Promise<string>((resolve) => {
      subscribed = resolve;
    });
    const sockets = await openSockets(connection, {
      ...quiet,
      onSubscribe: (topic) => subscribed(Buffer.from(topic).toString()),
    });
    const reader = new zmq.Subscriber({ receiveHighWaterMark: 0, receiveTimeout: hangMs });
    reader.connect(addressOf(connection, connection.iopub_port));
    reader.subscribe("kernel.stream");
    assert.equal(await ready, "kernel.stream");
    const codec = createCodec(connection);
    const count = 500;
    for (let i = 0; i < count; i++) sockets.send("iopub", codec.make("stream", { i }));
    sockets.send("iopub", codec.make("status", { left: "out" }));
    const closed = sockets.close();
    const seen: unknown[] = [];
    try {
      while (seen.length < count) seen.push((codec.decode(await reader.receive()) as Message).content.i);
    } catch {} // nothing came for a while: what did is compared below
    await closed;
    reader.close();
    assert.deepEqual(
      seen,
      Array.from({ length: count }, (_, i) => i),
    );
  });

  it("answer on the channel that asked, beat, and tell what cannot be read", async () => {
    const got: [string, string][] = [];
    const dropped: [string, string][] = [];
    const sockets = await openSockets(connection, {
      ...quiet,
      onMessage(channel, message) {
        got.push([channel, message.header.msg_type]);
        sockets.send(channel, { ...codec.make("reply", { to: channel }), identities: message.identities });
      },
      onDropped: (channel, why) => void dropped.push([channel, why]),
    });
    const codec = createCodec(connection);
    for (const [name, port] of [
      ["shell", 1],
      ["stdin", 3],
      ["control", 4],
    ] as const) {
      const peer = new zmq.Dealer({ linger: 0 });
      peer.connect(addressOf(connection, port));
      await peer.send(["no message"]);
      await peer.send(codec.encode(codec.make("ask", {})) as Buffer[]);
      const [reply] = [codec.decode(await peer.receive()) as Message];
      assert.deepEqual(reply.content, { to: name });
      peer.close();
    }
    assert.deepEqual(got, [
      ["shell", "ask"],
      ["stdin", "ask"],
      ["control", "ask"],
    ]);
    assert.deepEqual(
      dropped.map(([channel]) => channel),
      ["shell", "stdin", "control"],
    );
    const heart = new zmq.Request({ linger: 0 });
    heart.connect(addressOf(connection, 5));
    await heart.send("ping");
    assert.equal(String((await heart.receive())[0]), "ping");
    heart.close();
    await sockets.close();
  });

  it("refuse a port that is taken by its address and its channel, and leave none open", async () => {
    const tcp: Connection = { ...connection, transport: "tcp", ip: "127.0.0.1" };
    const holder = new zmq.Router({ linger: 0 });
    await holder.bind("tcp://127.0.0.1:*");
    const port = Number(/:(\d+)$/.exec(holder.lastEndpoint!)![1]);
    const open = await listenOnce(0);
    await assert.rejects(openSockets({ ...tcp, shell_port: open, control_port: port }, quiet), {
      name: "ConnectionFailure",
      message: `The kernel cannot listen on tcp://127.0.0.1:${port} for its control channel (EADDRINUSE): is the port taken?`,
    });
    // ZeroMQ closes in a thread of its own, a moment later.
    for (let tries = 0; tries < 100; tries++)
      if (await listenOnce(open).catch(() => null)) break;
      else await sleep(50);
    assert.equal(await listenOnce(open), open);
    holder.close();
  });

  for (const others of [false, true])
    it(`keep a question for a front end whose channel for questions greets late, ${others ? "after another's" : "as the first"}`, async () => {
      const sockets = await openSockets(connection, quiet);
      const other = new zmq.Dealer({ linger: 0, routingId: "other" });
      if (others) {
        other.connect(addressOf(connection, connection.stdin_port));
        const greeting = sockets.codec.make("input_request", {});
        sockets.send("stdin", { ...greeting, identities: [Buffer.from("other")] });
        await other.receive();
      }
      const asked = sockets.codec.make("input_request", { prompt: "Name? ", password: false });
      sockets.send("stdin", { ...asked, identities: [Buffer.from("late")] });
      await sleep(100);
      const reader = new zmq.Dealer({ linger: 0, receiveTimeout: hangMs, routingId: "late" });
      reader.connect(addressOf(connection, connection.stdin_port));
      const got = createCodec(connection).decode(await reader.receive());
      assert.deepEqual("content" in got && got.content, { prompt: "Name? ", password: false });
      reader.close();
      other.close();
      await sockets.close();
      sockets.send("stdin", asked);
      await sockets.flush(); // what is sent too late is dropped, and not tried for ever
    });

  for (const others of [false, true])
    it(`are closed although a question waits for a front end that never comes, ${others ? "where another is there" : "and nobody else is there"}`, async () => {
      const sockets = await openSockets(connection, quiet);
      const question = sockets.codec.make("input_request", {});
      const other = new zmq.Dealer({ linger: 0, routingId: "other" });
      if (others) {
        other.connect(addressOf(connection, connection.stdin_port));
        sockets.send("stdin", { ...question, identities: [Buffer.from("other")] });
        await other.receive();
      }
      const waits = new Promise((resolve) => setTimeout(resolve, hangMs, "it waits").unref());
      sockets.send("stdin", { ...question, identities: [Buffer.from("never")] });
      assert.equal(await Promise.race([sockets.close().then(() => "closed"), waits]), "closed");
      other.close();
    });
});
