/** Processes whose event loop is watched (`watch.ts`): a model's server as the command line starts it, and one that does nothing. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import type { Hold } from "./watch.ts";

const root = resolve(import.meta.dirname, "../..");
const flags = [
  "--conditions=autoagent-lab-source",
  "--disable-warning=ExperimentalWarning",
  `--import=${join(import.meta.dirname, "watch.ts")}`,
];

/** A process that is watched. */
export interface Watched {
  readonly child: ChildProcess;
  /** Its longest hold since the last question. */
  hold(): Promise<Hold>;
  /** Milliseconds from a signal to its end. */
  stop(signal: "SIGINT" | "SIGKILL"): Promise<number>;
}

/** A server of a model on a free port. */
export interface Serving extends Watched {
  /** With `/v1`. */
  readonly url: string;
}

/** Starts `autoagent serve` and waits until it serves. */
export async function startServer(model: string, more: readonly string[] = []): Promise<Serving> {
  const watched = start([join(root, "src", "cli", "index.ts"), "serve", model, "--port", "0", ...more]);
  for await (const line of createInterface({ input: watched.child.stdout! })) {
    const url = /http:\/\/\S+\/v1/.exec(line)?.[0];
    if (url === undefined) continue;
    watched.child.stdout!.resume();
    return { ...watched, url };
  }
  throw new Error(`\`autoagent serve ${model}\` ended before it served`);
}

/** A process that only waits: what it is held for is what the machine gave to others. */
export function startIdle(): Watched {
  return start(["--input-type=module", "-e", "setInterval(() => {}, 1e9)"]);
}

function start(command: readonly string[]): Watched {
  const child = spawn(process.execPath, [...flags, ...command], { stdio: ["ignore", "pipe", "inherit", "ipc"] });
  return {
    child,
    async hold() {
      child.send("tell");
      const [told] = (await once(child, "message")) as [Hold];
      return told;
    },
    async stop(signal) {
      const began = performance.now();
      const gone = once(child, "exit");
      child.kill(signal);
      await gone;
      return performance.now() - began;
    },
  };
}
