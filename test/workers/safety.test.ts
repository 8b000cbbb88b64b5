/** The queue as the page on workers says that it is made safe: TLS with an own authority, and a named user with few rights. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { SurvivalEnv } from "../../src/environment/index.ts";
import { editMenu } from "../../src/policy/index.ts";
import { type RolloutOptions, rollout } from "../../src/rollout/index.ts";
import { createSandbox, type Sandbox } from "../../src/sandbox/index.ts";
import { workers } from "../../src/workers/index.ts";
import { leaveOut } from "../support.ts";
import { textOf } from "./equal.ts";
import { missingRedis, type SecuredRedis, startSecuredRedis, startWorker } from "./redis-server.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/workers.md"), "utf8");

describe("a queue over TLS with a named user", () => {
  let redis: SecuredRedis;
  let sandbox: Sandbox;
  before(async function () {
    const openssl = spawnSync("openssl", ["version"]).status === 0 ? null : "openssl is not there";
    const missing = missingRedis() ?? openssl;
    if (missing !== null) leaveOut(this, missing);
    const [, line] = /`(user lab on >PASSWORD [^`]*)`/.exec(page)!;
    redis = await startSecuredRedis(line!);
    sandbox = await createSandbox({ workers: 1 });
  });
  after(async () => {
    await redis?.close();
    await sandbox?.dispose();
  });

  const play = (options: Pick<RolloutOptions, "on">) =>
    rollout(new SurvivalEnv({ sandbox, maxSteps: 6 }), editMenu(), { episodes: 24, group: 4, seed: 3, ...options });

  it("is all that driver and worker need: the lives are those of one process", async () => {
    const worker = await startWorker(redis.url, "--ca", redis.ca);
    try {
      const on = workers.redis(redis.url, { ca: redis.ca });
      const [over, alone] = [await play({ on }), await play({})];
      assert.equal(textOf(over.episodes), textOf(alone.episodes));
      assert.match((await on.status()).line, /^1 worker up, /);
    } finally {
      await worker.end();
    }
  });

  it("lets nobody in who does not trust it, speaks no TLS, or is another", async () => {
    const { ca, port, url } = redis;
    const refused = async (given: string, options: { ca?: string }, why: RegExp) =>
      assert.rejects(play({ on: workers.redis(given, options) }), ({ name, message }: Error) => {
        assert.equal(name, "WorkersFailure");
        assert.match(message, why);
        assert.doesNotMatch(message, /PASSWORD/);
        return true;
      });
    const wrong = /cannot be used: the name or the password is wrong\. Check the address/;
    await refused(url, {}, /cannot be used: self-signed certificate/);
    await refused(url.replace("rediss:", "redis:"), {}, /cannot be used: /);
    await refused(url.replace("PASSWORD", "password"), { ca }, wrong);
    await refused(`rediss://127.0.0.1:${port}`, { ca }, wrong);
    await refused(`rediss://:PASSWORD@127.0.0.1:${port}`, { ca }, wrong);
  });

  it("keeps that user from what is not the queue's", async () => {
    const [, password] = /:([^:@]+)@/.exec(redis.url)!;
    const cli = (...args: string[]) =>
      spawnSync("redis-cli", ["-p", String(redis.port), "--tls", "--cacert", redis.ca, "--user", "lab", ...args], {
        encoding: "utf8",
        env: { ...process.env, REDISCLI_AUTH: password },
      }).stdout.trim();
    assert.equal(cli("set", "autoagent:x", "1"), "OK");
    for (const args of [["set", "other", "1"], ["get", "other"], ["flushall"], ["config", "get", "*"], ["keys", "*"]])
      assert.match(cli(...args), /^NOPERM /, args.join(" "));
  });
});
