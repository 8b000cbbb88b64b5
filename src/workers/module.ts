/**
 * What is somebody's own (an environment, a reward, a task, a policy) cannot be sent as data: functions do not travel. What
 * does is where it was made: a file, the name of its export, a hash of the file, and plain arguments. A worker makes it again
 * from its own copy of the file, below a folder that it was started with (`--modules FOLDER`), and refuses a file that differs.
 * The hash is of that file alone: what it imports is for the one who runs the workers to keep the same.
 */

import { createHash } from "node:crypto";
import { readFileSync, realpathSync } from "node:fs";
import { isAbsolute, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { encode, type Plain } from "../episode/index.ts";
import { WorkersFailure } from "./error.ts";

/** Where something was made. */
export interface ModuleRef {
  /** As it was given. */
  path: string;
  export: string;
  sha256: string;
  /** Absent: the export itself. */
  arguments?: readonly Plain[];
}

const origins = new WeakMap<object, ModuleRef>();

/**
 * Takes an export of a file, or what it makes of plain arguments, and remembers where it is from, so that workers can make the
 * same: `await workers.module("./lab/env.ts", "makeEnv", { maxSteps: 4 })`. Without arguments it is the export itself.
 */
export async function fromModule<T extends object>(path: string, name: string, ...args: unknown[]): Promise<T> {
  const file = resolve(path);
  const plain = args.map((one, i) => encode(one, `argument ${i + 1} of ${name}`));
  const ref = { path, export: name, sha256: hashOf(file, path), ...(args.length > 0 && { arguments: plain }) };
  const made = await make(file, ref);
  origins.set(made, ref);
  return made as T;
}

/** Where a value was made; undefined for what `fromModule` did not make. */
export function originOf(value: unknown): ModuleRef | undefined {
  return (typeof value === "object" && value !== null) || typeof value === "function" ? origins.get(value) : undefined;
}

/** Makes it on a worker. `folder`: the only one whose files may be loaded; null for none. Throws a WorkersFailure. */
export async function remake(ref: ModuleRef, folder: string | null): Promise<object> {
  const { path, sha256 } = ref;
  const refused = (why: string) => new WorkersFailure({ kind: "module", path, why });
  if (folder === null) throw refused("is not loaded: this worker was started without --modules FOLDER");
  const file = resolve(folder, path);
  if (hashOf(file, path) !== sha256)
    throw refused(`differs from the driver's: give ${file} the same content as it has there`);
  const inside = relative(realpathSync(folder), realpathSync(file));
  if (inside.startsWith("..") || isAbsolute(inside))
    throw refused(`is not loaded: it lies outside of --modules ${folder}`);
  const made = await make(file, ref);
  origins.set(made, ref);
  return made;
}

function hashOf(file: string, path: string): string {
  try {
    return createHash("sha256").update(readFileSync(file)).digest("hex");
  } catch (cause) {
    const why = `cannot be read (${(cause as Error).message}): check its path`;
    throw new WorkersFailure({ kind: "module", path, why }, { cause });
  }
}

async function make(file: string, { path, export: name, arguments: args, sha256 }: ModuleRef): Promise<object> {
  // By its content too: a file that was changed since it was loaded would give what it was before.
  const module = (await import(`${pathToFileURL(file).href}?sha256=${sha256}`)) as { [name: string]: unknown };
  const found = module[name];
  const refused = (why: string) => new WorkersFailure({ kind: "module", path, why });
  if (found === undefined) throw refused(`has no export ${name}: it has ${Object.keys(module).join(", ") || "none"}`);
  if (args !== undefined && typeof found !== "function") throw refused(`gives no function as ${name} to call`);
  const made: unknown = args === undefined ? found : await (found as (...all: unknown[]) => unknown)(...args);
  if ((typeof made !== "object" || made === null) && typeof made !== "function")
    throw refused(`gives ${String(made)} as ${name}: an object or a function is needed`);
  return made;
}
