/**
 * Starts the program of a user process, and nothing else: light to load, so that the program starts while the protocol
 * process still loads what it is made of. Not here: talking to it (`user-process.ts`).
 */

import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { nodeFlags } from "./node-flags.ts";
import { markName } from "./programs.ts";

/** A program that was started, or that could not be. */
export interface Spawned {
  child: ChildProcess;
  /** Its value of the variable that it and all that it starts carry. */
  mark: string;
  /** Why it could not be started, once that is known. */
  failure: Error | null;
}

/** Flags that interrupts, imports and packages need; see docs/decisions.md. */
const flags = ["--no-force-async-hooks-checks", "--experimental-import-meta-resolve"];

/** Starts a user process in a folder. */
export function spawnUser(directory: string): Spawned {
  const typed = import.meta.filename.endsWith(".ts");
  const program = join(import.meta.dirname, "user", `main.${typed ? "ts" : "js"}`);
  const mark = randomUUID();
  const child = spawn(process.execPath, [...flags, ...nodeFlags({ typed }), program], {
    cwd: directory,
    stdio: ["ignore", "pipe", "pipe", "pipe", "pipe", "pipe"],
    detached: true, // clients signal the kernel's whole process group; the user process is interrupted by message
    env: { ...process.env, FORCE_COLOR: "0", NO_COLOR: "1", [markName]: mark },
  });
  const spawned: Spawned = { child, mark, failure: null };
  child.once("error", (error) => {
    spawned.failure = error;
  });
  return spawned;
}
