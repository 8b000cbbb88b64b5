/** What a killed process left half written is removed by the next that writes there, and nothing else is. */

import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { partOf } from "../../src/data/write.ts";
import { convert } from "../../src/model/convert.ts";
import { readSource } from "../../src/model/open.ts";
import { editMenu } from "../../src/policy/index.ts";
import { train } from "../../src/training/index.ts";
import { writeFolder, writingModel } from "../model/shared.ts";
import { menu, nameEnv } from "../training/fixtures.ts";

describe("what a killed process left half written", () => {
  let folder: string;
  let gone: number;
  let other: ChildProcess;
  // Not before: a whole run loads all files first, and comes to this one minutes later.
  before(() => {
    gone = spawnSync(process.execPath, ["--version"]).pid;
    other = spawn(process.execPath, ["-e", "setInterval(() => {}, 1e6)"]);
    folder = mkdtempSync(join(tmpdir(), "leftovers-"));
  });
  after(() => {
    other.kill("SIGKILL");
    rmSync(folder, { recursive: true });
  });
  const age = (path: string, minutes: number): void => {
    const at = Date.now() / 1000 - 60 * minutes;
    utimesSync(path, at, at);
  };

  it("is removed by the next conversion of the same weights, unless it may still be written to", async () => {
    const source = join(folder, "source");
    const models = join(folder, "models");
    mkdirSync(source);
    writeFolder(source, writingModel());
    const made = dirname(await convert(await readSource(source), "made", { folder: join(folder, "first") }));
    const version = basename(made).replace("made-", "");
    const left = (name: string, minutes: number, inside = minutes): void => {
      const path = join(models, name);
      mkdirSync(path, { recursive: true });
      const weights = join(path, "weights.bin");
      writeFileSync(weights, "half");
      age(weights, inside);
      age(path, minutes);
    };
    left(`same-${version}.${gone}.abc`, 3);
    left(`same-${version}-q8.${gone}.abc`, 3);
    left(`same-${version}.${other.pid}.old`, 25 * 60);
    left(`same-${version}.${gone}.fresh`, 1);
    left(`same-${version}.${gone}.busy`, 30, 1);
    left(`same-${version}.${other.pid}.abc`, 3);
    left(`another-${version}.${gone}.abc`, 3);
    left("same-9-q8", 3);
    await convert(await readSource(source), "same", { folder });
    const kept = [
      `another-${version}.${gone}.abc`,
      `same-${version}.${gone}.busy`,
      `same-${version}.${gone}.fresh`,
      `same-${version}.${other.pid}.abc`,
    ];
    const whole = readdirSync(models).filter((name) => /^same-\d+(-q8)?$/.test(name));
    assert.deepEqual(readdirSync(models).sort(), [...kept, ...whole].sort());
    assert.equal(whole.length, 2, String(whole));
  });

  it("is removed by the next training that saves to the same file", async () => {
    const own = mkdtempSync(join(folder, "training-"));
    const save = join(own, "run.safetensors");
    const names = [save, join(own, "other.safetensors")].map((path) =>
      partOf(path).replace(`.${process.pid}-`, `.${gone}-`),
    );
    for (const path of [...names, `${save}.part`, partOf(save)]) {
      writeFileSync(path, "half");
      age(path, 3);
    }
    const policy = editMenu(menu);
    for await (const _ of train({ env: nameEnv(), policy, updates: 1, episodes: 4, save }));
    policy.dispose();
    const left = readdirSync(own).map((name) => join(own, name));
    assert.equal(left.includes(names[0]!), false);
    assert.equal(left.length, 4, String(left));
  });
});
