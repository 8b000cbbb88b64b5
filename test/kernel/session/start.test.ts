/** How a session's processes start: what they compiled is kept, the first cell can be stopped, and a failed start leaves nothing. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startPeer } from "../../../bench/kernel/peer.ts";
import { kernelSpec } from "../../../kernel/install.ts";
import { startUserProcess } from "../../../kernel/session/user-process.ts";
import { isRunning } from "../../processes.ts";
import { leaveOut } from "../../support.ts";
import { until } from "../../waiting.ts";

const { argv } = kernelSpec() as { argv: string[] };

describe("a session that starts", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "start-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("finds compiled what a user process loaded that was killed: the next one adds nothing to it", async () => {
    const own = readdirSync(resolve(import.meta.dirname, "../../../kernel/session/user")).length;
    const first = await filesAfterKill(folder, own);
    assert.ok(first.length > own, `more files than kernel/session/user has, ${own}, got ${first.length}`);
    assert.deepEqual(await filesAfterKill(folder, own), first);
  });

  it("stops its first cell, though the stop comes with it and the cell never lets go of the processor", async () => {
    const environment = { AUTOAGENT_TYPES: "off" };
    const peer = await startPeer({ name: "ours", argv, directory: folder, environment });
    try {
      const running = peer.run("const before = 1;\nwhile (true) {}");
      await sleep(100); // the request is on its way on another channel
      peer.send("control", "interrupt_request", {});
      const { error } = await running;
      assert.match(String(error), /^Interrupted: the cell was interrupted/);
      assert.deepEqual((await peer.run("1 + 1")).shown[0]?.["text/plain"], "2");
    } finally {
      await peer.close();
    }
  });

  it("refuses a first cell of a wrong type that was sent while the compiler began, the only one that there is", async () => {
    const mark = `MARK=${folder}`;
    const environment = { AUTOAGENT_TYPES: "error", MARK: folder };
    const peer = await startPeer({ name: "ours", argv, directory: folder, environment });
    try {
      const refused = await peer.run("const wrong: string = 1;\nconsole.log('ran');");
      assert.deepEqual([refused.error, refused.stdout], ["TypeCheckError: 1 type error: the cell was not run", ""]);
      assert.match(refused.traceback, /TS2322: Type 'number' is not assignable to type 'string'/);
      assert.deepEqual((await peer.run("const right: string = 'ran';\nright")).shown[0]?.["text/plain"], "'ran'");
      if (existsSync("/proc")) assert.equal(marked(mark).filter(isCompiler).length, 1);
    } finally {
      await peer.close();
    }
    if (existsSync("/proc")) await noneIsLeft(mark);
  });

  it("leaves no user process behind where the kernel cannot listen: a sentence, and exit code 2", async function () {
    if (!existsSync("/proc")) leaveOut(this, "there is no /proc on this system to look for processes in");
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const { port } = server.address() as { port: number };
    const file = join(folder, "connection.json");
    const ports = { shell_port: port, iopub_port: port, stdin_port: port, control_port: port, hb_port: port };
    const common = { transport: "tcp", ip: "127.0.0.1", key: "k", signature_scheme: "hmac-sha256" };
    writeFileSync(file, JSON.stringify({ ...ports, ...common }));
    const [program, ...rest] = argv.map((word) => word.replace("{connection_file}", file));
    const mark = `MARK=${folder}`;
    const child = spawn(program!, rest, {
      env: { ...process.env, MARK: folder },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let said = "";
    child.stderr.on("data", (text) => (said += text));
    const [code] = await once(child, "exit");
    assert.deepEqual([code, said.split(":")[0]], [2, "The kernel cannot listen on tcp"]);
    server.close();
    await noneIsLeft(mark);
  });
});

/** What is in the cache folder once a user process has loaded all it needs, and was killed some time after. */
async function filesAfterKill(folder: string, least: number): Promise<string[]> {
  const kept = process.env.XDG_CACHE_HOME;
  process.env.XDG_CACHE_HOME = join(folder, "cache");
  let said = "";
  const user = startUserProcess(folder, {
    onMessage() {},
    onNative(_, text) {
      said += text;
    },
    onStopping() {},
    onDeath(how) {
      said += how;
    },
  });
  if (kept === undefined) delete process.env.XDG_CACHE_HOME;
  else process.env.XDG_CACHE_HOME = kept;
  const list = (): string[] =>
    existsSync(join(folder, "cache"))
      ? readdirSync(join(folder, "cache"), { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map(({ name }) => name)
          .sort()
      : [];
  try {
    assert.equal(await user.ready, true, said);
    await until(() => list().length > least);
    await sleep(1500); // longer than a process waits before it writes
    return list();
  } finally {
    await user.kill();
  }
}

/** Waits for the end of every process that carries a variable. */
async function noneIsLeft(mark: string): Promise<void> {
  await until(() => marked(mark).length === 0);
  assert.deepEqual(marked(mark), []);
}

/** Whether a process is TypeScript's compiler behind its API. */
function isCompiler(pid: number): boolean {
  return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("\0--api\0");
}

/** Ids of the processes that carry a variable. */
function marked(mark: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => {
      try {
        return readFileSync(`/proc/${name}/environ`, "utf8").split("\0").includes(mark) && isRunning(Number(name));
      } catch {
        return false; // it ended meanwhile, or is somebody else's
      }
    })
    .map(Number);
}
