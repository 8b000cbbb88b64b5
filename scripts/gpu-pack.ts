/**
 * `npm run gpu:check -- --pack FILE.tar.xz [--model NAME]`: all that gpu-check needs on a bare Linux x64 machine: Node 24, the
 * sources and packages that are really loaded (seen by running them here), Dawn, ONNX Runtime, the model and `run.sh`; the
 * library for CUDA after `npm run setup:cuda`, and `libvulkan.so.1` where this machine has one. What is larger than 50 MB is
 * written in pieces of that size, FILE.tar.xz.1 and so on, which `cat` joins. Not in it: a graphics driver, CUDA's own
 * libraries, TensorFlow (`run.sh --tensorflow` fetches its wheel where pip can reach an index).
 */

import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheFolder } from "../src/model/index.ts";

const root = resolve(import.meta.dirname, "..");
const flags = ["--conditions=autoagent-lab-source", "--disable-warning=ExperimentalWarning"];
const gpuPackage = "node_modules/@tensorflow/tfjs-node-gpu";

/** Files that no import names. Missing ones are an error, but for those of packages that are optional. */
const unseen = [
  "scripts/gpu-check.ts",
  "scripts/gpu-check/torch_peer.py",
  "bench/policy/adapter_update.py",
  "scripts/setup.mjs",
  "scripts/signals.mjs",
  "scripts/programs.mjs",
  "scripts/setup-cuda.mjs",
  "scripts/setup-tensorflow.mjs",
  "node_modules/webgpu/dist/linux-x64/dawn.node",
  "node_modules/onnxruntime-node/bin/napi-v6/linux/x64",
  "node_modules/@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm",
  "node_modules/@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm",
  "data/models/tiny",
  "data/prompts",
];

/** Loads what gpu-check loads, and prints every file that was loaded. */
const trace = `
import { createRequire, registerHooks } from "node:module";
import { pathToFileURL } from "node:url";
const seen = new Set();
registerHooks({ load: (url, context, next) => (seen.add(url), next(url, context)) });
const { dlopen } = process;
process.dlopen = (module, path, ...rest) => (seen.add(pathToFileURL(path).href), dlopen(module, path, ...rest));
process.on("exit", () => process.stdout.write("\\n" + JSON.stringify([...seen])));
const require = createRequire(process.cwd() + "/package.json");
for (const name of ["webgpu", "@tensorflow/tfjs-backend-webgpu", "@tensorflow/tfjs-backend-wasm"]) require(name);
Object.assign(require("node:util"), { isNullOrUndefined: (x) => x == null, isArray: Array.isArray });
try { require("@tensorflow/tfjs-node-gpu"); } catch {}
// A model runs in a thread, which these hooks do not reach: what that loads is loaded here too.
require("onnxruntime-node");
for (const name of ["thread", "encode-thread"]) await import(pathToFileURL(process.cwd() + "/src/model/" + name + ".ts"));
process.argv.push("--path", "generate cpu", "--batches", "1", "--model", process.env.GPU_CHECK_MODEL);
await import(pathToFileURL(process.cwd() + "/scripts/gpu-check.ts"));
`;

const runScript = `#!/bin/sh
# gpu-check on this machine: ./run.sh [--tensorflow] [--batches 16,64,256]. --tensorflow fetches TensorFlow's wheel with pip first.
cd "$(dirname "$0")" || exit 1
PATH="$PWD/bin:$PATH"
export LD_LIBRARY_PATH="\${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$PWD/lib"
if [ -d cache ]; then export AUTOAGENT_CACHE="$PWD/cache"; fi
if [ "$1" = --tensorflow ]; then shift; bin/node scripts/setup-tensorflow.mjs --gpu || exit 1; fi
exec bin/node ${flags.join(" ")} scripts/gpu-check.ts "$@"
`;

/** Bytes of a piece. */
const mostBytes = 50_000_000;

/** Writes the archive, in pieces where it is large; returns the files. @throws Error that names what is missing */
export function packGpuCheck(archive: string, model: string): { file: string; bytes: number }[] {
  if (process.platform !== "linux" || process.arch !== "x64")
    throw new Error(`The pack is made on Linux x64, this is ${process.platform} ${process.arch}`);
  if (spawnSync("xz", ["--version"]).error) throw new Error("There is no xz on PATH, which compresses the pack");
  const folder = mkdtempSync(join(tmpdir(), "gpu-pack-"));
  try {
    const top = join(folder, "gpu-check");
    for (const file of filesToPack(model)) {
      mkdirSync(dirname(join(top, file)), { recursive: true });
      cpSync(join(root, file), join(top, file), { recursive: true, dereference: true });
    }
    mkdirSync(join(top, "bin"));
    cpSync(process.execPath, join(top, "bin", "node"), { dereference: true });
    spawnSync("strip", [join(top, "bin", "node")]); // smaller by a tenth where there is a strip
    addModel(model, top);
    addVulkan(top);
    writeFileSync(join(top, "run.sh"), runScript, { mode: 0o755 });
    const packed = spawnSync("tar", ["-C", folder, "-cJf", resolve(archive), "gpu-check"], {
      encoding: "utf8",
      env: { ...process.env, XZ_OPT: process.env.XZ_OPT ?? "-6 -T2" },
    });
    if (packed.status !== 0) throw new Error(`tar could not write ${archive}: ${packed.stderr.trim()}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return inPieces(resolve(archive));
}

/** Cuts a file that is too large; what it was made of takes its place. */
function inPieces(archive: string): { file: string; bytes: number }[] {
  const { size } = statSync(archive);
  if (size <= mostBytes) return [{ file: archive, bytes: size }];
  const whole = readFileSync(archive);
  const pieces = Array.from({ length: Math.ceil(size / mostBytes) }, (_, i) => {
    const piece = whole.subarray(i * mostBytes, (i + 1) * mostBytes);
    writeFileSync(`${archive}.${i + 1}`, piece);
    return { file: `${archive}.${i + 1}`, bytes: piece.length };
  });
  rmSync(archive);
  return pieces;
}

/** A model of the user's cache, where it is none that comes with the project. */
function addModel(model: string, top: string): void {
  const folder = join(cacheFolder(), "models", model);
  if (existsSync(join(root, "data", "models", model))) return;
  if (!existsSync(folder)) throw new Error(`There is no model ${model} in ${dirname(folder)}`);
  cpSync(folder, join(top, "cache", "models", model), { recursive: true, dereference: true });
}

/** Vulkan's loader, which bare machines with a driver often lack. */
function addVulkan(top: string): void {
  const listed = spawnSync("ldconfig", ["-p"], { encoding: "utf8" }).stdout ?? "";
  const found = /libvulkan\.so\.1 .*=> (\S+)/.exec(listed)?.[1];
  mkdirSync(join(top, "lib"));
  if (found) cpSync(found, join(top, "lib", "libvulkan.so.1"), { dereference: true });
}

function filesToPack(model: string): string[] {
  const done = spawnSync(process.execPath, [...flags, "--input-type=module", "-e", trace], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 1 << 26,
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: "3", GPU_CHECK_MODEL: model },
  });
  if (done.status !== 0) throw new Error(`gpu-check does not run here: ${done.stderr.trim().split("\n").at(-1)}`);
  const urls = JSON.parse(done.stdout.trim().split("\n").at(-1)!) as string[];
  const files = new Set<string>(unseen);
  for (const url of urls) {
    if (!url.startsWith("file:")) continue;
    const path = relative(root, fileURLToPath(url));
    if (!path.startsWith("..")) files.add(path);
  }
  const addon = join(gpuPackage, "lib", "napi-v8", "tfjs_binding.node");
  if (existsSync(join(root, addon))) files.add(addon);
  for (const file of [...files]) for (const manifest of manifestsAbove(file)) files.add(manifest);
  return [...files].sort();
}

/** The package.json files that say how a file is to be found and read. */
function manifestsAbove(file: string): string[] {
  const parts = dirname(file).split(sep);
  return parts
    .map((_, i) => join(...parts.slice(0, i + 1), "package.json"))
    .concat("package.json")
    .filter((path) => existsSync(join(root, path)));
}
