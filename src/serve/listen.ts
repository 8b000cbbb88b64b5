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

/** What helps where listening failed for the system's `reason`; `another`: how another port is chosen. */
export function listenCure(reason: string, another: string): string {
  if (reason === "EACCES") return "ports below 1024 need rights that you do not have, choose a higher one";
  if (reason === "EADDRNOTAVAIL" || /^(EAI_|ENOT)/.test(reason))
    return "choose an address of this machine as the host, as 127.0.0.1";
  return another;
}
