/**
 * All sessions of a server: how many there may be, and which are over although nobody said so. A connection that is half open
 * answers no ping; one whose client has forgotten it sends nothing.
 */

import type { WebSocket } from "ws";
import type { Environment } from "../../environment/index.ts";
import { EnvironmentServerFailure, errorMessage } from "./error.ts";
import type { Keeping } from "./keep.ts";
import { openSession, type Session } from "./session.ts";
import { answerMessages, type Connection, openConnection } from "./socket.ts";

/** How long a client has to say goodbye when the server ends. */
const goodbyeMs = 500;

/** What sessions are made of. */
export interface SessionsOptions {
  /** An environment for one session. */
  open: () => Environment;
  most: number;
  /** A session without a message for so long is closed. */
  idleMs: number;
  /** Clients are pinged so often, and dropped when nothing was heard of them for so long. */
  pingMs: number;
  silenceMs: number;
  keeping: Keeping | undefined;
  /** Told of failures that are the server's or the environment's own. */
  onError: (error: unknown) => void;
}

/** The sessions of a server. */
export interface Sessions {
  readonly active: number;
  /** Makes a session of a new connection, or says that there is no room. */
  connect(socket: WebSocket): void;
  /** Lends a session that has no connection. Rejects where there is no room. */
  borrow<T>(work: (session: Session) => Promise<T>): Promise<T>;
  /** Ends all of them; resolves when their environments are closed. */
  close(): Promise<void>;
}

/** Makes an empty set of sessions. */
export function createSessions(options: SessionsOptions): Sessions {
  const { most, keeping, onError } = options;
  const connections = new Set<Connection>();
  /** Those for which there was no room, until they have gone. */
  const refused = new Set<WebSocket>();
  const closing = new Set<Promise<void>>();
  let borrowed = 0;
  const active = (): number => connections.size + borrowed;
  const begin = (): Session => {
    if (active() >= most) throw new EnvironmentServerFailure({ kind: "capacity", active: active(), most });
    try {
      return openSession(options.open(), keeping);
    } catch (cause) {
      onError(cause);
      throw new EnvironmentServerFailure({ kind: "factory" }, { cause });
    }
  };
  /** Its place is another's at once; the environment closes when its step is over. */
  const end = ({ env }: Session, answered: Promise<void>): Promise<void> => {
    const closed = answered.then(() => env.close()).catch(onError);
    closing.add(closed);
    return closed.finally(() => closing.delete(closed));
  };
  const beat = setInterval(() => beatOnce(connections, options), options.pingMs);
  beat.unref();
  return {
    get active() {
      return active();
    },
    connect(socket) {
      let session: Session;
      try {
        session = begin();
      } catch (refusal) {
        socket.on("error", () => {});
        refused.add(socket);
        socket.on("close", () => refused.delete(socket));
        socket.send(JSON.stringify(errorMessage(refusal)));
        return socket.close(1013);
      }
      const connection = openConnection(socket, session);
      connections.add(connection);
      socket.on("close", () => {
        connections.delete(connection);
        void end(session, connection.answered);
      });
      answerMessages(connection, onError);
    },
    async borrow(work) {
      const session = begin();
      borrowed++;
      const asked = work(session);
      const over = asked.then(
        () => {},
        () => {},
      );
      const ended = end(session, over);
      try {
        return await asked;
      } finally {
        borrowed--;
        await ended;
      }
    },
    async close() {
      clearInterval(beat);
      await Promise.all([...[...connections].map(({ socket }) => socket), ...refused].map(closeSocket));
      await Promise.all(closing);
    },
  };
}

/** Says goodbye, and does not wait for a client that says nothing back. */
async function closeSocket(socket: WebSocket): Promise<void> {
  // Not by `once` of node:events: that rejects at a socket's error, and a last frame of the client's may be a wrong one.
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.close(1001, "the server ends");
  const late = setTimeout(() => socket.terminate(), goodbyeMs);
  await closed;
  clearTimeout(late);
}

/** Closes what is over, and asks the others whether they are there. */
function beatOnce(connections: ReadonlySet<Connection>, { idleMs, silenceMs }: SessionsOptions): void {
  const now = performance.now();
  for (const { socket, messageAt, heardAt, waiting } of connections) {
    // Of a client that has sent ahead nothing more is read until it was answered, what it says to a ping neither.
    if (!socket.isPaused && now - heardAt > silenceMs) socket.terminate();
    else if (waiting.length === 0 && now - messageAt > idleMs) socket.close(1001, `idle for ${idleMs / 1000} s`);
    else if (socket.readyState === socket.OPEN) socket.ping();
  }
}
