/** The programs that cells start: a stop ends the stopped cell's own, the end of a session ends all, and the state stays. */

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Client, startClient } from "../../../kernel/notebook/client.ts";
import { leaveOut } from "../../support.ts";
import { until } from "../../waiting.ts";
import { runOn } from "./run-cell.ts";

describe("programs that a cell starts", () => {
  let folder: string;
  let client: Client;
  before(async function () {
    if (!existsSync("/proc")) leaveOut(this, "there is no /proc on this system to look for programs in");
    folder = mkdtempSync(join(tmpdir(), "programs-"));
    client = await startClient(folder, { environment: { AUTOAGENT_TYPES: "off" } });
    await runOn(client)('import cp from "node:child_process"; import util from "node:util"; let kept = 1;');
  });
  after(async () => {
    await client.close();
    rmSync(folder, { recursive: true, force: true });
  });

  let seconds = 4700;
  const stopped: [what: string, code: (sleep: string) => string][] = [
    ["execSync", (one) => `kept = 2; cp.execSync("${one}"); kept = 3;`],
    ["spawnSync, whose error nobody looks at", (one) => `kept = 2; cp.spawnSync("sh", ["-c", "${one}"]); kept = 3;`],
    [
      "spawnSync by a name that was imported",
      (one) =>
        `kept = 2; import { spawnSync as wait } from "node:child_process"; wait("sh", ["-c", "${one}"]); kept = 3;`,
    ],
    [
      "execFileSync, whose error is caught",
      (one) =>
        `kept = 2; try { require("child_process").execFileSync("sh", ["-c", "${one}"]); } catch {} finally { kept = 2; } kept = 3;`,
    ],
    [
      "one program of a function that starts the next",
      (one) =>
        `kept = 2; const next = () => { cp.spawnSync("sh", ["-c", "${one}"]); kept++; }; next(); next(); next();`,
    ],
    ["a program that heeds no SIGINT", (one) => `kept = 2; cp.execSync('trap "" INT; ${one}; ${one}'); kept = 3;`],
    ["a program that heeds nothing", (one) => `kept = 2; cp.execSync('trap "" INT TERM; ${one}; ${one}'); kept = 3;`],
    ["one that starts others", (one) => `kept = 2; cp.execSync("sh -c '${one} & ${one}; wait'"); kept = 3;`],
    ["one that is awaited", (one) => `kept = 2; await util.promisify(cp.exec)("${one}"); kept = 3;`],
    [
      "one with a group of its own",
      (one) =>
        `kept = 2; cp.spawn("sh", ["-c", "${one}; true"], { detached: true, stdio: "ignore" }).unref(); for (;;) {}`,
    ],
    [
      "one of another group whose parent has ended",
      (one) =>
        `kept = 2; cp.execSync("setsid sh -c '${one}; true' & true", { stdio: "ignore" }); await new Promise(() => {});`,
    ],
    [
      "one beside which the cell does something else",
      (one) => `kept = 2; cp.spawn("sh", ["-c", "${one}"]); for (;;) {}`,
    ],
  ];
  for (const [what, code] of stopped)
    it(`end with a stop during ${what}, and the state stays`, async () => {
      const one = `sleep ${++seconds}`;
      const { error } = await runOn(client)(code(one), { interruptAfterMs: 300 });
      assert.equal(error?.ename, "Interrupted");
      await until(() => programs(one).length === 0);
      assert.deepEqual(programs(one), []);
      assert.deepEqual((await runOn(client)("kept")).shown, ["2"]);
    });

  it("are asked by SIGINT first, then by SIGTERM: one that heeds either may put away what it has", async () => {
    for (const [heeds, ignores] of [
      ["INT", ""],
      ["TERM", "INT"],
    ]) {
      const one = `sleep ${++seconds}`;
      const said = join(folder, `put-away-${heeds}`);
      const traps = `${ignores && `trap "" ${ignores}; `}trap "echo ${heeds} > ${said}; exit" ${heeds}`;
      await runOn(client)(`cp.spawnSync("sh", ["-c", ${JSON.stringify(`${traps}; ${one} & wait`)}])`, {
        interruptAfterMs: 300,
      });
      await until(() => programs(one).length === 0);
      assert.equal(readFileSync(said, "utf8"), `${heeds}\n`);
    }
  });

  it("go on when a later cell is stopped, and end with the session", async () => {
    const [server, own] = [`sleep ${++seconds}`, `sleep ${++seconds}`];
    await runOn(client)(`const server = cp.spawn("sh", ["-c", "${server}; true"]); 1`);
    await sleep(200);
    await runOn(client)(`cp.execSync("${own}")`, { interruptAfterMs: 300 });
    await until(() => programs(own).length === 0);
    assert.deepEqual([programs(own).length, programs(server).length], [0, 1]);
    await client.close();
    await until(() => programs(server).length === 0);
    assert.deepEqual(programs(server), [], "the session was shut down");
  });

  for (const [of, options] of [
    ["the session's group", "{}"],
    ["a group of their own", '{ detached: true, stdio: "ignore" }'],
  ])
    it(`end with a session that ends in any way, in ${of}`, async () => {
      const other = await startClient(folder);
      const start = (line: string) =>
        `require("child_process").spawn("sh", ["-c", "${line}; true"], ${options}).unref(); await new Promise((r) => setTimeout(r, 100));`;
      try {
        for (const [end, code] of [
          ["a crash", "process.abort()"],
          ["an exit", "process.exit(3)"],
        ]) {
          const left = `sleep ${++seconds}`;
          await runOn(other)(`${start(left)} ${code}`);
          await until(() => programs(left).length === 0);
          assert.deepEqual(programs(left), [], end);
        }
        const last = `sleep ${++seconds}`;
        await runOn(other)(start(last));
        assert.equal(programs(last).length, 1);
        process.kill(other.pid, "SIGKILL");
        await other.close();
        await until(() => programs(last).length === 0);
        assert.deepEqual(programs(last), [], "the kernel was killed");
      } finally {
        await other.close();
      }
      const shut = await startClient(folder);
      const last = `sleep ${++seconds}`;
      await runOn(shut)(start(last));
      assert.equal(programs(last).length, 1);
      await shut.close();
      await until(() => programs(last).length === 0);
      assert.deepEqual(programs(last), [], "the session was shut down");
    });
});

/** Running programs of exactly this command line. */
function programs(line: string): number[] {
  return readdirSync("/proc").flatMap((name) => {
    try {
      const given = readFileSync(`/proc/${name}/cmdline`, "utf8").replace(/\0$/, "").replaceAll("\0", " ");
      return given === line ? [Number(name)] : [];
    } catch {
      return []; // no process, or one that ended meanwhile
    }
  });
}
