/** The kernel's program: `node kernel/main.ts CONNECTION_FILE`. A fault in its input is one sentence and exit code 2. */

import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import type { StartedCompiler } from "./language/compiler.ts";
import { startFirstCompiler } from "./session/check-mode.ts";
import { keepCompiled } from "./session/keep-compiled.ts";
import { createNotebookSettings } from "./session/notebook-settings.ts";
import { spawnUser } from "./session/spawn.ts";
import { ConnectionFailure, readConnection } from "./wire/connection.ts";

/** How often a kernel looks whether the client that started it is still there. */
const lookEveryMs = 2000;
/** A compiler that is read from a slow disk is not waited for longer than this. */
const patienceMs = 100;

try {
  const connection = readConnection(process.argv[2]);
  const directory = process.cwd();
  // Cells run in a process of their own: it starts while this one loads the rest. Alone, it ends by itself.
  const spawned = spawnUser(directory);
  const settings = createNotebookSettings(directory);
  const compiler = startFirstCompiler(directory, settings());
  if (compiler !== undefined) await loadBeside(compiler);
  const { startKernel } = await import("./session/index.ts");
  const kernel = await startKernel(connection, { directory, settings, spawned, compiler });
  keepCompiled();
  process.on("SIGINT", () => kernel.interrupt());
  process.on("SIGTERM", () => void kernel.shutdown());
  // Jupyter's managers say who they are; one that was killed cannot say goodbye, and its kernels would stay for ever.
  const manager = process.ppid;
  if (process.env.JPY_PARENT_PID !== undefined)
    setInterval(() => {
      if (process.ppid !== manager) void kernel.shutdown();
    }, lookEveryMs).unref();
  process.exit(await kernel.ended);
} catch (error) {
  if (!(error instanceof ConnectionFailure)) throw error;
  console.error(error.message);
  process.exit(2);
}

/** Loads the largest parts while the compiler's process begins, and lets it have its first work before the rest. */
async function loadBeside({ begun, asked }: StartedCompiler): Promise<void> {
  await begun;
  await nextTurn();
  await import("./wire/index.ts");
  await nextTurn();
  await import("./language/index.ts");
  await Promise.race([asked, sleep(patienceMs)]);
  await nextTurn(); // what is asked is written
}
