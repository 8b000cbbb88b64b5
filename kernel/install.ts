/**
 * Puts the kernel where Jupyter looks for it, and the plotly renderer beside it; takes both away again; lists what is
 * there. Source: jupyter-client.readthedocs.io, "Kernel specs"; docs.jupyter.org, "Common directories". Not here: the
 * command line (`cli.ts`).
 */

import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { nodeFlags } from "./session/node-flags.ts";

/** Where and under which name. */
export interface InstallOptions {
  /** A Python environment or other prefix, whose `share/jupyter` is used; the user's own data folder without it. */
  prefix?: string | undefined;
  /** Name of the kernel, as in `jupyter lab --kernel NAME`. @default "autoagent" */
  name?: string | undefined;
}

/** A kernel of ours that Jupyter can find. */
export interface Installed {
  name: string;
  folder: string;
  /** Whether the files that it starts are still there. */
  works: boolean;
}

/** Thrown when the kernel cannot be installed or removed; the text is for a person. */
export class InstallFailure extends Error {
  override readonly name = "InstallFailure";
}

const extension = "autoagent-lab-plotly";
const mark = "autoagent-lab";
const here = import.meta.dirname;

/** Installs the kernel and the renderer. Gives the kernel's folder. Throws an InstallFailure; installing twice is fine. */
export function install({ prefix, name = "autoagent" }: InstallOptions = {}): { kernel: string; renderer: string } {
  checkName(name);
  const data = dataFolder(prefix);
  const kernel = join(data, "kernels", name);
  const renderer = join(data, "labextensions", extension);
  if (existsSync(kernel) && !isOurs(kernel))
    throw new InstallFailure(`${kernel} is another kernel's: choose another name with --name.`);
  try {
    mkdirSync(kernel, { recursive: true });
    writeFileSync(join(kernel, "kernel.json"), `${JSON.stringify(kernelSpec(), null, 1)}\n`);
    copyFileSync(join(here, "labextension", "logo-svg.svg"), join(kernel, "logo-svg.svg"));
    mkdirSync(join(renderer, "static"), { recursive: true });
    for (const file of ["package.json", "install.json", "static/remoteEntry.js", "static/controls.js"])
      cpSync(join(here, "labextension", file), join(renderer, file));
    const plotly = createRequire(import.meta.url).resolve("plotly.js/dist/plotly.min.js");
    copyFileSync(plotly, join(renderer, "static", "plotly.min.js"));
  } catch (cause) {
    throw new InstallFailure(`${data} cannot be written (${whyOf(cause)}): choose another place with --prefix.`, {
      cause,
    });
  }
  return { kernel, renderer };
}

/** Removes the kernel, and the renderer with the last one. Gives the folders that are gone. Throws an InstallFailure. */
export function uninstall({ prefix, name = "autoagent" }: InstallOptions = {}): string[] {
  checkName(name);
  const data = dataFolder(prefix);
  const kernel = join(data, "kernels", name);
  if (!existsSync(kernel))
    throw new InstallFailure(`There is no kernel ${kernel}: see \`autoagent-kernel list\` for those that are there.`);
  if (!isOurs(kernel)) throw new InstallFailure(`${kernel} is another kernel's: nothing was removed.`);
  const renderer = join(data, "labextensions", extension);
  const removed = [kernel];
  try {
    rmSync(kernel, { recursive: true });
    if (ours(data).length === 0 && existsSync(renderer)) {
      rmSync(renderer, { recursive: true });
      removed.push(renderer);
    }
  } catch (cause) {
    throw new InstallFailure(`${kernel} cannot be removed (${whyOf(cause)}).`, { cause });
  }
  return removed;
}

/** The kernels of ours in every folder in which Jupyter looks, or in a prefix. */
export function listInstalled({ prefix }: Pick<InstallOptions, "prefix"> = {}): Installed[] {
  const folders = prefix === undefined ? searchPath() : [dataFolder(prefix)];
  return [...new Set(folders)].flatMap(ours);
}

/** What Jupyter reads of a kernel. */
export function kernelSpec(): object {
  const typed = import.meta.filename.endsWith(".ts");
  return {
    argv: [
      process.execPath,
      ...nodeFlags({ typed, small: true }),
      join(here, `main.${typed ? "ts" : "js"}`),
      "{connection_file}",
    ],
    display_name: "TypeScript (AutoAgent Lab)",
    language: "typescript",
    interrupt_mode: "message",
    metadata: { debugger: false, package: mark },
  };
}

function ours(data: string): Installed[] {
  const kernels = join(data, "kernels");
  return namesIn(kernels)
    .filter((name) => isOurs(join(kernels, name)))
    .map((name) => {
      const folder = join(kernels, name);
      const argv = readSpec(folder)?.argv ?? [];
      const files = argv.filter((word) => word === argv[0] || /main\.[jt]s$/.test(word));
      return { name, folder, works: files.length === 2 && files.every((file) => existsSync(file)) };
    });
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // not there, no folder, or not ours to read: Jupyter passes it over too
  }
}

function isOurs(folder: string): boolean {
  return readSpec(folder)?.metadata?.package === mark;
}

function readSpec(folder: string): { argv?: string[]; metadata?: { package?: string } } | null {
  try {
    return JSON.parse(readFileSync(join(folder, "kernel.json"), "utf8")) as { argv?: string[] };
  } catch {
    return null; // no kernel at all, or not one of ours
  }
}

function checkName(name: string): void {
  // Jupyter takes names without regard to case, and no others.
  if (!/^[A-Za-z0-9._-]+$/.test(name) || /^\.+$/.test(name))
    throw new InstallFailure(
      `Expected the kernel's name to be of letters, digits, ".", "_" and "-", got ${JSON.stringify(name)}.`,
    );
}

function dataFolder(prefix: string | undefined): string {
  if (prefix !== undefined) return join(resolve(prefix), "share", "jupyter");
  const { JUPYTER_DATA_DIR, XDG_DATA_HOME, APPDATA } = process.env;
  if (JUPYTER_DATA_DIR) return JUPYTER_DATA_DIR;
  if (process.platform === "darwin") return join(homedir(), "Library", "Jupyter");
  if (process.platform === "win32") return join(APPDATA ?? join(homedir(), "AppData", "Roaming"), "jupyter");
  return join(XDG_DATA_HOME || join(homedir(), ".local", "share"), "jupyter");
}

function searchPath(): string[] {
  const { JUPYTER_PATH = "", VIRTUAL_ENV, CONDA_PREFIX, PROGRAMDATA } = process.env;
  const prefixes = [VIRTUAL_ENV, CONDA_PREFIX].filter((prefix) => prefix !== undefined && prefix !== "");
  const system = process.platform === "win32" ? [join(PROGRAMDATA ?? "C:\\ProgramData", "jupyter")] : unixFolders;
  return [
    ...JUPYTER_PATH.split(delimiter).filter((folder) => folder !== ""),
    dataFolder(undefined),
    ...prefixes.map((prefix) => join(prefix as string, "share", "jupyter")),
    ...system,
  ];
}

const unixFolders = ["/usr/local/share/jupyter", "/usr/share/jupyter"];

function whyOf(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  return code === "ENOSPC" ? "the disk is full" : (code ?? message);
}
