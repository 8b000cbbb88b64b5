/** A worker of another version: a copy of the library in which one comment is another. */

import { appendFileSync, cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startFrom, type WorkerProcess } from "../redis-server.ts";

const root = join(import.meta.dirname, "../../..");

/** Makes the copy, and takes it away again. */
export async function withOtherBuild<T>(
  work: (start: (url: string) => Promise<WorkerProcess>) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "other-build-"));
  try {
    for (const name of ["src", "scripts", "data", "package.json", "package-lock.json"])
      cpSync(join(root, name), join(folder, name), { recursive: true });
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
    symlinkSync(join(root, ".cache"), join(folder, ".cache"));
    appendFileSync(join(folder, "src/workers/build.ts"), "// another version\n");
    return await work((url) => startFrom(join(folder, "scripts/autoagent.mjs"), url));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
