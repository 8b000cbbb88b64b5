/** The set-up as a newcomer meets it: a copy of its few files in an empty folder, an empty home, no network. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { leaveOut } from "../support.ts";

const root = resolve(import.meta.dirname, "../..");
const setUpScript: string = "../../scripts/setup.mjs"; // plain JavaScript, for any Node: it has no types to check
const { explainNpm } = (await import(setUpScript)) as {
  explainNpm: (stderr: string, code: number) => string;
};

describe("the set-up", () => {
  let clone: string;
  beforeEach(() => {
    clone = mkdtempSync(join(tmpdir(), "clone-"));
    for (const file of ["package.json", "package-lock.json", ".npmrc", "scripts"])
      cpSync(join(root, file), join(clone, file), { recursive: true });
  });
  afterEach(() => rmSync(clone, { recursive: true, force: true }));

  it("says in one sentence that the registry is out of reach, with the cure, and leaves no half set-up behind", () => {
    // Port 9 of loopback: nobody listens there, so npm fails as it does without a network.
    const { status, stderr } = runStart({ npm_config_registry: "http://127.0.0.1:9/", npm_config_fetch_retries: "0" });
    assert.equal(status, 1);
    assert.equal(
      stderr.trim().split("\n").at(-1),
      "The package registry cannot be reached: connect to the network (or point npm's `registry` setting at a mirror), then run this again.",
    );
    assert.doesNotMatch(stderr, /\n\s+at /, "no stack");
  });

  it("says that there is no Node 24 for a platform that npm brings none for", () => {
    const script = `Object.defineProperty(process, "platform", { value: "sunos" });
      Object.defineProperty(process.versions, "node", { value: "22.1.0" });
      const { command, findNode24 } = await import("./scripts/setup.mjs");
      await command(async () => findNode24().length);`;
    const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
      cwd: clone,
      encoding: "utf8",
    });
    assert.equal(status, 1);
    assert.equal(
      stderr,
      `No Node 24 comes through npm for sunos-${process.arch}: install Node 24 yourself, put it first on PATH, then run this again.\n`,
    );
  });

  it("says that a Node 24 which does not start here must be installed by hand", () => {
    const exe = join(clone, "node_modules", `node-linux-${process.arch}`, "bin", "node");
    mkdirSync(dirname(exe), { recursive: true });
    writeFileSync(exe, "#!/bin/sh\necho 'version `GLIBC_2.28 not found' >&2; exit 1\n", { mode: 0o755 });
    const script = `Object.defineProperty(process, "platform", { value: "linux" });
      Object.defineProperty(process.versions, "node", { value: "22.1.0" });
      const { command, findNode24 } = await import("./scripts/setup.mjs");
      await command(async () => findNode24().length);`;
    const { stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
      cwd: clone,
      encoding: "utf8",
    });
    assert.match(
      stderr,
      /^The Node 24 that npm installed does not start on this system \(version `GLIBC_2.28 not found\)/,
    );
  });

  it("puts the project's own TypeScript on the path that CONTRIBUTING names, not that of a peer", function () {
    if (process.platform === "win32") leaveOut(this, "npm's links are scripts on Windows");
    const [, path] = /^export PATH=\$PWD\/(\S+):\$PATH$/m.exec(readFileSync(join(root, "CONTRIBUTING.md"), "utf8"))!;
    const { stdout } = spawnSync(join(root, path!, "tsc"), ["--version"], { encoding: "utf8" });
    const { devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    assert.equal(stdout, `Version ${devDependencies.typescript}\n`);
  });

  it("says on an Intel Mac that the sandbox and the models do not run there, before it installs a gigabyte", () => {
    const script = `Object.defineProperty(process, "platform", { value: "darwin" });
      Object.defineProperty(process, "arch", { value: "x64" });
      const { command, setUp } = await import("./scripts/setup.mjs");
      await command(async () => (await setUp()).length);`;
    const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
      cwd: clone,
      encoding: "utf8",
    });
    assert.equal(status, 1);
    assert.equal(
      stderr,
      "isolated-vm and ONNX Runtime have no binaries for Macs with an Intel processor: use one with Apple silicon, Linux x64 or arm64, or Windows x64.\n",
    );
  });

  it("refuses a Node that is too old", () => {
    const script = `Object.defineProperty(process.versions, "node", { value: "16.20.0" });
      const { command, setUp } = await import("./scripts/setup.mjs");
      await command(async () => (await setUp()).length);`;
    const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
      cwd: clone,
      encoding: "utf8",
    });
    assert.equal(status, 1);
    assert.equal(stderr, "Node 16.20.0 is too old: install Node 18 or newer, then run this again.\n");
  });

  it("names the cure for what else npm may meet", () => {
    assert.match(explainNpm("npm error code ENOSPC\nnpm error no space left on device", 1), /^The disk is full: free/);
    assert.match(explainNpm("npm ERR! code EACCES", 1), /make this folder writable/);
    assert.match(explainNpm("npm error code E404\nnpm error 404 Not Found", 1), /does not serve a package.*code E404/);
    assert.match(explainNpm("", 7), /^npm ended with code 7: no reason was printed\. Run `npm ci/);
  });

  function runStart(env: { [name: string]: string }) {
    const home = join(clone, "home");
    mkdirSync(home);
    return spawnSync("npm", ["start"], {
      cwd: clone,
      encoding: "utf8",
      env: { PATH: process.env.PATH ?? "", HOME: home, npm_config_cache: join(home, "cache"), ...env },
    });
  }
});
