/** The kernel's program: `node kernel/main.ts CONNECTION_FILE`. A fault in its input is one sentence and exit code 2. */

import { startKernel } from "./session/index.ts";
import { ConnectionFailure, readConnection } from "./wire/index.ts";

try {
  const kernel = await startKernel(readConnection(process.argv[2]), { directory: process.cwd() });
  process.on("SIGINT", () => kernel.interrupt());
  process.on("SIGTERM", () => void kernel.shutdown());
  process.exit(await kernel.ended);
} catch (error) {
  if (!(error instanceof ConnectionFailure)) throw error;
  console.error(error.message);
  process.exit(2);
}
