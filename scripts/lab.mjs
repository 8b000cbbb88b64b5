/**
 * `npm run lab`: JupyterLab on `notebooks/` with the kernel and its plotly renderer there, without a change to the
 * user's own Jupyter. Uses the `jupyter` on PATH, else the environment of `python.mjs`. Arguments go to JupyterLab.
 * Plain JavaScript for any Node from 18 up.
 */

import { spawn, spawnSync } from "node:child_process";
import { delimiter, join } from "node:path";
import { ensureTestPython } from "./python.mjs";
import { command, root, runNode, SetupFailure, setUp } from "./setup.mjs";

await command(async () => {
  const node = await setUp();
  const [program, ...first] = findJupyter();
  const prefix = join(root, ".cache", "lab");
  const flags = ["--disable-warning=ExperimentalWarning", "--conditions=autoagent-lab-source"];
  const installed = await runNode(node, [...flags, join(root, "kernel/cli.ts"), "install", "--prefix", prefix]);
  if (installed !== 0) return installed;
  const given = process.argv.slice(2);
  const settings = {
    "ServerApp.root_dir": join(root, "notebooks"),
    "ServerApp.ip": "127.0.0.1",
    "LabApp.news_url": "None",
    "MappingKernelManager.default_kernel_name": "autoagent",
  };
  const defaults = Object.entries(settings)
    .filter(([name]) => !given.some((arg) => arg.startsWith(`--${name}=`)))
    .map(([name, value]) => `--${name}=${value}`);
  if (process.getuid?.() === 0) defaults.push("--allow-root");
  const folders = [join(prefix, "share", "jupyter"), process.env.JUPYTER_PATH].filter(Boolean).join(delimiter);
  const child = spawn(program, [...first, "lab", ...defaults, ...given], {
    stdio: "inherit",
    env: { ...process.env, JUPYTER_PATH: folders },
  });
  // JupyterLab asks what to do on Ctrl-C, which reaches it by itself.
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => resolve(code ?? 1));
  });
});

function findJupyter() {
  if (spawnSync("jupyter", ["lab", "--version"]).status === 0) return ["jupyter"];
  const python = ensureTestPython();
  if ("path" in python) return [python.path, "-m", "jupyter"];
  throw new SetupFailure(
    `No JupyterLab: there is none on PATH, and ${python.missing}. Install it with \`pip install jupyterlab\`.`,
  );
}
