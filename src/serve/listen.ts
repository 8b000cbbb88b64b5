/** A server that begins to listen, or says why it cannot. */

import type { Server } from "node:http";

/** Resolves when it listens; rejects with what `failure` makes of the system's reason (`EADDRINUSE`) and its error. */
export function listen(
  server: Server,
  { host, port }: { host: string; port: number },
  failure: (reason: string, cause: Error) => Error,
): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => reject(failure(cause.code ?? cause.message, cause)));
    server.listen(port, host, resolve);
  });
}
