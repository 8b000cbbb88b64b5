/** The server's door, over sockets: idle and slow connections, methods, pages of other origins, what is no HTTP, and hang-ups. */

import assert from "node:assert/strict";
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import { createDoor, type Unread, usualLimits } from "../../../src/serve/door.ts";
import { errorResponse, ServeFailure } from "../../../src/serve/model/error.ts";
import { serve } from "../../../src/serve/model/index.ts";
import { useServer } from "./use-server.ts";

/** Sends bytes as they are; gives status, headers and body of what comes back, an empty status if nothing does. */
async function raw(port: number, text: string): Promise<{ status: string; head: string; body: string }> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  let answer = "";
  socket.setEncoding("utf8").on("data", (piece) => {
    answer += piece;
  });
  socket.write(text);
  await once(socket, "close");
  const [head = "", body = ""] = answer.split("\r\n\r\n");
  return { status: /^HTTP\/1\.1 (\d+)/.exec(head)?.[1] ?? "", head, body };
}

const refusal = (unread: Unread) => errorResponse(new ServeFailure(unread));

function messageOf(body: string): string {
  return (JSON.parse(body) as { error: { message: string } }).error.message;
}

describe("the door of the server", () => {
  const suite = useServer({ name: "org/small" });
  const portOf = () => Number(new URL(suite.server.url).port);

  const json = { "content-type": "application/json" };
  const ask = (url: string, headers: { [name: string]: string } = {}, body: object = {}) =>
    fetch(`${url}/completions`, {
      method: "POST",
      body: JSON.stringify({ model: "org/small", prompt: "abc", max_tokens: 2, ...body }),
      headers: { ...json, ...headers },
    });

  it("lets everybody in while 1,100 connections are idle: the one that has been so longest makes room", async () => {
    const idle: Socket[] = [];
    let closed = 0;
    for (let i = 0; i < 1100; i++) {
      const socket = connect(portOf(), "127.0.0.1").on("error", () => {});
      socket.on("close", () => closed++);
      idle.push(socket);
      await once(socket, "connect");
      if (i % 2 === 0) socket.write("POST /v1/completions HTTP/1.1\r\nx: ");
    }
    const [first, second] = await Promise.all([ask(suite.server.url), ask(suite.server.url)]);
    assert.deepEqual([first.status, second.status], [200, 200]);
    while (closed < 76) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.ok(closed < 200 && idle[0]!.destroyed && !idle.at(-1)!.destroyed, `${closed} closed`);
    for (const socket of idle) socket.destroy();
  });

  it("does not close who is at work for somebody new", async () => {
    const atWork: ServerResponse[] = [];
    const door = createDoor((_, response) => void atWork.push(response), {
      ...{ refusal, limits: { ...usualLimits, connections: 3 } },
    });
    door.listen(0, "127.0.0.1");
    await once(door, "listening");
    const { port: own } = door.address() as { port: number };
    const get = () => fetch(`http://127.0.0.1:${own}/`).then((response) => response.text());
    const working = [get(), get(), get()];
    while (atWork.length < 3) await once(door, "request");
    await assert.rejects(get());
    for (const response of atWork) response.end("ab");
    assert.deepEqual(await Promise.all(working), ["ab", "ab", "ab"]);
    door.closeAllConnections();
    door.close();
  });

  it("closes connections that send nothing, too slowly, or no HTTP, with a reason", async () => {
    const opened = async (limits: Partial<typeof usualLimits>) => {
      const door = createDoor((request, response) => request.on("end", () => response.end("read")).resume(), {
        refusal,
        limits: { ...usualLimits, checkedMs: 50, ...limits },
      });
      door.listen(0, "127.0.0.1");
      await once(door, "listening");
      return { door, port: (door.address() as { port: number }).port };
    };
    const hasty = await opened({ headersMs: 100, requestMs: 200 });
    const late = "The request did not come in time: send all of it at once";
    for (const text of [
      "",
      "GET / HT",
      "GET / HTTP/1.1\r\nx: y",
      "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nab",
    ]) {
      const { status, body } = await raw(hasty.port, text);
      assert.deepEqual([status, messageOf(body)], ["408", late], text);
    }
    // Where a whole request comes, there is time for it: a busy machine may take some.
    const patient = await opened({ keptMs: 100 });
    const kept = await raw(patient.port, "GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    assert.deepEqual([kept.status, kept.head.includes("Connection: keep-alive")], ["200", true]);
    for (const { door } of [hasty, patient]) door.close();
    const { status, body } = await raw(portOf(), "nonsense\r\n\r\n");
    assert.equal(status, "400");
    assert.match(messageOf(body), /^This is no HTTP request that can be read: Parse Error/);
  });

  it("says why it refuses a request without a host, or with one that is none", async () => {
    const asked = (host: string) => raw(portOf(), `GET /v1/models HTTP/1.1\r\n${host}connection: close\r\n\r\n`);
    for (const [host, reason] of [
      ["", "Missing host header"],
      ["host:\r\n", "Missing host header"],
      ["host: a/b\r\n", "Invalid host header"],
    ] as const) {
      const { status, body } = await asked(host);
      assert.deepEqual([status, messageOf(body)], ["400", `This is no HTTP request that can be read: ${reason}`]);
    }
    assert.equal((await asked("host: localhost\r\n")).status, "200");
  });

  it("answers 405 with the methods of a path, 404 for no path, and finds a model whose name has a slash", async () => {
    const asked = async (method: string, path: string) => {
      const response = await fetch(`${suite.server.url}${path}`, { method });
      const body = (await response.json()) as { error: { message: string } };
      return [response.status, response.headers.get("allow"), body.error.message];
    };
    assert.deepEqual(await asked("GET", "/completions"), [
      405,
      "POST",
      "There is no GET /v1/completions: ask with POST",
    ]);
    assert.deepEqual(await asked("DELETE", "/models/org/small"), [
      405,
      "GET, HEAD",
      "There is no DELETE /v1/models/org/small: ask with GET or HEAD",
    ]);
    assert.deepEqual((await asked("OPTIONS", "/chat/completions")).slice(0, 2), [405, "POST"]);
    assert.deepEqual((await asked("POST", "/embeddings")).slice(0, 2), [404, null]);
    for (const name of ["org/small", "org%2Fsmall"]) {
      const response = await fetch(`${suite.server.url}/models/${name}`);
      assert.deepEqual([response.status, ((await response.json()) as { id: string }).id], [200, "org/small"]);
    }
    assert.equal((await fetch(`${suite.server.url}/models`, { method: "HEAD" })).status, 200);
    assert.equal((await fetch(`${suite.server.url}/models/org/large`)).status, 404);
  });

  it("reads the scheme of a token in any letters, and the token in its own alone", async () => {
    await using locked = await serve(suite.decoder, { name: "org/small", port: 0, token: "Secret" });
    const status = async (authorization: string) =>
      (await fetch(`${locked.url}/models`, { headers: { authorization } })).status;
    for (const sent of ["Bearer Secret", "bearer Secret", "BEARER  Secret"])
      assert.equal(await status(sent), 200, sent);
    for (const sent of ["Bearer secret", "Bearer", "Secret", "Basic Secret", "Bearer Secret x", ""])
      assert.equal(await status(sent), 401, sent);
  });

  it("lets pages of other origins ask only where they are named", async () => {
    const origin = "http://localhost:3000";
    const wish = { origin, "access-control-request-method": "POST", "access-control-request-headers": "authorization" };
    const preflight = (url: string, headers = wish) => fetch(`${url}/completions`, { method: "OPTIONS", headers });
    const allowed = (response: Response) => response.headers.get("access-control-allow-origin");
    assert.equal(allowed(await preflight(suite.server.url)), null);
    assert.equal(allowed(await ask(suite.server.url, { origin })), null);
    await using open = await serve(suite.decoder, { name: "org/small", port: 0, cors: [origin], token: "t" });
    const first = await preflight(open.url);
    assert.deepEqual(
      [first.status, allowed(first), first.headers.get("access-control-allow-headers")],
      [204, origin, "authorization"],
    );
    const answer = await ask(open.url, { origin, authorization: "Bearer t" });
    assert.deepEqual([answer.status, allowed(answer)], [200, origin]);
    const stream = await ask(open.url, { origin, authorization: "Bearer t" }, { stream: true });
    assert.deepEqual([stream.status, allowed(stream)], [200, origin]);
    await stream.text();
    const refused = await ask(open.url, { origin });
    assert.deepEqual([refused.status, allowed(refused)], [401, origin]);
    assert.equal(allowed(await preflight(open.url, { ...wish, origin: "http://evil.example" })), null);
    await using everyone = await serve(suite.decoder, { name: "org/small", port: 0, cors: ["*"], token: "t" });
    assert.equal(allowed(await preflight(everyone.url)), "*");
    await assert.rejects(serve(suite.decoder, { name: "org/small", port: 0, cors: ["*"] }), {
      message:
        "Any page that you open could use the model: name the origins of those that may, or set a token in AUTOAGENT_TOKEN",
    });
    for (const found of ["localhost:3000", "http://localhost:3000/", "null"])
      await assert.rejects(serve(suite.decoder, { name: "org/small", port: 0, cors: [found] }), {
        message: `Expected an origin such as http://localhost:3000, got ${JSON.stringify(found)}`,
      });
  });

  it("takes a client that hangs up for no error of its own: within a body, before an answer, within a stream", async () => {
    const body = JSON.stringify({ model: "org/small", prompt: "abc", max_tokens: 200, temperature: 2, n: 4 });
    const head = (length: number) =>
      `POST /v1/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n`;
    const streamed = body.replace("{", '{"stream":true,');
    for (const text of [head(9000) + body, head(body.length) + body, head(streamed.length) + streamed])
      for (const wait of [0, 30]) {
        const socket = connect(portOf(), "127.0.0.1").on("error", () => {});
        await once(socket, "connect");
        socket.write(text);
        await new Promise((resolve) => setTimeout(resolve, wait));
        socket.resetAndDestroy();
      }
    for (let quiet = 0; quiet < 5; quiet++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      if (suite.server.load.running + suite.server.load.waiting > 0) quiet = 0;
    }
    assert.deepEqual(suite.faults, []);
    assert.equal((await ask(suite.server.url)).status, 200);
  });
});
