/** The runner's client, at the kernel's end: it waits for the kernel, and for nobody who was given the kernel's pipe. */

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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
