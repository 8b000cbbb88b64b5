/** The clients, each language's in an environment of its own under `.cache/clients`. A second run installs nothing. */

import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

/** Where an environment is, or why there is none. */
export type Environment = { path: string } | { missing: string };

const root = resolve(import.meta.dirname, "../..");
const folder = join(root, ".cache", "clients");
const scripts = join(root, "scripts"); // plain JavaScript, for any Node: it has no types to check
const { ensurePython } = (await import(join(scripts, "python.mjs"))) as {
  ensurePython: (wanted: { folder: string; requirements: string; flags: string[]; what: string }) => Environment;
};
const { installLocked } = (await import(join(scripts, "setup.mjs"))) as {
  installLocked: (folder: string) => Promise<string | null>;
};

/** The interpreter that has Python's clients. */
export function preparePython(): Environment {
  return ensurePython({
    folder: join(folder, "python"),
    requirements: join(import.meta.dirname, "requirements.txt"),
    // Whatever is imported is compiled then: most of it never is.
    flags: ["--no-deps", "--no-compile"],
    what: "clients (about 600 MB",
  });
}

/** The folder that has Node's clients. */
export async function prepareNode(): Promise<Environment> {
  const at = join(folder, "node");
  const files = ["package.json", "package-lock.json"].map((name) => join(import.meta.dirname, "node", name));
  const wanted = createHash("sha256")
    .update(files.map((file) => readFileSync(file, "utf8")).join(""))
    .digest("hex");
  const stamp = join(at, "installed");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return { path: at };
  rmSync(at, { recursive: true, force: true });
  mkdirSync(at, { recursive: true });
  for (const file of files) copyFileSync(file, join(at, file.split(/[\\/]/).at(-1)!));
  const failure = await installLocked(at);
  if (failure !== null) return { missing: failure };
  writeFileSync(stamp, wanted);
  return { path: at };
}
