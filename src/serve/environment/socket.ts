/**
 * One WebSocket of OpenEnv's protocol: messages in, one answer to each, in their order. A client that sends before it has
 * read waits: no more is taken from it than a few messages, and no answer is begun before the last has left this process.
 */

import type { RawData, WebSocket } from "ws";
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
  /** Messages that have no answer yet, the one that is being answered first. */
  readonly waiting: RawData[];
  /** Resolves when nothing is being answered any more. Never rejects. */
  answered: Promise<void>;
}

/** A connection of which nothing has been asked yet. */
export function openConnection(socket: WebSocket, session: Session): Connection {
  const now = performance.now();
  return { socket, session, messageAt: now, heardAt: now, waiting: [], answered: Promise.resolve() };
}

/** Answers what comes, until the socket closes. `onError` is told of what is the server's own fault. */
export function answerMessages(connection: Connection, onError: (error: unknown) => void): void {
  const { socket, waiting } = connection;
  socket.on("pong", () => {
    connection.heardAt = performance.now();
  });
  socket.on("message", (raw) => {
    if (socket.readyState !== socket.OPEN) return; // it has said goodbye
    connection.messageAt = connection.heardAt = performance.now();
    if (waiting.push(raw) >= mostWaiting) socket.pause();
    if (waiting.length === 1) connection.answered = answerWaiting(connection, onError);
  });
  // A frame that is too long or no text; `ws` has closed the socket with the protocol's own code for it.
  socket.on("error", () => {});
}

/** Answers one after the other, until none is left or nobody is there who would hear. */
async function answerWaiting(connection: Connection, onError: (error: unknown) => void): Promise<void> {
  const { socket, waiting } = connection;
  while (waiting.length > 0 && socket.readyState === socket.OPEN) {
    try {
      await answerOne(connection, String(waiting[0]));
    } catch (error) {
      if (!(error instanceof EnvironmentServerFailure)) onError(error);
      await send(socket, errorMessage(error));
    }
    connection.messageAt = connection.heardAt = performance.now();
    waiting.shift();
    if (waiting.length < mostWaiting && socket.isPaused) socket.resume();
  }
}

async function answerOne(connection: Connection, raw: string): Promise<void> {
  const answer = await answerOf(connection, raw);
  if (answer === null) return;
  // The child that has just answered is given its next step meanwhile: an answer wakes a client, who may take the processor.
  await new Promise(setImmediate);
  const leaving = send(connection.socket, answer);
  if (leaving !== null) await leaving;
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

/** Null: the answer has left this process, or nobody is there to take it; else resolves when it has. Throws for what has no JSON. */
function send(socket: WebSocket, answer: object): Promise<void> | null {
  const text = JSON.stringify(answer);
  if (socket.readyState !== socket.OPEN) return null;
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.send(text, () => resolve());
  return socket.bufferedAmount === 0 ? null : promise;
}
