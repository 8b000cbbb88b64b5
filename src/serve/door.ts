/**
 * The server's door: connections, before there is a request. One that is idle makes room for a new one, one that is slow is
 * closed, and what is no HTTP gets an answer that says so.
 */

import { createServer, type IncomingMessage, type RequestListener, type Server, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";

/** How many connections there may be and how long they may take. */
export interface DoorLimits {
  /** Beyond these the one that has been idle longest is closed for a new one. */
  connections: number;
  /** Milliseconds for the headers of a request, the first of a connection included; and for all of it. */
  headersMs: number;
  requestMs: number;
  /** Milliseconds that a connection is kept between two requests. */
  keptMs: number;
  /** How often slow connections are looked for. */
  checkedMs: number;
}

/** Kept for longer than the five seconds for which Python's and Node's clients keep theirs: who waits less is cut off by the other. */
export const usualLimits: DoorLimits = {
  connections: 1024,
  headersMs: 15_000,
  requestMs: 60_000,
  keptMs: 30_000,
  checkedMs: 2000,
};

/** Why bytes became no request: they did not come in time, or are no HTTP, as `reason` says. */
export type Unread = { kind: "late" } | { kind: "http"; reason: string };

/** What a door does besides passing requests on. */
export interface DoorOptions {
  /** What is answered to what is no request. */
  refusal: (unread: Unread) => Response;
  /** Takes a connection that is to speak another protocol. Absent: such a request is one like any other. */
  onUpgrade?: (request: IncomingMessage, socket: Socket, head: Buffer) => void;
  /** @default usualLimits */
  limits?: DoorLimits;
}

/** Makes an HTTP server that guards its connections. */
export function createDoor(
  listener: RequestListener,
  { refusal, onUpgrade, limits = usualLimits }: DoorOptions,
): Server {
  const server = createServer(
    {
      // A request without a host reaches the listener, which refuses it with a reason.
      requireHostHeader: false,
      headersTimeout: limits.headersMs,
      requestTimeout: limits.requestMs,
      keepAliveTimeout: limits.keptMs,
      connectionsCheckingInterval: limits.checkedMs,
    },
    listener,
  );
  /** Connections without a whole request, by how long. */
  const idle = new Set<Socket>();
  let open = 0;
  server.on("connection", (socket) => {
    open++;
    idle.add(socket);
    socket.once("close", () => {
      open--;
      idle.delete(socket);
    });
    // Where all others are at work the new one is the oldest.
    if (open > limits.connections) for (const oldest of idle) return void oldest.destroy();
  });
  server.on("request", ({ socket }, response) => {
    idle.delete(socket);
    response.once("close", () => {
      if (!socket.destroyed) idle.add(socket);
    });
  });
  if (onUpgrade !== undefined)
    server.on("upgrade", (request, socket, head) => {
      // Its requests are not seen here: it would be taken for idle.
      idle.delete(socket as Socket);
      onUpgrade(request, socket as Socket, head);
    });
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => void refuse(error, socket as Socket, refusal));
  return server;
}

/** Answers what the parser refuses, where there is still somebody to answer. */
async function refuse(
  { code, message }: NodeJS.ErrnoException,
  socket: Socket,
  refusal: (unread: Unread) => Response,
): Promise<void> {
  if (code === "ECONNRESET" || !socket.writable) return void socket.destroy();
  const late = code === "ERR_HTTP_REQUEST_TIMEOUT";
  const response = refusal(late ? { kind: "late" } : { kind: "http", reason: message });
  const body = await response.text();
  const head = [
    `HTTP/1.1 ${response.status} ${STATUS_CODES[response.status]}`,
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(body)}`,
    "connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}
