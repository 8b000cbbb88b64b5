/** `npm run setup:cuda` in a copy of its few files: what is missing is named, a second run does nothing, undo undoes. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { leaveOut } from "../support.ts";

const root = resolve(import.meta.dirname, "../..");
const names = ["libonnxruntime_providers_cuda.so", "libonnxruntime_providers_shared.so"];
const needed = ["libcuda.so.1", "libcudart.so.13", "libcublas.so.13", "libcublasLt.so.13", "libcurand.so.10"];

describe("setup:cuda", () => {
  let clone: string;
  let libraries: string;
  beforeEach(() => {
    clone = mkdtempSync(join(tmpdir(), "cuda-"));
    libraries = join(clone, "node_modules", "onnxruntime-node", "bin", "napi-v6", "linux", "x64");
    cpSync(join(root, "scripts"), join(clone, "scripts"), { recursive: true });
  });
  afterEach(() => rmSync(clone, { recursive: true, force: true }));

  const install = (version: string) => {
    mkdirSync(libraries, { recursive: true });
    writeFileSync(join(clone, "node_modules", "onnxruntime-node", "package.json"), JSON.stringify({ version }));
  };
  const run = (args: string[], env: NodeJS.ProcessEnv = {}) => {
    const options = { cwd: clone, encoding: "utf8", env: { ...process.env, ...env } } as const;
    const { status, stdout, stderr } = spawnSync(process.execPath, ["scripts/setup-cuda.mjs", ...args], options);
    return { status, stdout: stdout.trim(), last: stderr.trim().split("\n").at(-1) };
  };

  it("names what is missing: an option, the package, its version, Python; and leaves nothing behind", function () {
    assert.equal(run(["--gpu"]).last, "Unknown option --gpu: use --undo");
    const absent = run([]);
    assert.equal(absent.status, 1);
    assert.match(absent.last!, /^The package onnxruntime-node is not installed: run `npm install --ignore-scripts /);
    install("1.29.0");
    if (process.platform !== "linux" || process.arch !== "x64") leaveOut(this, "the library for CUDA is for Linux x64");
    assert.match(
      run([]).last!,
      /^The library for CUDA is of ONNX Runtime 1\.30\.0, and onnxruntime-node 1\.29\.0 is installed: /,
    );
    install("1.30.0");
    assert.equal(
      run([], { PATH: clone }).last,
      "There is no Python with pip on PATH, which fetches ONNX Runtime's wheel: install both, then run this again.",
    );
    assert.deepEqual(readdirSync(libraries), []);
  });

  it("keeps nothing of a wheel that is not the one that was checked", function () {
    if (process.platform !== "linux" || process.arch !== "x64") leaveOut(this, "the library for CUDA is for Linux x64");
    install("1.30.0");
    // A pip that gives another file.
    const bin = join(clone, "bin");
    mkdirSync(bin);
    const script = `#!/bin/sh\ncase "$*" in *download*) for last; do :; done; while [ "$1" != -d ]; do shift; done; echo other > "$2/x.whl";; esac\n`;
    writeFileSync(join(bin, "python3"), script, { mode: 0o755 });
    const { status, last } = run([], { PATH: `${bin}:${process.env.PATH}` });
    assert.equal(status, 1);
    assert.match(
      last!,
      /^What was fetched is not the file that was checked \(sha256 [0-9a-f]{64}, expected [0-9a-f]{64}\): /,
    );
    assert.deepEqual(readdirSync(libraries), []);
  });

  it("says which of CUDA's libraries are missing, and where the loader must look; does nothing twice, and undoes itself", function () {
    if (process.platform !== "linux" || process.arch !== "x64") leaveOut(this, "the library for CUDA is for Linux x64");
    install("1.30.0");
    for (const name of names) writeFileSync(join(libraries, name), "");
    const cuda = join(clone, "cuda");
    mkdirSync(cuda);
    for (const name of needed.slice(0, 4)) writeFileSync(join(cuda, name), "");
    const some = run([], { LD_LIBRARY_PATH: cuda, PATH: clone });
    assert.equal(some.status, 0, some.last);
    assert.match(
      some.stdout,
      /^ONNX Runtime 1\.30\.0 has its library for CUDA: nothing to do\. Missing: libcurand\.so\.10\. The others /,
    );
    writeFileSync(join(cuda, needed[4]!), "");
    assert.match(
      run([], { LD_LIBRARY_PATH: cuda }).stdout,
      /CUDA's libraries are there: open a model with \{ provider: "cuda" \}\.$/,
    );
    assert.match(run(["--undo"]).stdout, /^onnxruntime-node is as npm left it/);
    assert.ok(names.every((name) => !existsSync(join(libraries, name))));
  });
});
