/** Logs and files of lines where the disk refuses: on a real small disk, in folders that are missing, files that are folders. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLines } from "../../src/data/lines.ts";
import { DiskFailure } from "../../src/data/write.ts";
import { logTo } from "../../src/training/index.ts";
import { leaveOut } from "../support.ts";

describe("where the disk refuses", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "autoagent-disk-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const refuses = (text: string) => (error: unknown) => error instanceof DiskFailure && error.message === text;

  it("a full disk keeps the lines before, says so, and takes more when there is room", function () {
    const disk = join(folder, "disk");
    mkdirSync(disk);
    const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", disk], { encoding: "utf8" });
    if (mounted.status !== 0)
      leaveOut(this, `no small disk to fill (${mounted.error?.message ?? mounted.stderr.trim()})`);
    try {
      const full = (path: string) =>
        refuses(`No space left on the disk of ${path}: free some and go on; what was written before is kept`);
      const log = join(disk, "log.jsonl");
      const lines = openLines(log);
      lines.append({ update: 0 });
      assert.throws(() => lines.append({ update: 1, text: "c".repeat(300_000) }), full(log));
      assert.equal(readFileSync(log, "utf8"), '{"update":0}\n', "what was half written is cut off again");
      lines.append({ update: 2 });
      assert.deepEqual(openLines(log).values, [{ update: 0 }, { update: 2 }]);
    } finally {
      spawnSync("umount", ["-l", disk]);
    }
  });

  it("a missing folder is made", () => {
    logTo({ jsonl: join(folder, "c", "d", "log.jsonl"), tensorboard: join(folder, "e", "f") });
    assert.ok(existsSync(join(folder, "c", "d", "log.jsonl")) && existsSync(join(folder, "e", "f")));
  });

  it("a folder in a file's place, or a file in a folder's, is named", () => {
    const file = join(folder, "file");
    writeFileSync(file, "");
    const below = join(file, "run.safetensors");
    const cannot = (path: string, code: string) =>
      refuses(`${path} cannot be a file (${code}): it is a folder, or lies below a file; choose another path`);
    assert.throws(() => openLines(folder), cannot(folder, "EISDIR"));
    assert.throws(() => logTo({ jsonl: below }), cannot(below, "EEXIST"));
    const noFolder = (path: string, code: string) =>
      refuses(`${path} cannot be a folder (${code}): it is a file, or lies below one; choose another path`);
    assert.throws(() => logTo({ tensorboard: file }), noFolder(file, "EEXIST"));
    assert.throws(() => logTo({ tensorboard: join(file, "deep") }), noFolder(join(file, "deep"), "ENOTDIR"));
  });
});
