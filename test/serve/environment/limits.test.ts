/** What a server bears: too many clients, silent ones, ones that are gone or read nothing, and frames that are none. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";
import type { Environment, Transition } from "../../../src/environment/index.ts";
import { SurvivalEnv } from "../../../src/environment/index.ts";
import { type EnvironmentServerOptions, serveEnvironment } from "../../../src/serve/environment/index.ts";
import { hangMs, until } from "../../waiting.ts";
import { Client } from "./client.ts";

const over = { terminated: false, truncated: false, info: { rewards: { one: 1 }, report: null } } as const;

/** An environment without a sandbox, whose observation is as long as the program says. */
class Long implements Environment<string> {
  static open = 0;
  static steps = 0;
  reset = async (): Promise<[string, Transition<string>["info"]]> => {
    Long.open++;
    return ["", { rewards: {}, report: null }];
  };
  step = async (program: string): Promise<Transition<string>> => {
    Long.steps++;
    return { observation: "x".repeat(Number(program)), reward: 1, ...over };
  };
  clone = (): Long => new Long();
  close = async (): Promise<void> => {
    Long.open--;
  };
}

/** An environment whose steps take as long as ten silences of a client. */
class Slow implements Environment<string> {
  static steps = 0;
  static closed = 0;
  static ended = 0;
  reset = async (): Promise<[string, Transition<string>["info"]]> => ["", { rewards: {}, report: null }];
  step = async (): Promise<Transition<string>> => {
    Slow.steps++;
    await new Promise((resolve) => setTimeout(resolve, 600));
    Slow.ended++;
    return { observation: "", reward: 1, ...over };
  };
  clone = (): Slow => new Slow();
  close = async (): Promise<void> => {
    Slow.closed++;
  };
}

/** A connection that asks to be a WebSocket, and knows nothing of the protocol. `stays`: also when the server ends its half. */
function connectBare(url: string, { path = "/ws", stays = false } = {}): Socket {
  const { hostname, port } = new URL(url);
  const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: stays });
  const key = Buffer.alloc(16).toString("base64");
  const head = `GET ${path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`;
  socket.write(`${head}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`);
  return socket;
}

describe("an environment server", () => {
  const survival = new SurvivalEnv({ maxSteps: 2 });
  after(() => survival.close());
  const serve = (options: EnvironmentServerOptions = {}, env: Environment = survival) =>
    serveEnvironment(env, { port: 0, ...options });
  const isHere = async (url: string): Promise<boolean> => {
    const client = await Client.open(url);
    const { type } = await client.reset({ seed: 1 });
    await client.close();
    return type === "observation";
  };

  it("takes 64 of 70 clients, tells six that there is no room, and has room again when some leave", async () => {
    await using server = await serve();
    assert.deepEqual(server.sessions, { active: 0, most: 64 });
    const clients = await Promise.all(Array.from({ length: 70 }, () => Client.open(server.url)));
    const firsts = await Promise.all(clients.map((client, i) => client.reset({ seed: i })));
    const refused = firsts.flatMap(({ type, data }) => (type === "error" ? [data] : []));
    const message =
      "Server at capacity: 64/64 sessions active. Close a session, or start the server with more --sessions";
    assert.equal(refused.length, 6);
    for (const data of refused)
      assert.deepEqual(data, { message, code: "CAPACITY_REACHED", active_sessions: 64, max_sessions: 64 });
    for (const [i, { type }] of firsts.entries())
      if (type === "error") assert.equal((await clients[i]!.closed)[0], 1013);
    assert.equal((await fetch(`${server.url}/reset`, { method: "POST" })).status, 503);
    const steps = await Promise.all(
      clients.filter((_, i) => firsts[i]!.type !== "error").map((client) => client.step("self.a = 1")),
    );
    assert.deepEqual(new Set(steps.map(({ data }) => data.reward)), new Set([1]));
    await Promise.all(clients.map((client) => client.close()));
    assert.ok(await until(() => server.sessions.active === 0));
    assert.ok(await isHere(server.url));
  });

  it("closes a session that sends nothing, and the next one works", async () => {
    await using server = await serve({ idleSeconds: 0.2, pingSeconds: 0.05 });
    const client = await Client.open(server.url);
    await client.reset({ seed: 1 });
    assert.deepEqual(await client.closed, [1001, "idle for 0.2 s"]);
    assert.ok(await until(() => server.sessions.active === 0));
    assert.ok(await isHere(server.url));
  });

  it("drops a client that is half gone: its socket is open, and it answers no ping", async () => {
    await using server = await serve({ silenceSeconds: 0.3, pingSeconds: 0.05 });
    const socket = connectBare(server.url);
    assert.ok(await until(() => server.sessions.active === 1));
    const there = await Client.open(server.url);
    await once(socket.resume(), "close");
    assert.ok(await until(() => server.sessions.active === 1));
    assert.equal((await there.reset({ seed: 1 })).type, "observation", "one that answers pings stays");
    await there.close();
  });

  it("keeps a client that has sent ahead, whose answers to pings nobody reads before its own are given", async () => {
    await using server = await serve({ silenceSeconds: 0.2, pingSeconds: 0.02 }, new Slow());
    const client = await Client.open(server.url);
    await client.reset();
    for (let i = 0; i < 5; i++) client.send({ type: "step", data: { program: "" } });
    for (let i = 0; i < 5; i++) assert.equal((await client.answer()).type, "observation");
    await client.close();
  });

  it("frees the session of a client that is killed, also while its program runs in a loop without end", async () => {
    await using server = await serve();
    const program = `
      import { WebSocket } from "ws";
      const socket = new WebSocket(process.argv[1].replace("http", "ws") + "/ws");
      socket.on("open", () => socket.send('{"type": "reset"}'));
      socket.on("message", () => { socket.send('{"type": "step", "data": {"program": "for (;;) {}"}}'); console.log("sent"); });
    `;
    const child = spawn(process.execPath, ["--input-type=module", "-e", program, server.url], {
      cwd: import.meta.dirname,
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(createInterface(child.stdout), "line");
    assert.equal(server.sessions.active, 1);
    child.kill("SIGKILL");
    assert.ok(await until(() => server.sessions.active === 0));
    assert.ok(await isHere(server.url));
  });

  it("waits for a client that does not read, takes no more from it, and answers others meanwhile", async () => {
    await using server = await serve({}, new Long());
    const slow = await Client.open(server.url);
    await slow.reset();
    slow.socket.pause();
    for (let i = 0; i < 200; i++) slow.send({ type: "step", data: { program: String(2 ** 20) } });
    const other = await Client.open(server.url);
    for (let i = 0; i < 20; i++) assert.equal((await other.reset()).type, "observation");
    await new Promise((resolve) => setTimeout(resolve, 200));
    // What the system's own buffers hold has left the server; after that it waits.
    assert.ok(Long.steps < 100, `${Long.steps} of 200 answers of 1 MiB were made for nobody`);
    slow.socket.resume();
    for (let i = 0; i < 200; i++) assert.equal((await slow.answer()).data.observation.observation.length, 2 ** 20);
    await Promise.all([slow.close(), other.close()]);
  });

  it("closes a connection that sends what is no frame of text, or too long a one, and stays", async () => {
    await using server = await serve();
    for (const [wrong, code] of [
      [Buffer.from([0xff, 0xff, 0xff, 0xff]), 1002],
      [Buffer.from([0x81, 0x84, 0, 0, 0, 0, 0xc3, 0x28, 0xa0, 0xa1]), 1007],
      [Buffer.from([0x81, 0x05, 1, 2, 3, 4, 5]), 1002],
    ] as const) {
      const client = await Client.open(server.url);
      // Past the library: it would write a right frame.
      (client.socket as unknown as { _socket: NodeJS.WritableStream })._socket.write(wrong);
      assert.equal((await client.closed)[0], code);
    }
    const long = await Client.open(server.url);
    long.send({ type: "step", data: { program: "1".repeat(100 * 2 ** 20) } });
    assert.equal((await long.closed)[0], 1009);
    const bits = await Client.open(server.url);
    bits.socket.send(Buffer.from('{"type": "state"}'));
    assert.equal((await bits.answer()).type, "state", "JSON in a binary frame is JSON");
    await bits.close();
    assert.ok(await isHere(server.url));
  });

  it("ends with its sessions: clients hear of it, and every environment is closed", async () => {
    const server = await serve({}, new Long());
    const clients = await Promise.all(Array.from({ length: 5 }, () => Client.open(server.url)));
    await Promise.all(clients.map((client) => client.reset()));
    const open = Long.open;
    await server.close();
    for (const client of clients) assert.deepEqual(await client.closed, [1001, "the server ends"]);
    assert.equal(open - Long.open, 5);
    await assert.rejects(Client.open(server.url), /ECONNREFUSED/);
  });

  it("ends whatever its clients do: refused ones that stay connected, ones that end by no frame, a step over HTTP", async () => {
    const server = await serve({ sessions: 2 }, new Slow());
    const closed = Slow.closed;
    const asked = fetch(`${server.url}/step`, { method: "POST", body: '{"action": {"program": ""}}' }).catch(
      () => null,
    );
    assert.ok(await until(() => Slow.steps > 0));
    const rude = connectBare(server.url);
    const gone = once(rude, "close");
    assert.ok(await until(() => server.sessions.active === 2));
    // To the server's goodbye, an answer that is no frame.
    rude.on("data", ([first]: Buffer) => {
      if (first === 0x88) rude.write(Buffer.from([0xff, 0xff, 0xff, 0xff]));
    });
    const others = ["/ws", "/elsewhere"].map((path) => connectBare(server.url, { path, stays: true }));
    for (const other of others) await once(other, "data");
    let hasEnded = false;
    void server.close().then(() => (hasEnded = true));
    assert.ok(await until(() => hasEnded, hangMs / 20), "one of them holds it up");
    assert.equal(Slow.closed, closed + 2, "the environments of the session and of the step over HTTP");
    assert.equal(Slow.ended, Slow.steps, "no step is left behind");
    await Promise.all([gone, asked]);
    for (const other of others) other.destroy();
  });

  it("closes a connection that it refuses where its client does not, or they would be all that there may be", async () => {
    await using server = await serve({ token: "good" }, new Long());
    const socket = connectBare(server.url, { stays: true });
    let answer = "";
    socket.on("data", (piece) => {
      answer += String(piece);
    });
    await once(socket, "end");
    assert.match(answer, /^HTTP\/1.1 401 /);
    // What nobody takes any more is told to who writes, which a half-open connection's server would go on to take.
    const isTold = once(socket, "error").then(() => true);
    const writing = setInterval(() => socket.write("x"), 20);
    try {
      assert.ok(await Promise.race([isTold, until(() => false, hangMs / 20)]));
    } finally {
      clearInterval(writing);
      socket.destroy();
    }
  });

  it("says what is wrong with its options before it listens", async () => {
    const wrong: [options: object, text: string][] = [
      [{ sesions: 3 }, "There is no `sesions` in the options of serveEnvironment: did you mean `sessions`?"],
      [{ sessions: 0 }, "Expected `sessions` to be a positive integer, got 0"],
      [{ idleSeconds: -1 }, "Expected `idleSeconds` to be a positive number, got -1"],
      [
        { host: "0.0.0.0" },
        "Anybody who reaches 0.0.0.0 could run programs here: set a token in AUTOAGENT_TOKEN, or serve on 127.0.0.1",
      ],
    ];
    for (const [options, message] of wrong)
      await assert.rejects(serve(options), { name: "EnvironmentServerFailure", message });
    const places = await survival.places();
    await assert.rejects(serve({ sessions: places + 1 }), {
      message: `Expected \`sessions\` to be at most ${places}, the places of the environment's sandbox, got ${places + 1}: give it more children (\`createSandbox({ workers })\`, \`--workers\`), or serve fewer sessions`,
    });
    await assert.rejects(serveEnvironment({ step() {} } as unknown as Environment), {
      message:
        'Expected `env` to be an environment, with reset(), step(), clone() and close(), such as `new SurvivalEnv()`, got {"step":"a function"}',
    });
    await using server = await serve();
    const port = Number(new URL(server.url).port);
    await assert.rejects(serve({ port }), {
      message: `Cannot listen on 127.0.0.1:${port} (EADDRINUSE): choose another port, or 0 for any that is free`,
    });
    // 192.0.2.1 is kept for documentation, and nobody's.
    await assert.rejects(serve({ host: "192.0.2.1", token: "a secret" }), {
      message: /^Cannot listen on 192\.0\.2\.1:\d+ \(EADDRNOTAVAIL\): choose an address of this machine as the host/,
    });
  });
});
