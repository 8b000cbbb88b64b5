/**
 * One WebSocket of OpenEnv's protocol: messages in, one answer to each, in their order. A client that sends before it has
 * read waits: no more is taken from it than a few messages, and no answer is begun before the last has left this process.
 */

import type { WebSocket } from "ws";
import { serial } from "../../data/serial.ts";
import { EnvironmentServerFailure, errorMessage } from "./error.ts";
import { mcpAnswer } from "./mcp.ts";
import { readMessage } from "./messages.ts";
import { resetSession, type Session, stateOf, stepSession } from "./session.ts";

/** Messages that may wait for their answers before no more is read. */
const mostWaiting = 4;

/** A client's connection. */
export interface Connection {
  readonly socket: WebSocket;
  readonly session: Session;
  /** When its last message came or was answered, and when anything at all was heard of it. */
  messageAt: number;
  heardAt: number;
  /** Messages that have no answer yet. */
  waiting: number;
}

/** Answers what comes, until the socket closes. `onError` is told of what is the server's own fault. */
export function answerMessages(connection: Connection, onError: (error: unknown) => void): void {
  const { socket } = connection;
  const answers = serial();
  const heard = (): void => {
    connection.heardAt = performance.now();
  };
  socket.on("pong", heard);
  socket.on("message", (raw) => {
    heard();
    connection.messageAt = connection.heardAt;
    if (++connection.waiting >= mostWaiting) socket.pause();
    void answers.run(async () => {
      const answer = await answerOf(connection, String(raw)).catch((error: unknown) => {
        if (!(error instanceof EnvironmentServerFailure)) onError(error);
        return errorMessage(error);
      });
      if (answer !== null) await send(socket, answer).catch(onError);
      heard();
      connection.messageAt = connection.heardAt;
      if (--connection.waiting < mostWaiting && socket.isPaused) socket.resume();
    });
  });
  // A frame that is too long or no text; `ws` has closed the socket with the protocol's own code for it.
  socket.on("error", () => {});
}

/** The answer to a message; null where there is none to give. */
async function answerOf({ socket, session }: Connection, raw: string): Promise<object | null> {
  const { type, data } = readMessage(raw);
  switch (type) {
    case "reset":
      return { type: "observation", data: await resetSession(session, data) };
    case "step":
      return { type: "observation", data: await stepSession(session, data) };
    case "state":
      return { type: "state", data: stateOf(session) };
    case "mcp":
      return { type: "mcp", data: mcpAnswer(data) };
    case "close":
      socket.close(1000);
      return null;
    default:
      throw new EnvironmentServerFailure({ kind: "type", found: type });
  }
}

/** Resolves when the answer has left this process, or nobody is there to take it. Rejects for what has no JSON. */
function send(socket: WebSocket, answer: object): Promise<void> {
  const text = JSON.stringify(answer);
  if (socket.readyState !== socket.OPEN) return Promise.resolve();
  return new Promise((resolve) => socket.send(text, () => resolve()));
}
