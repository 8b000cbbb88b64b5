/**
 * Lives from a cell of the kernel, a thousand random ones and hostile ones of the corpus: its two processes stay the same,
 * memory is flat, nothing of the host is touched and nothing is left behind. `npm run stress:kernel` sets STRESS=1 and plays
 * 1,000 hostile lives. The programs are text in the cell; they run in the locked children alone.
 */

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Client, startClient } from "../../kernel/notebook/client.ts";
import { isRunning } from "../processes.ts";
import { readHostile } from "../sandbox/corpus/index.ts";
import { until } from "../waiting.ts";

const notebooks = resolve(import.meta.dirname, "../../notebooks");
const hostileLives = process.env.STRESS === "1" ? 1000 : 60;

describe("lives in a cell", () => {
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

  it(`of ${hostileLives} hostile agents leave the host alone`, async () => {
    const cases = readHostile();
    const canary = mkdtempSync(join(tmpdir(), "canary-"));
    writeFileSync(join(canary, "a"), "untouched");
    const reach = `try { require("fs").writeFileSync(${JSON.stringify(join(canary, "a"))}, "x") } catch {}`;
    const lists = Array.from({ length: hostileLives }, (_, i) => ({
      steps: i % 4 === 0 ? [`self.n = ${i}`, reach] : cases[(i * 7919) % cases.length]!.steps,
      expected: i % 4 === 0 ? ["attempted_harm"] : cases[(i * 7919) % cases.length]!.expected,
    }));
    const before = await value("process.pid");
    await value(`import { createSandbox } from "autoagent-lab"; const pool = await createSandbox({ workers: 2 }); let wrong: string[] = [], most = 0, early = 0;
      const seen = new Set<number>();`);
    // Some at a time, as messages have a size.
    for (let at = 0; at < lists.length; at += 50) {
      const part = JSON.stringify(lists.slice(at, at + 50));
      const left = await value(`{
        const left = ${part} as { steps: string[]; expected: string[] }[];
        const lane = async () => { for (let one = left.shift(); one; one = left.shift()) {
          const life = await pool.open(); const last = (await life.steps(one.steps)).at(-1)!; await life.close();
          if (!one.expected.includes(last.verdict)) wrong.push(last.verdict + ": " + one.steps.join(" >>> ").slice(0, 200));
          for (const pid of pool.stats().pids) seen.add(pid); } };
        await Promise.all([lane(), lane(), lane(), lane()]); globalThis.gc?.();
        const { rss } = process.memoryUsage(); most = Math.max(most, rss); if (early === 0) early = rss;
      } wrong.length`);
      assert.equal(left, "0", await value("wrong.join('; ')"));
    }
    const grown = Number(await value("Math.round((most - early) / 2 ** 20)"));
    console.log(`      the user's process grew by ${grown} MiB over ${hostileLives} hostile lives`);
    assert.ok(grown < 200, `it grew by ${grown} MiB`);
    assert.equal(await value("process.pid"), before);
    const children = JSON.parse((await value("JSON.stringify([...seen])")).slice(1, -1)) as number[];
    await value("await pool.dispose(); 1");
    await until(() => !children.some(isRunning));
    assert.deepEqual(children.filter(isRunning), [], `of ${children.length} children none is left`);
    assert.deepEqual([readdirSync(canary), readFileSync(join(canary, "a"), "utf8")], [["a"], "untouched"]);
    rmSync(canary, { recursive: true });
  });

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
    await until(() => !children.some(isRunning));
    assert.deepEqual(children.filter(isRunning), []);
    assert.deepEqual(readdirSync(notebooks).sort(), files);
  });
});
