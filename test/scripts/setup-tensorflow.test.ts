/** `npm run setup:tensorflow` in a copy of its few files: what is missing is named, a second run does nothing, undo undoes. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { leaveOut } from "../support.ts";

const root = resolve(import.meta.dirname, "../..");
const source = join(root, "node_modules", "@tensorflow", "tfjs-node");

describe("setup:tensorflow", () => {
  let clone: string;
  let folder: string;
  beforeEach(() => {
    clone = mkdtempSync(join(tmpdir(), "tensorflow-"));
    folder = join(clone, "node_modules", "@tensorflow", "tfjs-node");
    cpSync(join(root, "scripts"), join(clone, "scripts"), { recursive: true });
  });
  afterEach(() => rmSync(clone, { recursive: true, force: true }));

  const run = (args: string[], env: NodeJS.ProcessEnv = {}) => {
    const options = { cwd: clone, encoding: "utf8", env: { ...process.env, ...env } } as const;
    const { status, stdout, stderr } = spawnSync(process.execPath, ["scripts/setup-tensorflow.mjs", ...args], options);
    return { status, stdout: stdout.trim(), last: stderr.trim().split("\n").at(-1) };
  };

  it("names what is missing: the package, Python, an option", function () {
    const absent = run([]);
    assert.equal(absent.status, 1);
    assert.equal(
      absent.last,
      "The package @tensorflow/tfjs-node is not installed: run `npm install --ignore-scripts @tensorflow/tfjs-node` first.",
    );
    assert.equal(run(["--cpu"]).last, "Unknown option --cpu: use --gpu or --undo");
    if (process.platform !== "linux" || process.arch !== "x64") leaveOut(this, "TensorFlow's wheel is for Linux x64");
    copyPackage();
    assert.equal(
      run([], { PATH: clone }).last,
      "There is no Python with pip on PATH, which fetches TensorFlow's wheel: install both, then run this again.",
    );
  });

  it("builds the addon over the unpacked library, does nothing the second time, and undoes itself", function () {
    const library = join(root, ".cache", "tensorflow", "cpu");
    if (!existsSync(join(library, "tensorflow", "libtensorflow_cc.so.2")) || !existsSync(source))
      leaveOut(this, "TensorFlow is not set up here");
    copyPackage();
    mkdirSync(join(clone, ".cache", "tensorflow"), { recursive: true });
    symlinkSync(realpathSync(library), join(clone, ".cache", "tensorflow", "cpu"));
    symlinkSync(join(root, "node_modules", ".bin"), join(clone, "node_modules", ".bin"));
    const env = { NODE_PATH: join(root, "node_modules") };
    const noCompiler = run([], { PATH: clone, npm_config_node_gyp: "" });
    assert.match(noCompiler.last!, /^There is no make on PATH, which builds the addon: |headers/);
    const first = run([], env);
    assert.equal(first.stdout, "@tensorflow/tfjs-node runs over TensorFlow 2.21.0 now.", first.last);
    const addon = join(folder, "lib", "napi-v8", "tfjs_binding.node");
    const load = `process.dlopen({ exports: {} }, ${JSON.stringify(addon)}); console.log("loaded")`;
    const loaded = spawnSync(process.execPath, ["-e", load], { encoding: "utf8" });
    assert.equal(loaded.stdout, "loaded\n", loaded.stderr);
    assert.equal(
      run([], env).stdout,
      "@tensorflow/tfjs-node is set up over TensorFlow 2.21.0: nothing to do.",
      "second run",
    );
    assert.equal(run(["--undo"]).stdout, "@tensorflow/tfjs-node is as npm left it: training uses another backend.");
    for (const gone of [addon, join(folder, "deps", "lib"), join(clone, ".cache", "tensorflow", "cpu")])
      assert.ok(!existsSync(gone), gone);
    assert.ok(existsSync(join(library, "tensorflow", "libtensorflow_cc.so.2")), "undo follows no link");
  });

  /** The package as npm left it, whatever was done to the one here. */
  function copyPackage(): void {
    mkdirSync(folder, { recursive: true });
    for (const name of ["package.json", "binding", "binding.gyp", "scripts", "dist"])
      cpSync(join(source, name), join(folder, name), { recursive: true });
  }
});
