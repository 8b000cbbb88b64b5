/**
 * `npm run setup:cuda [-- --undo]`: lets ONNX Runtime run models on an NVIDIA card. The npm package knows CUDA and lacks the
 * library for it; the same library is in the Python wheel `onnxruntime-gpu` of that version (247 MB, CUDA 13). What happens:
 * pip fetches the wheel (no Python package is installed), its hash is compared, two libraries are put beside the package's
 * own. Then CUDA's own libraries are looked for, and what is missing is named. A second run fetches nothing. Plain JavaScript, standard library only.
 */

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statfsSync,
} from "node:fs";
import { delimiter, join } from "node:path";
import { findPip, runOrFail } from "./programs.mjs";
import { command, root, SetupFailure } from "./setup.mjs";

const version = "1.30.0";
const wheelHash = "6acc0f4b3d5ac5f2984432faa59dd8fcce6775f8b43a7140afa0f322c7a703b1";
/** What is taken out of the wheel, and its hash. */
const libraries = {
  "libonnxruntime_providers_cuda.so": "35da2e7ed0dd0d1aec5cdb16ce11a51d06c0c48cf62d1b1c9332946a4fae14fc",
  "libonnxruntime_providers_shared.so": "086ec1d5388f64153d9c63470d126693db9a182c8ce236d3a1119068471b8a0d",
};
/** What the library is linked with: CUDA 13's, and the driver's. */
export const needed = ["libcuda.so.1", "libcudart.so.13", "libcublas.so.13", "libcublasLt.so.13", "libcurand.so.10"];

if (process.argv[1]?.endsWith("setup-cuda.mjs")) await command(main);

async function main() {
  const strange = process.argv.slice(2).find((arg) => arg !== "--undo");
  if (strange !== undefined) throw new SetupFailure(`Unknown option ${strange}: use --undo`);
  console.log(process.argv.includes("--undo") ? undoCuda() : setUpCuda());
  return 0;
}

/**
 * Sets it up unless it is. Returns what is told.
 * @param {{ log?: (line: string) => void }} [options]
 * @returns {string}
 * @throws {SetupFailure} that names what is missing and the cure
 */
export function setUpCuda({ log = (line) => console.error(line) } = {}) {
  const folder = packageFolder();
  const libraryFolder = join(folder, "bin", "napi-v6", "linux", "x64");
  if (!existsSync(join(folder, "package.json")))
    throw new SetupFailure(
      "The package onnxruntime-node is not installed: run `npm install --ignore-scripts onnxruntime-node` first.",
    );
  if (process.platform !== "linux" || process.arch !== "x64")
    throw new SetupFailure(
      `The library for CUDA is used on Linux x64 only, this is ${process.platform} ${process.arch}: models run on another provider here.`,
    );
  const found = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).version;
  if (found !== version)
    throw new SetupFailure(
      `The library for CUDA is of ONNX Runtime ${version}, and onnxruntime-node ${found} is installed: run \`npm install --ignore-scripts onnxruntime-node@${version}\` first.`,
    );
  const isThere = Object.keys(libraries).every((name) => existsSync(join(libraryFolder, name)));
  if (!isThere) fetchLibraries(libraryFolder, log);
  const first = isThere
    ? `ONNX Runtime ${version} has its library for CUDA: nothing to do.`
    : `ONNX Runtime ${version} has its library for CUDA now.`;
  return `${first} ${tellOfCuda()}`;
}

/** Takes the libraries away again. */
export function undoCuda() {
  const libraryFolder = join(packageFolder(), "bin", "napi-v6", "linux", "x64");
  for (const name of Object.keys(libraries)) rmSync(join(libraryFolder, name), { force: true });
  return "onnxruntime-node is as npm left it: models run on the processor or on WebGPU.";
}

function packageFolder() {
  return join(root, "node_modules", "onnxruntime-node");
}

function fetchLibraries(libraryFolder, log) {
  const python = findPip();
  if (python === undefined)
    throw new SetupFailure(
      "There is no Python with pip on PATH, which fetches ONNX Runtime's wheel: install both, then run this again.",
    );
  const temporary = join(libraryFolder, `cuda-${process.pid}`);
  mkdirSync(temporary, { recursive: true });
  try {
    const { bavail, bsize } = statfsSync(temporary);
    if (bavail * bsize < 6e8)
      throw new SetupFailure(
        `The library for CUDA needs 0.6 GB of disk while it is unpacked, ${((bavail * bsize) / 1e9).toFixed(1)} GB are free in ${libraryFolder}.`,
      );
    log(`Fetching ONNX Runtime ${version} for CUDA (the wheel onnxruntime-gpu, 247 MB) ...`);
    // The wheel is for any Python: none of its code is run.
    const kind = ["--python-version", "3.12", "--implementation", "cp", "--platform", "manylinux_2_28_x86_64"];
    const flags = ["--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:", ...kind];
    const pip = ["-m", "pip", "download", ...flags, "-d", temporary, `onnxruntime-gpu==${version}`];
    runOrFail(python, pip, "pip could not fetch ONNX Runtime's wheel");
    const wheel = join(temporary, readdirSync(temporary).find((name) => name.endsWith(".whl")) ?? "no wheel");
    expectHash(wheel, wheelHash);
    const script =
      "import sys, zipfile\nwith zipfile.ZipFile(sys.argv[1]) as z:\n    [z.extract('onnxruntime/capi/' + m, sys.argv[2]) for m in sys.argv[3:]]";
    runOrFail(python, ["-c", script, wheel, temporary, ...Object.keys(libraries)], "the wheel could not be unpacked");
    for (const [name, hash] of Object.entries(libraries))
      expectHash(join(temporary, "onnxruntime", "capi", name), hash);
    for (const name of Object.keys(libraries))
      renameSync(join(temporary, "onnxruntime", "capi", name), join(libraryFolder, name));
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

function expectHash(path, expected) {
  const hash = createHash("sha256");
  if (existsSync(path)) {
    const file = openSync(path, "r");
    const chunk = Buffer.alloc(1 << 22);
    for (let read = readSync(file, chunk); read > 0; read = readSync(file, chunk)) hash.update(chunk.subarray(0, read));
    closeSync(file);
  }
  const found = hash.digest("hex");
  if (found !== expected)
    throw new SetupFailure(
      `What was fetched is not the file that was checked (sha256 ${found}, expected ${expected}): nothing was kept; run this again, and if it stays so, look at your package index.`,
    );
}

/** Says which of CUDA's libraries there are, and what to do for the others. */
function tellOfCuda() {
  const { missing, unlisted } = findCuda();
  if (missing.length > 0) {
    const driver = missing.includes("libcuda.so.1") ? " libcuda.so.1 comes with NVIDIA's driver (580 or newer)." : "";
    const others = missing.filter((name) => name !== "libcuda.so.1");
    const cure =
      others.length > 0
        ? ` The others come with CUDA 13, or with \`pip install nvidia-cuda-runtime nvidia-cublas nvidia-curand\`; then run this again.`
        : "";
    return `Missing: ${missing.join(", ")}.${driver}${cure}`;
  }
  if (unlisted.length > 0)
    return `CUDA's libraries are there; the loader must be told where: export LD_LIBRARY_PATH=${unlisted.join(delimiter)}\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}`;
  return 'CUDA\'s libraries are there: open a model with { provider: "cuda" }.';
}

/**
 * Looks for CUDA's libraries: where the loader looks, in CUDA's usual folder, and in pip's packages.
 * @param {{ folders?: string[] }} [options] further folders
 * @returns {{ missing: string[], unlisted: string[] }} libraries that are nowhere, and folders that the loader does not look into
 */
export function findCuda({ folders = [] } = {}) {
  const listed = (process.env.LD_LIBRARY_PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  const cache = spawnSync("ldconfig", ["-p"], { encoding: "utf8" }).stdout ?? "";
  const others = [...folders, "/usr/local/cuda/lib64", "/usr/local/nvidia/lib64", ...pipFolders()];
  const missing = [];
  const unlisted = new Set();
  for (const name of needed) {
    if (listed.some((folder) => existsSync(join(folder, name))) || cache.includes(`${name} `)) continue;
    const folder = others.find((one) => existsSync(join(one, name)));
    if (folder === undefined) missing.push(name);
    else unlisted.add(folder);
  }
  return { missing, unlisted: [...unlisted] };
}

/** Folders of NVIDIA's packages for Python: site-packages/nvidia/NAME/lib. */
function pipFolders() {
  const python = findPip();
  if (python === undefined) return [];
  const script = "import json, site; print(json.dumps(site.getsitepackages() + [site.getusersitepackages()]))";
  const said = spawnSync(python, ["-c", script], { encoding: "utf8" }).stdout ?? "";
  const sites = said.trim().startsWith("[") ? JSON.parse(said) : [];
  return sites
    .map((folder) => join(folder, "nvidia"))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name, "lib")));
}
