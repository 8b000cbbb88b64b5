/** The runner's client, at the kernel's end: it waits for the kernel, and for nobody who was given the kernel's pipe. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { tmpdir } from "node:os";
import { startClient } from "../../../kernel/notebook/client.ts";

const isLinux = process.platform === "linux";

describe("the client of a kernel that has ended", () => {
  (isLinux ? it : it.skip)(
    `closes although a program still holds the kernel's pipe${isLinux ? "" : " (left out: Linux shows a process's pipes as files)"}`,
    async () => {
      const client = await startClient(tmpdir(), { environment: { AUTOAGENT_TYPES: "off" } });
      const pipe = openSync(`/proc/${client.pid}/fd/2`, "w");
      const holder = spawn(process.execPath, ["-e", "setTimeout(() => {}, 55_000)"], {
        stdio: ["ignore", "ignore", pipe],
      });
      closeSync(pipe);
      const ended = new Promise<void>((resolve) => holder.once("exit", () => resolve()));
      try {
        await client.close();
        assert.equal(holder.exitCode, null, "the program is still there, and was not waited for");
        await assert.rejects(
          client.execute("1", () => {}),
          /^NotebookFailure: the kernel ended \(exit code 0\)$/,
        );
      } finally {
        holder.kill("SIGKILL");
        await ended;
      }
    },
  );
});
