/** Who may ask an environment server, and what it answers over HTTP. */

import assert from "node:assert/strict";
import { request } from "node:http";
import { SurvivalEnv } from "../../../src/environment/index.ts";
import { type EnvironmentServer, serveEnvironment } from "../../../src/serve/environment/index.ts";
import { type Answer, Client } from "./client.ts";

/** Asks with any headers, `Host` and `Origin` too, which `fetch` keeps to itself. */
function ask(
  url: string,
  headers: { [name: string]: string },
  method = "GET",
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { headers, method }, async (response) => {
      let body = "";
      for await (const piece of response) body += String(piece);
      resolve({ status: response.statusCode!, body });
    });
    asked.on("error", reject).end();
  });
}

const detailOf = (body: string): string => (JSON.parse(body) as { detail: string }).detail;

describe("the door of an environment server", () => {
  const env = new SurvivalEnv({ maxSteps: 2 });
  let open: EnvironmentServer;
  let locked: EnvironmentServer;
  const token = "a token: with a colon, and ümlaut";
  before(async () => {
    open = await serveEnvironment(env, { port: 0 });
    locked = await serveEnvironment(env, { port: 0, token });
  });
  after(async () => {
    await Promise.all([open.close(), locked.close()]);
    await env.close();
  });

  it("lets in who has the token, wherever a client can put it, over WebSockets and HTTP", async () => {
    const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;
    const good = [
      { authorization: basic(`any:${token}`) },
      { authorization: basic(`:${token}`) },
      { authorization: "Basic eA==", "x-autoagent-token": Buffer.from(token).toString("latin1") },
    ];
    const bad = [
      {},
      { authorization: "Bearer " },
      { authorization: "Bearer wrong" },
      { authorization: basic(token.slice(0, -1)) },
      { "x-autoagent-token": "" },
    ];
    const simple = await serveEnvironment(env, { port: 0, token: "simple" });
    const plain = [
      { authorization: "bearer simple" },
      { "x-autoagent-token": "simple" },
      { authorization: basic("x:simple") },
    ];
    for (const [server, list] of [
      [locked, good.slice(0, 2)],
      [simple, plain],
    ] as const)
      for (const headers of list) {
        assert.equal((await ask(`${server.url}/metadata`, headers as { [name: string]: string })).status, 200);
        const client = await Client.open(server.url, headers as { [name: string]: string });
        assert.equal((await client.reset({ seed: 1 })).type, "observation");
        await client.close();
      }
    const text =
      "The token is missing or wrong: send it as `Authorization: Bearer TOKEN`, as `X-AutoAgent-Token: TOKEN`, or in the address as http://any:TOKEN@host";
    for (const headers of bad as { [name: string]: string }[]) {
      const { status, body } = await ask(`${locked.url}/metadata`, headers);
      assert.deepEqual([status, detailOf(body)], [401, text]);
      await assert.rejects(Client.open(locked.url, headers), { message: `401: ${text}` });
    }
    await simple.close();
    assert.equal((await ask(`${locked.url}/health`, {})).body, '{"status":"healthy"}');
  });

  it("refuses a page in a browser, and a name that only resolves to this machine", async () => {
    const port = new URL(open.url).port;
    for (const headers of [{ origin: "https://evil.example" }, { origin: "null" }, { origin: "http://127.0.0.1:1" }]) {
      const text = `Pages of "${headers.origin}" may not ask this server: it is for programs, which send no Origin`;
      assert.equal(detailOf((await ask(`${open.url}/reset`, headers, "POST")).body), text);
      await assert.rejects(Client.open(open.url, headers), { message: `403: ${text}` });
      const trusted = { ...headers, authorization: `Basic ${Buffer.from(`:${token}`).toString("base64")}` };
      await assert.rejects(Client.open(locked.url, trusted), { message: `403: ${text}` });
    }
    for (const host of [`evil.example:${port}`, "evil.example", "127.0.0.1.evil.example", `10.0.0.1:${port}`]) {
      const text = `The host "${host}" is not this machine: use 127.0.0.1, or start the server with a token`;
      assert.equal(detailOf((await ask(`${open.url}/schema`, { host })).body), text);
      await assert.rejects(Client.open(open.url, { host }), { message: `403: ${text}` });
    }
    for (const host of [`localhost:${port}`, `[::1]:${port}`, "127.0.0.1"])
      assert.equal((await ask(`${open.url}/schema`, { host })).status, 200);
  });

  it("describes itself over HTTP as OpenEnv's validator wants it", async () => {
    const get = async (path: string) => JSON.parse((await ask(`${open.url}${path}`, {})).body);
    const { name, description, version, author, sandbox_level, ...rest } = await get("/metadata");
    assert.deepEqual([name, version, author, rest], ["SurvivalEnv", "1", "AutoAgent Lab", {}]);
    assert.match(description, /^A life of a self-modifying agent/);
    assert.ok(sandbox_level >= 0 && sandbox_level <= 3);
    const { action, observation, reset_observation, state } = await get("/schema");
    assert.deepEqual(action.required, ["program"]);
    assert.deepEqual(Object.keys(state.properties), ["episode_id", "step_count"]);
    const client = await Client.open(open.url);
    const { data } = await client.reset({ seed: 1 });
    assert.deepEqual(Object.keys(observation.properties), Object.keys(data.observation));
    assert.deepEqual(reset_observation, observation);
    await client.close();
    const { info, paths } = await get("/openapi.json");
    assert.match(info.version, /^1\./);
    assert.deepEqual(Object.keys(paths), ["/health", "/metadata", "/schema", "/state", "/reset", "/step", "/mcp"]);
    assert.deepEqual(await get("/state"), { episode_id: null, step_count: 0 });
  });

  it("plays one reset or one step over HTTP, each in an environment of its own", async () => {
    const post = async (path: string, body?: string): Promise<[number, Answer["data"]]> => {
      const response = await fetch(`${open.url}${path}`, { method: "POST", ...(body !== undefined && { body }) });
      return [response.status, await response.json()];
    };
    const [, begun] = await post("/reset", '{"seed": 3, "episode_id": "e"}');
    assert.deepEqual(begun.metadata, { seed: 3, episode_id: "e" });
    const [status, { observation, reward }] = await post("/step", '{"action": {"program": "self.a = 1"}}');
    assert.deepEqual([status, observation.step, reward], [200, 1, 1]);
    assert.deepEqual(await post("/step", '{"action": {}}'), [
      422,
      { detail: 'Expected `action` to be an object such as {"program": "self.x = 1"}, got {}' },
    ]);
    assert.deepEqual(await post("/reset", "["), [
      422,
      { detail: "The message is not a JSON object: Unexpected end of JSON input" },
    ]);
    assert.equal((await post("/mcp", "{}"))[1].jsonrpc, "2.0");
    assert.equal((await post("/nothing"))[0], 404);
    await assert.rejects(Client.open(`${open.url}/other`), /^Error: 404: There is no GET \/other\/ws/);
    assert.equal(open.sessions.active, 0);
    assert.equal((await post("/step", `{"action": "${"x".repeat(2 ** 20)}"}`))[0], 413);
  });
});
