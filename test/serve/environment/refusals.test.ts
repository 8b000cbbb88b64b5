/** How an environment server tells each refusal, and how long it bears with a client where nobody says. */

import assert from "node:assert/strict";
import { WebSocket } from "ws";
import type { Environment, Transition } from "../../../src/environment/index.ts";
import {
  describeEnvironmentServerError,
  type EnvironmentServerError,
  EnvironmentServerFailure,
  errorMessage,
  errorResponse,
} from "../../../src/serve/environment/error.ts";
import { serveEnvironment } from "../../../src/serve/environment/index.ts";
import { until } from "../../waiting.ts";
import { Client } from "./client.ts";

describe("a refusal of an environment server", () => {
  it("has its code in the protocol, its status over HTTP, and of what is no refusal tells nothing", async () => {
    const cases: [error: EnvironmentServerError, code: string, status: number, more?: object][] = [
      [{ kind: "option", name: "n", expected: "e", value: 1 }, "VALIDATION_ERROR", 422],
      [{ kind: "json", reason: "r" }, "INVALID_JSON", 422],
      [{ kind: "type", found: "rest" }, "UNKNOWN_TYPE", 500],
      [{ kind: "not-reset" }, "EXECUTION_ERROR", 500],
      [{ kind: "over", why: "w" }, "EXECUTION_ERROR", 500],
      [{ kind: "environment" }, "EXECUTION_ERROR", 500],
      [{ kind: "factory" }, "FACTORY_ERROR", 500],
      [{ kind: "capacity", active: 1, most: 2 }, "CAPACITY_REACHED", 503, { active_sessions: 1, max_sessions: 2 }],
      [{ kind: "token" }, "EXECUTION_ERROR", 401],
      [{ kind: "host", found: "h" }, "EXECUTION_ERROR", 403],
      [{ kind: "origin", found: "o" }, "EXECUTION_ERROR", 403],
      [{ kind: "path", method: "GET", path: "/" }, "EXECUTION_ERROR", 404],
      [{ kind: "size", limit: 1 }, "EXECUTION_ERROR", 413],
      [{ kind: "http", reason: "r" }, "EXECUTION_ERROR", 400],
      [{ kind: "late" }, "EXECUTION_ERROR", 408],
    ];
    for (const [error, code, status, more = {}] of cases) {
      const message = describeEnvironmentServerError(error);
      const failure = new EnvironmentServerFailure(error);
      assert.deepEqual(errorMessage(failure), { type: "error", data: { message, code, ...more } });
      const response = errorResponse(failure);
      assert.deepEqual([response.status, await response.json()], [status, { detail: message }], error.kind);
    }
    const message = describeEnvironmentServerError({ kind: "environment" });
    const fault = new Error("/a/path/of/the/host");
    assert.deepEqual(errorMessage(fault), { type: "error", data: { message, code: "EXECUTION_ERROR" } });
    assert.deepEqual([errorResponse(fault).status, await errorResponse(fault).json()], [500, { detail: message }]);
  });

  it("shows at most 100 letters of what was sent, and says so where nothing was", () => {
    const shown = (found: unknown) =>
      /^Unknown message type (.*): it is one of/.exec(describeEnvironmentServerError({ kind: "type", found }))![1];
    assert.equal(shown("a".repeat(98)), `"${"a".repeat(98)}"`);
    assert.equal(shown("a".repeat(200)), `"${"a".repeat(99)}`);
    assert.equal(shown(undefined), "nothing");
  });
});

class Bare implements Environment<string> {
  reset = async (): Promise<[string, Transition<string>["info"]]> => ["", { rewards: {}, report: null }];
  step = async (): Promise<Transition<string>> => assert.fail("nobody steps");
  clone = (): Bare => new Bare();
  close = async (): Promise<void> => {};
}

describe("an environment server without options", () => {
  it("asks every 20 seconds whether clients are there, drops who is silent for 120, and closes what is idle for 900", async () => {
    const [realInterval, realNow] = [globalThis.setInterval, performance.now];
    const beats: { work: () => void; ms: number }[] = [];
    let [later, pongs] = [0, 0];
    const { emit } = WebSocket.prototype;
    WebSocket.prototype.emit = function (this: WebSocket, ...given: Parameters<typeof emit>) {
      const heard = emit.apply(this, given);
      if (given[0] === "pong") pongs++;
      return heard;
    };
    performance.now = () => later;
    try {
      Object.assign(globalThis, {
        setInterval: (work: () => void, ms: number) => {
          beats.push({ work, ms });
          return realInterval(() => {}, ms);
        },
      });
      const server = await serveEnvironment(new Bare(), { port: 0 });
      Object.assign(globalThis, { setInterval: realInterval });
      const [beat] = beats;
      assert.deepEqual(
        beats.map(({ ms }) => ms),
        [20_000],
      );
      /** Beats once, and waits until the server has heard the answer of the one client who gives one. */
      const ping = async () => {
        const before = pongs;
        beat!.work();
        await until(() => pongs > before);
      };
      const silent = await Client.open(server.url);
      await silent.reset();
      silent.socket.pong = () => {};
      const there = await Client.open(server.url);
      await there.reset();
      // One that answers pings and asks nothing stays until it is idle for too long.
      later = 120_000;
      await ping();
      assert.equal(server.sessions.active, 2);
      later = 120_001;
      beat!.work();
      assert.deepEqual(await silent.closed, [1006, ""]);
      assert.ok(await until(() => server.sessions.active === 1));
      for (const ms of [220_000, 330_000, 440_000, 550_000, 660_000, 770_000, 880_000, 900_000]) {
        later = ms;
        await ping();
      }
      assert.equal(server.sessions.active, 1);
      later = 900_001;
      beat!.work();
      assert.deepEqual(await there.closed, [1001, "idle for 900 s"]);
      await server.close();
    } finally {
      Object.assign(globalThis, { setInterval: realInterval });
      performance.now = realNow;
      Reflect.deleteProperty(WebSocket.prototype, "emit");
    }
  });
});
