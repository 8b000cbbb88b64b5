/** Messages that are not what they should be, and connection files that cannot be used. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { readConnection } from "../../../kernel/wire/connection.ts";
import { addressOf, type Connection, createCodec, type Header } from "../../../kernel/wire/index.ts";
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

  it("are signed as Python's hmac signs the same bytes: the four parts alone, in order, in hexadecimal", () => {
    const header = { msg_id: "1", msg_type: "status" } as Header;
    const sent = { identities: [], header, parent: {}, metadata: { a: "→" }, content: { execution_state: "idle" } };
    for (const [scheme, signature] of [
      ["hmac-sha256", "fafb91e35971135b3b0ca9da33a1b78dc86086b105be62c3d6e7a132a5e1dc56"],
      [
        "hmac-sha512",
        "d3cf75fb9a2edb652b57121be3c610bd81605f6249f074c664dbc423beeb29c8c300a8345ad30985cdd97b2341996dc511174d40a19a8c6b08e855ea9e5b144d",
      ],
    ] as const) {
      const { encode } = createCodec({ key: "ключ", signature_scheme: scheme });
      const [mark, signed, ...parts] = encode({ ...sent, buffers: [Uint8Array.of(9)] }).map(String);
      assert.deepEqual([mark, signed], ["<IDS|MSG>", signature]);
      assert.deepEqual(
        parts.slice(0, 4),
        [header, {}, sent.metadata, sent.content].map((part) => JSON.stringify(part)),
      );
    }
    const unsigned = createCodec({ key: "", signature_scheme: "hmac-sha256" });
    assert.equal(String(unsigned.encode({ ...sent, buffers: [] })[1]), "");
  });

  it("have the header that the protocol asks for, and are their parent's children, sent where that came from", () => {
    const made = codec.make("status", { a: 1 });
    const { msg_id, date, ...header } = made.header;
    assert.deepEqual(header, { msg_type: "status", session: codec.session, username: "kernel", version: "5.4" });
    assert.equal(new Date(date).toISOString(), date);
    assert.notEqual(msg_id, codec.make("status", {}).header.msg_id);
    const empty = { identities: [], parent: {}, metadata: {}, content: { a: 1 }, buffers: [] };
    assert.deepEqual({ ...made, header: null }, { ...empty, header: null });
    const named = createCodec({ key: "", signature_scheme: "hmac-sha256" }, "runner");
    assert.equal(named.make("status", {}).header.username, "runner");
    assert.notEqual(named.session, codec.session);
    const identities = [Uint8Array.of(7)];
    const [parent, own] = [{ ...made, identities }, [Uint8Array.of(8)]];
    const child = codec.make("reply", {}, { parent, metadata: { b: 2 } });
    assert.deepEqual([child.parent, child.identities, child.metadata], [made.header, identities, { b: 2 }]);
    assert.deepEqual(codec.make("reply", {}, { parent, identities: own }).identities, own);
    assert.deepEqual(codec.make("reply", {}, { parent: { header: made.header } }).identities, []);
  });

  it("are read where their parts are what they must be, and dropped with the first reason otherwise", () => {
    const { decode } = createCodec({ key: "", signature_scheme: "hmac-sha256" });
    const frame = (...texts: string[]) => texts.map((text) => Buffer.from(text));
    const header = '{"msg_id":"1","msg_type":"status"}';
    const headless = "its header has no msg_type or msg_id";
    const cases: [frames: string[], reason: string][] = [
      [[], "no <IDS|MSG> delimiter"],
      [["", header, "{}", "{}", "{}"], "no <IDS|MSG> delimiter"],
      [["<IDS|MSG>"], "0 parts where at least 4 are needed"],
      [["id", "<IDS|MSG>", "", header, "{}", "{}"], "3 parts where at least 4 are needed"],
      [["<IDS|MSG>", "", "{", "{}", "{}", "{}"], "its parts are not JSON"],
      [["<IDS|MSG>", "", header, "{}", "{}", ""], "its parts are not JSON"],
      ...["null", "3", "[]", "{}", '{"msg_id":"1"}', '{"msg_type":"a"}', '{"msg_id":1,"msg_type":"a"}'].map(
        (bad): [string[], string] => [["<IDS|MSG>", "", bad, "{}", "{}", "{}"], headless],
      ),
      ...["null", "3", '"text"', "true"].map((bad): [string[], string] => [
        ["<IDS|MSG>", "", header, "{}", "{}", bad],
        "its content is not an object",
      ]),
    ];
    for (const [frames, dropped] of cases) assert.deepEqual(decode(frame(...frames)), { dropped }, frames.join(" "));
    for (const odd of ["null", "3", '"text"']) {
      const read = decode(frame("<IDS|MSG>", "whatever", header, odd, odd, "{}"));
      assert.ok("header" in read);
      assert.deepEqual([read.parent, read.metadata, read.identities, read.buffers], [{}, {}, [], []]);
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

  it("when any of its ports, its transport or its scheme is none, each told with what was given", () => {
    const path = join(folder, "odd.json");
    const refused = (given: object, sentence: string) => {
      writeFileSync(path, JSON.stringify({ ...ports, ...given }));
      assert.throws(() => readConnection(path), {
        name: "ConnectionFailure",
        message: `The connection file ${path} ${sentence}.`,
      });
    };
    for (const name of Object.keys(ports))
      for (const bad of [undefined, null, "1", -1, 1.5, 2 ** 53])
        refused({ [name]: bad }, `has no usable ${name}: got ${JSON.stringify(bad)}`);
    for (const bad of ["udp", "", null, 1])
      refused({ transport: bad }, `asks for transport ${JSON.stringify(bad)}: use tcp or ipc`);
    for (const bad of ["sha256", "hmac-", "hmac-SHA256", null, 256])
      refused({ signature_scheme: bad }, `asks for signature scheme ${JSON.stringify(bad)}: use hmac-sha256`);
    for (const text of ["7", "[]", '"text"', "true"]) {
      writeFileSync(path, text);
      assert.throws(() => readConnection(path), { name: "ConnectionFailure" }, text);
    }
    const none = join(folder, "none.json");
    assert.throws(() => readConnection(none), { message: `The connection file ${none} cannot be read (ENOENT).` });
    for (const left of [undefined, ""])
      assert.throws(() => readConnection(left), { message: /^No connection file was given: / });
  });

  it("but not with the least port, and is spoken to in ZeroMQ's words", () => {
    const path = join(folder, "least.json");
    writeFileSync(path, JSON.stringify({ ...ports, hb_port: 0 }));
    assert.equal(readConnection(path).hb_port, 0);
    const at = (transport: string, ip: string) => addressOf({ transport, ip } as Connection, 42);
    assert.deepEqual([at("tcp", "127.0.0.1"), at("ipc", "/a/b")], ["tcp://127.0.0.1:42", "ipc:///a/b-42"]);
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
