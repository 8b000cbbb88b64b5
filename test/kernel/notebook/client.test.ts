/** The runner's client, at the kernel's end: it waits for the kernel, and for nobody who was given the kernel's pipe. */

import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { startClient } from "../../../kernel/notebook/client.ts";

/** Run by the kernel before all else: starts a program that holds the kernel's standard error, and outlives it. */
const preload = (file: string): string => `
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
if (/kernel[\\/]main.[jt]s$/.test(process.argv[1] ?? "")) {
  const holder = spawn(process.execPath, ["-e", "setInterval(() => {}, 1e6)"], {
    ...{ detached: true, env: {}, stdio: ["ignore", "ignore", "inherit"] },
  });
  holder.unref();
  writeFileSync(${JSON.stringify(file)}, String(holder.pid));
}`;

describe("the client of a kernel that has ended", () => {
  it("closes although a program still holds the kernel's pipe", async () => {
    const folder = mkdtempSync(join(tmpdir(), "client-"));
    const [script, file] = [join(folder, "preload.mjs"), join(folder, "pid")];
    writeFileSync(script, preload(file));
    const environment = { AUTOAGENT_TYPES: "off", NODE_OPTIONS: `--import=${pathToFileURL(script)}` };
    const client = await startClient(folder, { environment });
    const holder = Number(readFileSync(file, "utf8"));
    try {
      await client.close();
      assert.equal(process.kill(holder, 0), true, "the program is still there, and was not waited for");
      await assert.rejects(
        client.execute("1", () => {}),
        /^NotebookFailure: the kernel ended \(exit code 0\)$/,
      );
    } finally {
      process.kill(holder, "SIGKILL");
      rmSync(folder, { recursive: true });
    }
  });
});

describe("the client of a kernel that does not start", () => {
  it("says how it ended and the last of what it printed, and leaves no file behind", async () => {
    const folder = mkdtempSync(join(tmpdir(), "client-"));
    const script = join(folder, "preload.mjs");
    writeFileSync(
      script,
      'process.stderr.write(`first ${"é".repeat(3000)} last\\n`); process.exitCode = 3; process.reallyExit(3);',
    );
    const environment = { TMPDIR: folder, NODE_OPTIONS: `--import=${pathToFileURL(script)}` };
    const { TMPDIR } = process.env;
    process.env.TMPDIR = folder; // where the connection file is
    try {
      await assert.rejects(startClient(folder, { environment }), {
        name: "NotebookFailure",
        message: `The kernel did not start: the kernel ended (exit code 3): ${"é".repeat(1994)} last`,
      });
      assert.deepEqual(readdirSync(folder), ["preload.mjs"]);
    } finally {
      if (TMPDIR === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = TMPDIR;
      rmSync(folder, { recursive: true });
    }
  });
});

describe("the client of a kernel", () => {
  it("has cells given up that were asked for together with one that failed", async () => {
    const folder = mkdtempSync(join(tmpdir(), "client-"));
    const client = await startClient(folder, { environment: { AUTOAGENT_TYPES: "off" } });
    try {
      const replies = await Promise.all(["throw 1", "2"].map((code) => client.execute(code, () => {})));
      assert.deepEqual(
        replies.map(({ content }) => content.status),
        ["error", "aborted"],
      );
    } finally {
      await client.close();
      rmSync(folder, { recursive: true });
    }
  });
});
