/** gpu-check's pack, unpacked into an empty folder and run with nothing else: no PATH to speak of, no home, no variables. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import chromium from "@sparticuz/chromium";
import { leaveOut } from "../support.ts";

const root = resolve(import.meta.dirname, "../..");

describe("gpu-check", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "gpu-check-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("packs what a bare machine needs into 64 MiB, in pieces of 50 MB, and its updates there agree with plain JavaScript's on every path", async function () {
    if (process.platform !== "linux" || process.arch !== "x64") leaveOut(this, "the pack is for Linux x64");
    if (spawnSync("xz", ["--version"]).error) leaveOut(this, "there is no xz here");
    const archive = join(folder, "gpu-check.tar.xz");
    const flags = ["--conditions=autoagent-lab-source", "--disable-warning=ExperimentalWarning"];
    // The lowest level of xz, for speed: even so it fits.
    const packed = spawnSync(process.execPath, [...flags, "scripts/gpu-check.ts", "--pack", archive], {
      cwd: root,
      encoding: "utf8",
      env: { ...process.env, XZ_OPT: "-0 -T2" },
    });
    assert.equal(packed.status, 0, packed.stderr);
    // At that level of xz it is more than one piece.
    const pieces = readdirSync(folder).filter((name) => name.startsWith("gpu-check.tar.xz"));
    const sizes = pieces.map((name) => statSync(join(folder, name)).size);
    assert.ok(Math.max(...sizes) <= 50_000_000 && Math.max(...sizes) > 1_000_000, packed.stdout);
    assert.ok(sizes.reduce((sum, size) => sum + size, 0) <= 64 * 2 ** 20, packed.stdout);
    assert.match(packed.stdout, /gpu-check\.tar\.xz(\.1)?: \d+\.\d MiB/);
    const joined = spawnSync("sh", ["-c", `cat ${archive}* | tar -C ${folder} -xJf -`], { encoding: "utf8" });
    assert.equal(joined.status, 0, joined.stderr);
    // Chromium's software Vulkan stands in for a graphics driver, in which only TF.js is seen to run.
    const vulkan = dirname(await chromium.executablePath());
    const icd = join(vulkan, "vk_swiftshader_icd.json");
    const env = {
      PATH: "/usr/bin:/bin",
      ...(existsSync(icd) && { LD_LIBRARY_PATH: vulkan, VK_ICD_FILENAMES: icd }),
    };
    const args = ["--batches", "2", "--only", "update"];
    const done = spawnSync(join(folder, "gpu-check", "run.sh"), args, { cwd: "/", encoding: "utf8", env });
    assert.equal(done.status, 0, done.stderr);
    const row = (path: string, { stdout } = done) =>
      stdout.split("\n").find((line) => line.startsWith(`${path} `)) ?? stdout;
    for (const path of ["update, cpu", "update, wasm"]) assert.match(row(path), /\d\.\de[+-]\d+ +\d+\.\d ms an update/);
    if (existsSync(icd)) assert.match(row("update, webgpu"), /SwiftShader.* \d\.\de-\d+ +\d+\.\d ms an update/);
    assert.match(row("update, tensorflow"), /@tensorflow\/tfjs-node is not set up: run/);
    assert.match(
      row("update, tensorflow-gpu"),
      /- \(\S+tfjs-node-gpu (does not find TensorFlow's library|is not set up): run/,
    );
    assert.doesNotMatch(done.stdout, /too much/);
    const generated = spawnSync(join(folder, "gpu-check", "run.sh"), ["--path", "generate cpu", "--batches", "2"], {
      cwd: "/",
      encoding: "utf8",
      env: { PATH: env.PATH },
    });
    assert.match(generated.stdout, /"device":".+","speeds":\[\d/, generated.stderr);
    const drawn = spawnSync(join(folder, "gpu-check", "run.sh"), ["--path", "draw cpu", "--batches", "2"], {
      ...{ cwd: "/", encoding: "utf8", env: { PATH: env.PATH } },
    });
    assert.match(drawn.stdout, /"device":".+","speeds":\[\d/, drawn.stderr);
    const adapted = spawnSync(
      join(folder, "gpu-check", "run.sh"),
      ["--only", "adapter-draw,adapter-update", "--batches", "2"],
      { ...{ cwd: "/", encoding: "utf8", env: { PATH: env.PATH } } },
    );
    assert.equal(adapted.status, 0, adapted.stderr);
    for (const path of ["adapter-draw, cpu", "adapter-update, wasm", "adapter-update, onnxruntime"])
      assert.match(row(path, adapted), /\d\.\de[+-]\d+ +\d+\.\d (tokens\/s|ms an update)/);
    for (const path of ["adapter-draw, cuda", "adapter-update, onnxruntime-cuda"])
      assert.match(row(path, adapted), /- \(.*(no CUDA device|cuda)|e-\d+ +\d/);
    assert.doesNotMatch(adapted.stdout, /too much/);
    // Most of it is xz over 200 MB: half a minute on two idle cores, several on busy ones.
  });
});
