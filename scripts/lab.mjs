/**
 * `npm run lab`: JupyterLab on the clone, open at copies of the lessons (`lab/`), with the kernel and its plotly renderer
 * there, without a change to the user's own Jupyter. Uses the `jupyter` on PATH, else the environment of `python.mjs`.
 * Arguments go to JupyterLab; one that names another root has no copies made. Plain JavaScript for any Node from 18 up.
 */

import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { copyLessons } from "./lessons.mjs";
import { ensureTestPython } from "./python.mjs";
import { command, root, SetupFailure, setUp } from "./setup.mjs";

await command(async () => {
  const node = await setUp();
  const [program, ...first] = findJupyter();
  const prefix = join(root, ".cache", "lab");
  const flags = ["--disable-warning=ExperimentalWarning", "--conditions=autoagent-lab-source"];
  const install = [...flags, join(root, "kernel/cli.ts"), "install", "--prefix", prefix];
  const installed = spawnSync(node, install, { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
  if (installed.status !== 0) return installed.status ?? 1;
  const given = process.argv.slice(2);
  const isGiven = (name) => given.some((arg) => arg.startsWith(`--${name}=`));
  const settings = {
    "ServerApp.root_dir": root,
    "ServerApp.ip": "127.0.0.1",
    "LabApp.news_url": "None",
    "LanguageServerManager.autodetect": "False", // or it lists all that are not installed
    "MappingKernelManager.default_kernel_name": "autoagent",
  };
  if (!isGiven("ServerApp.root_dir")) {
    openCopies();
    settings["FileContentsManager.preferred_dir"] = "lab";
    settings["FileCheckpoints.root_dir"] = makeFolders(join(prefix, "checkpoints"));
  }
  const defaults = Object.entries(settings)
    .filter(([name]) => !isGiven(name))
    .map(([name, value]) => `--${name}=${value}`);
  if (process.getuid?.() === 0) defaults.push("--allow-root");
  const env = { ...process.env };
  const before = (name, folder) => {
    env[name] = [folder, env[name]].filter(Boolean).join(delimiter);
  };
  before("JUPYTER_PATH", join(prefix, "share", "jupyter"));
  before("JUPYTER_CONFIG_PATH", makeSettings(join(prefix, "etc", "jupyter")));
  const child = spawn(program, [...first, ...defaults, ...given], { stdio: ["inherit", "inherit", "pipe"], env });
  passOnFromAddress(child.stderr);
  // JupyterLab asks what to do on Ctrl-C, which reaches it by itself.
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => resolve(code ?? 1));
  });
});

function openCopies() {
  console.log("Copies of the lessons are in lab/: what you do there leaves notebooks/ as it is.");
  for (const name of copyLessons({ from: join(root, "notebooks"), to: join(root, "lab") }))
    console.log(`lab/${name} is yours, and the lesson has changed since: delete it to get the new one.`);
}

/** A place for JupyterLab's checkpoints, which it makes of a file that is only opened: not among the sources. */
function makeFolders(checkpoints, inside = "") {
  mkdirSync(join(checkpoints, inside), { recursive: true });
  for (const entry of readdirSync(join(root, inside), { withFileTypes: true }))
    if (entry.isDirectory() && !entry.name.startsWith(".") && entry.name !== "node_modules")
      makeFolders(checkpoints, join(inside, entry.name));
  return checkpoints;
}

/** Settings that a user's own go before: documents open as a page, and nobody is asked whether the network may be. */
function makeSettings(folder) {
  const settings = {
    "@jupyterlab/apputils-extension:notification": { fetchNews: "false", checkForUpdates: false },
    "@jupyterlab/docmanager-extension:plugin": { defaultViewers: { markdown: "Markdown Preview" } },
  };
  mkdirSync(join(folder, "labconfig"), { recursive: true });
  writeFileSync(join(folder, "labconfig", "default_setting_overrides.json"), JSON.stringify(settings));
  return folder;
}

/** Passes on what JupyterLab says, but for the lines of its start that only inform: the address comes first. */
function passOnFromAddress(stream) {
  let rest = "";
  let isStarting = true;
  let isLeftOut = false;
  stream.setEncoding("utf8");
  stream.on("data", (text) => {
    const lines = isStarting ? (rest + text).split(/(?<=\n)/) : [text];
    rest = isStarting && !lines.at(-1)?.endsWith("\n") ? (lines.pop() ?? "") : "";
    for (const line of lines) {
      if (isStarting && /^\[[A-Z] /.test(line)) isLeftOut = line.startsWith("[I ");
      if (/https?:\/\//.test(line)) isStarting = isLeftOut = false;
      if (!isLeftOut) process.stderr.write(line);
    }
  });
  stream.on("end", () => process.stderr.write(rest));
}

function findJupyter() {
  if (spawnSync("jupyter", ["lab", "--version"]).status === 0) return ["jupyter", "lab"];
  const python = ensureTestPython();
  if ("path" in python) return [python.path, "-m", "jupyterlab"];
  throw new SetupFailure(
    `No JupyterLab: there is none on PATH, and ${python.missing}. Install it with \`pip install jupyterlab\`.`,
  );
}
