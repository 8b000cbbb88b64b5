/** A proxy on loopback that can lose every packet: connections stay open, and nothing passes. */

import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** A proxy. */
export interface Proxy {
  readonly port: number;
  /** From now on nothing passes, or all does again; what came meanwhile is lost with its connection. */
  lose(lost: boolean): void;
  close(): void;
}

/** Opens a proxy to a port of this machine. */
export async function openProxy(port: number): Promise<Proxy> {
  const pairs = new Set<[Socket, Socket]>();
  let losing = false;
  const server = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    const pair: [Socket, Socket] = [near, far];
    pairs.add(pair);
    for (const [one, other] of [pair, pair.toReversed() as [Socket, Socket]]) {
      one.on("data", (bytes) => losing || other.write(bytes));
      one.on("error", () => {});
      one.on("close", () => {
        other.destroy();
        pairs.delete(pair);
      });
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const cut = (): void => {
    for (const pair of pairs) for (const socket of pair) socket.destroy();
  };
  return {
    port: (server.address() as { port: number }).port,
    lose(lost) {
      losing = lost;
      if (!lost) cut();
    },
    close() {
      cut();
      server.close();
    },
  };
}
