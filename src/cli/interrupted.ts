/** For commands that run until somebody ends them, at once or after what they are doing. */

import { once } from "node:events";

/** Resolves at Ctrl-C, or when the process is asked to end. */
export async function interrupted(): Promise<void> {
  const stop = new AbortController();
  const { signal } = stop;
  await Promise.race([once(process, "SIGINT", { signal }), once(process, "SIGTERM", { signal })]).finally(() =>
    stop.abort(),
  );
}

/**
 * What an interrupt does to a command that first ends what it is doing: the first calls `stop`, a second one `exit`. A terminal's
 * Ctrl-C reaches the launcher as well, which passes it on: two within half a second are one.
 */
export function onInterrupt(
  stop: () => void,
  { exit = () => process.exit(1), now = () => performance.now() }: { exit?: () => void; now?: () => number } = {},
): () => void {
  let first: number | null = null;
  return () => {
    if (first !== null && now() - first > 500) exit();
    first ??= now();
    stop();
  };
}
