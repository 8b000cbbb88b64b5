/**
 * What must be there before anything else runs: the packages of the lock file, and Node 24, which comes through npm as a per-platform
 * optional dependency: no install script and no other download. Plain JavaScript for any Node from 18 up, standard library only.
 */

import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { passSignals } from "./signals.mjs";

/** The repository's root. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const modules = join(root, "node_modules");
const bootFolder = join(root, ".cache", "node24");
const stampFile = join(modules, ".autoagent-lab-installed");

/** A failure that is told in one sentence, with its cure, and without a stack. */
export class SetupFailure extends Error {}

/**
 * Installs the lock file's packages unless they are there already, and returns the path of a Node 24.
 * @param {{ dev?: boolean, log?: (line: string) => void }} [options] `dev`: also what the tests need.
 * @returns {Promise<string>} absolute path of the Node 24 executable
 * @throws {SetupFailure} when a package, the disk or the platform is missing
 */
export async function setUp({ dev = false, log = (line) => console.error(line) } = {}) {
  const major = Number(process.versions.node.split(".")[0]);
  if (major < 18)
    throw new SetupFailure(`Node ${process.versions.node} is too old: install Node 18 or newer, then run this again.`);
  if (process.platform === "darwin" && process.arch === "x64")
    throw new SetupFailure(
      "isolated-vm and ONNX Runtime have no binaries for Macs with an Intel processor: use one with Apple silicon, Linux x64 or arm64, or Windows x64.",
    );
  const lock = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
  const stamp = `${lock} ${process.platform}-${process.arch}`;
  const installed = existsSync(stampFile) ? readFileSync(stampFile, "utf8") : "";
  const have = installed === `${stamp} all` || (installed === `${stamp} run` && !dev);
  if (!have) {
    // Who has the test tools keeps them: npm would remove them again.
    const all = dev || existsSync(join(modules, "mocha"));
    await install({ dev: all, keep: existsSync(modules), log });
    writeFileSync(stampFile, `${stamp} ${all ? "all" : "run"}`);
  }
  nameOwnCompiler();
  return findNode24();
}

/**
 * `tsc` in node_modules/.bin is the project's own compiler. Four packages bring a command of that name, a peer of the
 * kernel's bench among them, and npm keeps whichever it linked last. (On Windows npm writes scripts there, which stay.)
 */
function nameOwnCompiler() {
  const [link, target] = [join(modules, ".bin", "tsc"), "../typescript/bin/tsc"];
  if (
    !existsSync(join(modules, "typescript", "bin", "tsc")) ||
    !lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink()
  )
    return;
  if (readlinkSync(link) === target) return;
  rmSync(link);
  symlinkSync(target, link);
}

/**
 * The Node 24 to run everything with: this one if it is a 24, else the one that npm brought.
 * @returns {string} absolute path
 */
export function findNode24() {
  if (process.versions.node.startsWith("24.")) return process.execPath;
  const exe = process.platform === "win32" ? "node.exe" : "node";
  const names = nodePackages();
  const found = names.map((name) => join(modules, name, "bin", exe)).find((path) => existsSync(path));
  if (found === undefined)
    throw new SetupFailure(
      `No Node 24 comes through npm for ${process.platform}-${process.arch}: install Node 24 yourself, put it first on PATH, then run this again.`,
    );
  const probe = spawnSync(found, ["--version"], { encoding: "utf8" });
  if (!probe.stdout?.startsWith("v24."))
    throw new SetupFailure(
      `The Node 24 that npm installed does not start on this system (${oneLine(probe.stderr || String(probe.error ?? `exit ${probe.status}`))}): install Node 24 yourself, put it first on PATH, then run this again.`,
    );
  return found;
}

/** Names of the registry packages that carry Node for this platform. */
function nodePackages() {
  const system = process.platform === "win32" ? "win" : process.platform;
  return [`node-${system}-${process.arch}`, `node-bin-${system}-${process.arch}`];
}

/**
 * Runs a program of the repository under Node 24 in the repository's root, with its output on ours.
 * @param {string} node path of Node 24
 * @param {string[]} args
 * @param {{ env?: Record<string, string> }} [options]
 * @returns {Promise<number>} its exit code
 */
export function runNode(node, args, { env = {} } = {}) {
  return runHere(node, args, { cwd: root, env });
}

/**
 * The same in the caller's own folder: a command that takes paths must read them from where it was typed.
 * `tied`: the program is given a channel that closes when this process is gone, by `kill -9` too.
 * @param {string} node path of Node 24
 * @param {string[]} args
 * @param {{ cwd?: string, env?: Record<string, string>, tied?: boolean }} [options]
 * @returns {Promise<number>} its exit code
 */
export function runHere(node, args, { cwd = process.cwd(), env = {}, tied = false } = {}) {
  const stdio = tied ? ["inherit", "inherit", "inherit", "ipc"] : "inherit";
  const child = spawn(node, args, { cwd, stdio, env: { ...process.env, ...env, PATH: pathWith(node) } });
  const stop = passSignals(child);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      stop();
      resolve(code ?? (signal === "SIGINT" ? 130 : 1));
    });
  });
}

/**
 * Where a program of the repository finds this Node, and what the packages bring, first.
 * @param {string} node path of Node 24
 */
export function pathWith(node) {
  return [dirname(node), join(modules, ".bin"), process.env.PATH ?? ""].join(delimiter);
}

/**
 * Runs a command's main function; a SetupFailure becomes one sentence and exit code 1.
 * @param {() => Promise<number>} main
 */
export async function command(main) {
  try {
    process.exitCode = await main();
  } catch (error) {
    if (!(error instanceof SetupFailure)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}

/**
 * Hands a command over to its program under Node 24, in the caller's folder and with the caller's arguments: from source
 * in a clone, from dist/ in an installed package.
 * @param {string} program its path below the root, without an ending: `kernel/cli`
 * @returns {Promise<number>} its exit code
 */
export function handOver(program) {
  const source = join(root, `${program}.ts`);
  const entry = existsSync(source)
    ? ["--conditions=autoagent-lab-source", source]
    : [join(root, "dist", `${program}.js`)];
  const args = ["--disable-warning=ExperimentalWarning", ...entry, ...process.argv.slice(2)];
  return runHere(findNode24(), args, { tied: true });
}

async function install({ dev, keep, log }) {
  // `npm ci` begins by emptying node_modules; when only some packages are missing or old, the rest is kept.
  const verb = keep ? "install" : "ci";
  const args = [
    verb,
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
    dev ? "--include=dev" : "--omit=dev",
  ];
  if (keep) args.push("--no-save");
  log(
    `Installing ${dev ? "the packages and the test tools" : "the packages"} with npm (about ${dev ? 1.1 : 0.9} GB on disk, once) ...`,
  );
  rmSync(stampFile, { force: true });
  const started = Date.now();
  const ticking = setInterval(() => log(`  still installing, ${Math.round((Date.now() - started) / 1000)} s`), 15_000);
  const { code, stderr } = await bootstrap()
    .then((node) => npm(args, node))
    .finally(() => {
      clearInterval(ticking);
      rmSync(bootFolder, { recursive: true, force: true });
    });
  if (code !== 0) throw new SetupFailure(explainNpm(stderr, code));
  log(`Installed in ${Math.round((Date.now() - started) / 1000)} s.`);
}

/**
 * npm leaves out an optional package whose `engines` do not match the Node that runs npm, and several per-platform
 * binaries ask for 20.19 or 22.12. An older Node first fetches Node 24 alone, and npm then runs under that.
 */
async function bootstrap() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  const recent = major > 23 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19);
  if (recent || !process.env.npm_execpath?.endsWith(".js")) return process.execPath;
  const { optionalDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const name = nodePackages().find((one) => one in optionalDependencies);
  if (name === undefined) return process.execPath;
  mkdirSync(bootFolder, { recursive: true });
  writeFileSync(join(bootFolder, "package.json"), "{}");
  const wanted = `${name}@${optionalDependencies[name]}`;
  const { code, stderr } = await npm(
    ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", wanted],
    process.execPath,
    bootFolder,
  );
  if (code !== 0) throw new SetupFailure(explainNpm(stderr, code));
  const exe = process.platform === "win32" ? "node.exe" : "node";
  return join(bootFolder, "node_modules", name, "bin", exe);
}

/**
 * Installs packages into a folder of their own, outside the project's lock file: peers of benches, older Nodes.
 * @param {string} folder made if it is not there
 * @param {string[]} wanted names with versions
 * @returns {Promise<string | null>} null, or one sentence that says what went wrong
 */
export async function installAside(folder, wanted) {
  mkdirSync(folder, { recursive: true });
  // Without a type of its own the folder's scripts would be taken for modules, as the repository's are.
  writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "commonjs" }\n');
  const flags = ["--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund", "--loglevel=error"];
  const { code, stderr } = await npm(["install", ...flags, ...wanted], process.execPath, folder);
  return code === 0 ? null : explainNpm(stderr, code);
}

/**
 * Installs what a folder's own lock file names, into that folder.
 * @param {string} folder with a package.json and a package-lock.json
 * @returns {Promise<string | null>} null, or one sentence that says what went wrong
 */
export async function installLocked(folder) {
  const flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const { code, stderr } = await npm(["ci", ...flags], process.execPath, folder);
  return code === 0 ? null : explainNpm(stderr, code);
}

function npm(args, node, cwd = root) {
  const cli = process.env.npm_execpath;
  const direct = cli?.endsWith(".js");
  const child = direct
    ? spawn(node, [cli, ...args], { cwd, stdio: ["ignore", "ignore", "pipe"] })
    : spawn("npm", args, { cwd, stdio: ["ignore", "ignore", "pipe"], shell: process.platform === "win32" });
  let stderr = "";
  child.stderr.on("data", (chunk) => {
    stderr = (stderr + chunk).slice(-20_000);
  });
  return new Promise((resolve) => {
    child.on("error", (error) => resolve({ code: 127, stderr: String(error) }));
    child.on("close", (code) => resolve({ code: code ?? 1, stderr }));
  });
}

/**
 * One sentence and its cure for a failed npm run.
 * @param {string} stderr what npm printed
 * @param {number} code its exit code
 */
export function explainNpm(stderr, code) {
  const has = (...words) => words.some((word) => stderr.includes(word));
  if (has("ENOSPC")) return "The disk is full: free about 2 GB where this folder lies, then run this again.";
  if (has("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH", "EIDLETIMEOUT"))
    return "The package registry cannot be reached: connect to the network (or point npm's `registry` setting at a mirror), then run this again.";
  if (has("EACCES", "EPERM", "EROFS"))
    return "npm may not write here: make this folder writable for your user, then run this again.";
  if (has("spawn npm ENOENT")) return "npm was not found: install npm beside Node, then run this again.";
  if (has("EUSAGE", "EBADPLATFORM"))
    return `npm refused the lock file: ${oneLine(stderr)} Run \`npm install\` and look at what it says.`;
  if (has("E404", "ETARGET"))
    return `The registry does not serve a package of the lock file: ${oneLine(stderr)} Point npm's \`registry\` setting at one that does.`;
  return `npm ended with code ${code}: ${oneLine(stderr)} Run \`npm ci --ignore-scripts\` to see all it says.`;
}

function oneLine(text) {
  return (
    text
      .split("\n")
      .map((line) => line.replace(/^npm (error|ERR!)\s*/i, "").trim())
      .filter((line) => line !== "" && !line.startsWith("A complete log"))
      .slice(0, 2)
      .join(" ")
      .slice(0, 300) || "no reason was printed."
  );
}
