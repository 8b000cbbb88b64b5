/** Messages that are not what they should be, and connection files that cannot be used. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { readConnection } from "../../../kernel/wire/connection.ts";
import { createCodec } from "../../../kernel/wire/index.ts";
import { hangMs } from "../../waiting.ts";
import { randomStream } from "./random.ts";

const main = resolve(import.meta.dirname, "../../../kernel/main.ts");
const ports = { shell_port: 1, iopub_port: 2, stdin_port: 3, control_port: 4, hb_port: 5 };

describe("signed messages", () => {
  const codec = createCodec({ key: "secret", signature_scheme: "hmac-sha256" });
  const message = codec.make("execute_request", { code: "1 → 2" }, { buffers: [Uint8Array.of(0, 255)] });
  const frames = codec.encode({ ...message, identities: [Uint8Array.of(7)] });

  it("come back as they were sent, with identities and buffers", () => {
    const read = codec.decode(frames);
    assert.ok("header" in read);
    assert.deepEqual(read.header, message.header);
    assert.deepEqual(read.content, { code: "1 → 2" });
    assert.deepEqual([...read.identities[0]!], [7]);
    assert.deepEqual([...read.buffers[0]!], [0, 255]);
  });

  it("end their identities at the first delimiter, whatever their buffers hold", () => {
    const again = codec.encode({ ...message, identities: [], buffers: [Buffer.from("<IDS|MSG>"), Uint8Array.of(1)] });
    const read = codec.decode(again);
    assert.ok("header" in read);
    assert.deepEqual(
      [read.identities.length, read.buffers.map((one) => Buffer.from(one).toString())],
      [0, ["<IDS|MSG>", "\u0001"]],
    );
  });

  it("are dropped, with the reason, when the key or any signed part differs", () => {
    const other = createCodec({ key: "other", signature_scheme: "hmac-sha256" });
    const dropped = { dropped: "its signature does not fit the connection's key" };
    assert.deepEqual(other.decode(frames), dropped);
    for (const part of [2, 3, 4, 5, 6]) {
      const changed = frames.map((frame, i) => (i === part ? Buffer.from([...frame, 32]) : frame));
      assert.deepEqual(codec.decode(changed), dropped, `part ${part}`);
    }
  });

  it("never throw, however garbled: 10,000 of them, signed and unsigned", () => {
    const unsigned = createCodec({ key: "", signature_scheme: "hmac-sha256" });
    const draw = randomStream(20_261_123);
    let read = 0;
    for (let i = 0; i < 10_000; i++) {
      const garbled = frames.map((frame) => Buffer.from(frame));
      for (let change = 0; change <= draw(4); change++) {
        const at = draw(garbled.length);
        const frame = garbled[at];
        if (draw(5) === 0) garbled.splice(at, 1);
        else if (frame !== undefined && frame.length > 0) frame[draw(frame.length)] = draw(256);
      }
      assert.doesNotThrow(() => codec.decode(garbled));
      if ("header" in unsigned.decode(garbled)) read++;
    }
    assert.ok(read > 0 && read < 10_000, `${read} of 10,000 unsigned messages could still be read`);
  });
});

describe("a connection file that cannot be used ends the kernel with one sentence and exit code 2", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "wire-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  function start(content?: string): Promise<{ code: number | null; said: string; path: string }> {
    const path = join(folder, "connection.json");
    if (content !== undefined) writeFileSync(path, content);
    const args = ["--disable-warning=ExperimentalWarning", main, ...(content === undefined ? [] : [path])];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"], timeout: hangMs });
    let said = "";
    child.stderr.on("data", (chunk) => {
      said += String(chunk);
    });
    return new Promise((done) => child.on("close", (code) => done({ code, said: said.trim(), path })));
  }

  it("when there is none", async () => {
    const { code, said } = await start();
    assert.equal(said, "No connection file was given: a Jupyter client starts this program with one as its argument.");
    assert.equal(code, 2);
  });

  it("when it is not JSON, or holds no object", async () => {
    const broken = await start("{");
    assert.match(broken.said, /^The connection file \S+ is not JSON \([^\n]+\)\.$/);
    assert.equal(broken.code, 2);
    const list = await start("null");
    assert.equal(list.said, `The connection file ${list.path} does not hold an object.`);
  });

  it("when a port is missing or no number, or the signature scheme is unknown", async () => {
    const port = await start(JSON.stringify({ ...ports, hb_port: "x" }));
    assert.equal(port.said, `The connection file ${port.path} has no usable hb_port: got "x".`);
    const scheme = await start(JSON.stringify({ ...ports, signature_scheme: "hmac-nothing" }));
    assert.equal(
      scheme.said,
      `The connection file ${scheme.path} asks for signature scheme "hmac-nothing": use hmac-sha256.`,
    );
    assert.equal(scheme.code, 2);
  });

  it("when the key or the address is no text", async () => {
    for (const [name, value] of [
      ["key", 5],
      ["key", null],
      ["ip", ["127.0.0.1"]],
    ] as const) {
      const path = join(folder, "typed.json");
      writeFileSync(path, JSON.stringify({ ...ports, [name]: value }));
      assert.throws(() => readConnection(path), {
        name: "ConnectionFailure",
        message: `The connection file ${path} has a ${name} that is no text: got ${JSON.stringify(value)}.`,
      });
    }
  });

  it("but not when it leaves out what is usual", () => {
    const path = join(folder, "short.json");
    writeFileSync(path, JSON.stringify({ ...ports, kernel_name: "own" }));
    const usual = { transport: "tcp", ip: "127.0.0.1", key: "", signature_scheme: "hmac-sha256" };
    assert.deepEqual(readConnection(path), { ...ports, ...usual, kernel_name: "own" });
    const said = { transport: "ipc", ip: "socket", key: "k", signature_scheme: "hmac-sha512" };
    writeFileSync(path, JSON.stringify({ ...ports, ...said }));
    assert.deepEqual(readConnection(path), { ...ports, ...said });
  });

  it("when a port is taken", async () => {
    const server = createServer();
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const { port } = server.address() as { port: number };
    try {
      const { code, said } = await start(JSON.stringify({ ...ports, shell_port: port, ip: "127.0.0.1", key: "k" }));
      assert.equal(
        said,
        `The kernel cannot listen on tcp://127.0.0.1:${port} for its shell channel (EADDRINUSE): is the port taken?`,
      );
      assert.equal(code, 2);
    } finally {
      server.close();
    }
  });
});
