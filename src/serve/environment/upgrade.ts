/** From an HTTP request to a WebSocket: who may, and on which path. */

import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { WebSocketServer } from "ws";
import { checkCaller } from "./access.ts";
import { EnvironmentServerFailure, errorResponse } from "./error.ts";
import { longestMessage } from "./routes.ts";
import type { Sessions } from "./sessions.ts";

/** Makes sessions of the connections that become WebSockets on `/ws`; others are refused as a request would be. */
export function makeUpgrade(
  sessions: Sessions,
  token: string | undefined,
): (request: IncomingMessage, socket: Socket, head: Buffer) => void {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: longestMessage, perMessageDeflate: false });
  return (request, socket, head) => {
    // A client that is gone before it was answered is nobody's fault.
    socket.on("error", () => socket.destroy());
    try {
      checkUpgrade(request, token);
    } catch (refusal) {
      return void refuseUpgrade(socket, errorResponse(refusal));
    }
    sockets.handleUpgrade(request, socket, head, (accepted) => sessions.connect(accepted));
  };
}

function checkUpgrade({ headers, url = "/", method = "GET" }: IncomingMessage, token: string | undefined): void {
  checkCaller(headers, token);
  const path = url.split("?")[0]!;
  if (path !== "/ws") throw new EnvironmentServerFailure({ kind: "path", method, path });
}

async function refuseUpgrade(socket: Socket, response: Response): Promise<void> {
  const body = await response.text();
  const head = [
    `HTTP/1.1 ${response.status} ${STATUS_CODES[response.status]}`,
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(body)}`,
    "connection: close",
  ];
  // A connection that has asked to be a WebSocket is no longer HTTP's: nobody else would close it where the client does not.
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`, () => socket.destroy());
}
