/** For commands that run until somebody ends them. */

import { once } from "node:events";

/** Resolves at Ctrl-C, or when the process is asked to end. */
export async function interrupted(): Promise<void> {
  const stop = new AbortController();
  const { signal } = stop;
  await Promise.race([once(process, "SIGINT", { signal }), once(process, "SIGTERM", { signal })]).finally(() =>
    stop.abort(),
  );
}
