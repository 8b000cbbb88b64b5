/** A thousand random lives from a cell of the kernel: its two processes stay the same, and nothing is left behind. */

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Client, startClient } from "../../kernel/notebook/client.ts";
import { isRunning } from "../processes.ts";

const notebooks = resolve(import.meta.dirname, "../../notebooks");

describe("a thousand random lives in a cell", () => {
  let client: Client;
  before(async () => {
    client = await startClient(notebooks);
  });
  after(() => client.close());

  async function value(code: string): Promise<string> {
    let shown = "";
    const reply = await client.execute(code, ({ header, content }) => {
      if (header.msg_type === "execute_result") shown = (content.data as { "text/plain": string })["text/plain"];
    });
    assert.equal(reply.content.status, "ok", JSON.stringify(reply.content));
    return shown;
  }

  it("leave the kernel's and the user's process ids as they were, and no child when the kernel ends", async () => {
    const before = await value("process.pid");
    const files = readdirSync(notebooks).sort();
    await value('import { policies, rollout, sharedSandbox, SurvivalEnv } from "autoagent-lab";');
    const run = "(await rollout(new SurvivalEnv(), policies.random(), { episodes: 1000, seed: 5 })).summary";
    const summary = await value(
      `const { episodes, faults, survival } = ${run}; JSON.stringify({ episodes, faults, survival: survival.estimate })`,
    );
    const { episodes, faults, survival } = JSON.parse(summary.replace(/^'|'$/g, "")) as { [name: string]: number };
    assert.deepEqual([episodes, faults], [1000, 0]);
    assert.ok(Math.abs(survival! - 5 / 3) < 0.25, `survival ${survival}`);
    assert.equal(await value("process.pid"), before);
    // A child that has served its share of lives is gone by now: one more life, still open, sees to it that there is one.
    await value('const guest = await (await sharedSandbox()).open(); await guest.step("1");');
    const shown = await value("JSON.stringify((await sharedSandbox()).stats().pids)");
    const children = JSON.parse(shown.slice(1, -1)) as number[];
    assert.ok(children.length > 0);
    if (existsSync("/proc"))
      assert.match(readFileSync(join("/proc", String(client.pid), "cmdline"), "utf8"), /kernel.main\.ts/);
    await client.close();
    for (let i = 0; i < 40 && children.some(isRunning); i++) await new Promise((r) => setTimeout(r, 50));
    assert.deepEqual(children.filter(isRunning), []);
    assert.deepEqual(readdirSync(notebooks).sort(), files);
  }).timeout(90_000);
});
