/**
 * `npm run setup:tensorflow [-- --gpu] [-- --undo]`: puts Google's libtensorflow under `@tensorflow/tfjs-node` (or
 * `-gpu`), so that training runs on it. The packages' own download is of 2022 and often out of reach; the same library is
 * in TensorFlow's Python wheel. What happens: pip fetches the wheel (no Python package is installed), two libraries and
 * fourteen headers are taken out, and the package builds its addon against them from its own sources.
 *
 * The unpacked part stays in `.cache/tensorflow`, so a reinstalled package is set up again in seconds. A second run does
 * nothing. Plain JavaScript, standard library only.
 */

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, realpathSync, rmSync, statfsSync, symlinkSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { findPip, runOrFail } from "./programs.mjs";
import { command, findNode24, root, SetupFailure } from "./setup.mjs";

const version = "2.21.0";
const include = "tensorflow/include";
const members = [
  "tensorflow/libtensorflow_cc.so.2",
  "tensorflow/libtensorflow_framework.so.2",
  "tensorflow/THIRD_PARTY_NOTICES.txt",
  ...["c_api", "c_api_macros", "tf_attrtype", "tf_buffer", "tf_datatype", "tf_status", "tf_tensor", "tf_tstring"].map(
    (name) => `${include}/tensorflow/c/${name}.h`,
  ),
  `${include}/tensorflow/c/eager/c_api.h`,
  ...["tensorflow/core", "tsl"].flatMap((folder) =>
    ["ctstring", "ctstring_internal"].map((name) => `${include}/${folder}/platform/${name}.h`),
  ),
  `${include}/xla/tsl/c/tsl_status.h`,
];

if (process.argv[1]?.endsWith("setup-tensorflow.mjs")) await command(main);

async function main() {
  const known = ["--gpu", "--undo"];
  const strange = process.argv.slice(2).find((arg) => !known.includes(arg));
  if (strange !== undefined) throw new SetupFailure(`Unknown option ${strange}: use ${known.join(" or ")}`);
  const gpu = process.argv.includes("--gpu");
  const done = process.argv.includes("--undo") ? undoTensorFlow({ gpu }) : setUpTensorFlow({ gpu });
  console.log(done);
  return 0;
}

/**
 * Sets the package up unless it is. Returns one sentence.
 * @param {{ gpu?: boolean, log?: (line: string) => void }} [options]
 * @returns {string}
 * @throws {SetupFailure} that names what is missing and the cure
 */
export function setUpTensorFlow({ gpu = false, log = (line) => console.error(line) } = {}) {
  const { name, folder, addon } = packageOf(gpu);
  if (!existsSync(join(folder, "package.json")))
    throw new SetupFailure(`The package ${name} is not installed: run \`npm install --ignore-scripts ${name}\` first.`);
  if (isSetUp(gpu)) return `${name} is set up over TensorFlow ${version}: nothing to do.`;
  if (process.platform !== "linux" || process.arch !== "x64")
    throw new SetupFailure(
      `TensorFlow's wheel is used on Linux x64 only, this is ${process.platform} ${process.arch}: training uses another backend here.`,
    );
  const unpacked = join(root, ".cache", "tensorflow", gpu ? "gpu" : "cpu");
  if (!members.every((member) => existsSync(join(unpacked, member)))) fetchWheel(gpu, unpacked, log);
  link(folder, unpacked);
  // An addon that is there already needs the library only: gpu-check's pack brings one to machines without a compiler.
  if (!existsSync(addon)) {
    log(`Building the addon of ${name} from its own sources (a few seconds) ...`);
    build(folder, gpu);
  }
  if (!existsSync(addon)) throw new SetupFailure(`The build of ${name} left no ${addon.slice(folder.length + 1)}.`);
  return `${name} runs over TensorFlow ${version} now.`;
}

/** Takes the links and the addon away again; the unpacked library goes too. */
export function undoTensorFlow({ gpu = false } = {}) {
  const { name, folder, addon } = packageOf(gpu);
  for (const path of [
    join(folder, "deps", "lib"),
    join(folder, "deps", "include"),
    dirname(addon),
    join(folder, "build"),
  ])
    rmSync(path, { recursive: true, force: true });
  rmSync(join(root, ".cache", "tensorflow", gpu ? "gpu" : "cpu"), { recursive: true, force: true });
  return `${name} is as npm left it: training uses another backend.`;
}

/** True if the addon is built and its library is in place. */
export function isSetUp(gpu = false) {
  const { folder, addon } = packageOf(gpu);
  return existsSync(addon) && existsSync(join(folder, "deps", "lib", "libtensorflow_cc.so.2"));
}

function packageOf(gpu) {
  const name = `@tensorflow/tfjs-node${gpu ? "-gpu" : ""}`;
  const folder = join(root, "node_modules", ...name.split("/"));
  return { name, folder, addon: join(folder, "lib", "napi-v8", "tfjs_binding.node") };
}

function fetchWheel(gpu, unpacked, log) {
  const python = findPip();
  if (python === undefined)
    throw new SetupFailure(
      "There is no Python with pip on PATH, which fetches TensorFlow's wheel: install both, then run this again.",
    );
  mkdirSync(unpacked, { recursive: true });
  const { bavail, bsize } = statfsSync(unpacked);
  const [wheel, needed] = gpu ? ["tensorflow", 2.5e9] : ["tensorflow-cpu", 1.5e9];
  if (bavail * bsize < needed)
    throw new SetupFailure(
      `TensorFlow needs ${(needed / 1e9).toFixed(1)} GB of disk while it is unpacked, ${((bavail * bsize) / 1e9).toFixed(1)} GB are free in ${unpacked}.`,
    );
  log(`Fetching TensorFlow ${version} (the wheel ${wheel}, about ${gpu ? 570 : 275} MB) ...`);
  const folder = join(unpacked, "wheel");
  rmSync(folder, { recursive: true, force: true });
  // The wheel is for any Python: none of its code is run.
  const platform = [
    "--python-version",
    "3.11",
    "--implementation",
    "cp",
    "--abi",
    "cp311",
    "--platform",
    "manylinux_2_27_x86_64",
  ];
  const flags = [
    "--quiet",
    "--disable-pip-version-check",
    "--no-deps",
    "--only-binary=:all:",
    ...platform,
    "-d",
    folder,
  ];
  runOrFail(
    python,
    ["-m", "pip", "download", ...flags, `${wheel}==${version}`],
    "pip could not fetch TensorFlow's wheel",
  );
  const file = readdirSync(folder).find((name) => name.endsWith(".whl"));
  const script =
    "import sys, zipfile\nwith zipfile.ZipFile(sys.argv[1]) as z:\n    [z.extract(m, sys.argv[2]) for m in sys.argv[3:]]";
  runOrFail(python, ["-c", script, join(folder, file), unpacked, ...members], "the wheel could not be unpacked");
  rmSync(folder, { recursive: true, force: true });
}

/** The names that the package's installer, the linker and the loader look for. */
function link(folder, unpacked) {
  const lib = join(folder, "deps", "lib");
  mkdirSync(lib, { recursive: true });
  const links = [
    [join(folder, "deps", "include"), join(unpacked, include)],
    [join(lib, "libtensorflow.so.2.9.1"), join(unpacked, "tensorflow/libtensorflow_cc.so.2")],
    [join(lib, "libtensorflow.so"), join(unpacked, "tensorflow/libtensorflow_cc.so.2")],
    [join(lib, "libtensorflow_cc.so.2"), join(unpacked, "tensorflow/libtensorflow_cc.so.2")],
    [join(lib, "libtensorflow_framework.so"), join(unpacked, "tensorflow/libtensorflow_framework.so.2")],
    [join(lib, "libtensorflow_framework.so.2"), join(unpacked, "tensorflow/libtensorflow_framework.so.2")],
  ];
  for (const [name, target] of links) {
    rmSync(name, { recursive: true, force: true });
    symlinkSync(target, name);
  }
}

function build(folder, gpu) {
  const node = findNode24();
  const headers = [dirname(dirname(node)), "/usr", "/usr/local"].find((prefix) =>
    existsSync(join(prefix, "include", "node", "node_api.h")),
  );
  if (headers === undefined)
    throw new SetupFailure(
      "Node's headers (include/node/node_api.h) are nowhere to be found: install Node from its own archive, or your system's libnode-dev.",
    );
  for (const tool of ["make", "g++", "python3"])
    if (spawnSync(tool, ["--version"]).error !== undefined)
      throw new SetupFailure(
        `There is no ${tool} on PATH, which builds the addon: install your system's build tools, then run this again.`,
      );
  const gyp = findNodeGyp();
  const env = {
    ...process.env,
    PATH: `${dirname(node)}:${join(root, "node_modules", ".bin")}:${process.env.PATH}`,
    npm_config_nodedir: headers,
    npm_config_node_gyp: gyp,
  };
  runOrFail(node, ["scripts/install.js", gpu ? "gpu" : "cpu"], "the addon could not be built", { cwd: folder, env });
}

/** npm's own node-gyp, beside the npm on PATH: `npm root -g` names another folder where PATH begins with another Node. */
function findNodeGyp() {
  const inside = ["node_modules", "node-gyp", "bin", "node-gyp.js"];
  const given = process.env.npm_config_node_gyp;
  if (given && existsSync(given)) return given;
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    if (!existsSync(join(folder, "npm"))) continue;
    const path = join(dirname(dirname(realpathSync(join(folder, "npm")))), ...inside);
    if (existsSync(path)) return path;
  }
  throw new SetupFailure(
    "npm's node-gyp is nowhere to be found, which builds the addon: install npm, then run this again.",
  );
}
