/**
 * An environment behind OpenEnv's protocol: one WebSocket is one session, and each session plays in a clone of the environment,
 * whose sandbox they share. On this machine only, unless a token is set. Source: the wheel of openenv 0.10.0. Not here: the web
 * interface, and the routes of tasks; messages (`socket.ts`), HTTP (`routes.ts`), the command (`src/cli/env.ts`).
 */

import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import {
  callable,
  faultOf,
  integerFrom,
  only,
  optional,
  positiveInteger,
  positiveNumber,
  text,
} from "../../data/check.ts";
import { environmentSchema } from "../../environment/given.ts";
import { type Environment, SurvivalEnv } from "../../environment/index.ts";
import { recordSchema } from "../../record/given.ts";
import { type EpisodeRecord, holdRecord } from "../../record/index.ts";
import { sharedSandbox } from "../../sandbox/index.ts";
import { addressOf, isLoopback } from "../access.ts";
import { createDoor, type Unread } from "../door.ts";
import { listen } from "../listen.ts";
import { EnvironmentServerFailure, errorResponse } from "./error.ts";
import { createRoutes, type Description } from "./routes.ts";
import { schemasOf } from "./schema.ts";
import { createSessions, type Sessions } from "./sessions.ts";
import { makeUpgrade } from "./upgrade.ts";

/** How an environment is served. */
export interface EnvironmentServerOptions {
  /** @default "127.0.0.1" */
  host?: string;
  /** 0 for any that is free. @default 8700 */
  port?: number;
  /** Who asks must send it. Needed on any host but this machine. @default none */
  token?: string | undefined;
  /** Sessions at once; one more is told that there is no room. @default 64, or the environment's places where it has fewer */
  sessions?: number;
  /** A session without a message for so many seconds is closed. @default 900 */
  idleSeconds?: number;
  /** Clients are pinged every so many seconds. @default 20 */
  pingSeconds?: number;
  /** A client of whom nothing was heard for so many seconds, no answer to a ping either, is dropped. @default 120 */
  silenceSeconds?: number;
  /** Episodes are appended here, each under its client's name for it (the label `episode`). */
  record?: EpisodeRecord | string;
  /** What the server calls itself. @default the environment's class */
  name?: string;
  /** Told of failures that are the server's or the environment's own. @default console.error */
  onError?: (error: unknown) => void;
}

/** An environment server that runs. */
export interface EnvironmentServer extends AsyncDisposable {
  /** What a client takes as its base URL. */
  readonly url: string;
  /** Sessions that are open, and how many there may be. */
  readonly sessions: { active: number; most: number };
  close(): Promise<void>;
}

/** Sessions at once where nobody says how many. */
const usualSessions = 64;

const optionsSchema = only<EnvironmentServerOptions>({
  host: optional(text),
  port: optional(integerFrom(0, 65_535)),
  token: optional(text),
  sessions: optional(positiveInteger),
  idleSeconds: optional(positiveNumber),
  pingSeconds: optional(positiveNumber),
  silenceSeconds: optional(positiveNumber),
  record: optional(recordSchema),
  name: optional(text),
  onError: optional(callable("a function of the error")),
});

/**
 * Serves an environment to trainers that speak OpenEnv's protocol. The environment itself is not played, and stays the caller's.
 * Rejects with an EnvironmentServerFailure for a host without a token, more sessions than places, or a port that is taken.
 */
export async function serveEnvironment(
  env: Environment,
  options: EnvironmentServerOptions = {},
): Promise<EnvironmentServer> {
  const fault =
    faultOf(environmentSchema, env, "env") ?? faultOf(optionsSchema, options, "the options of serveEnvironment");
  if (fault !== null) throw new EnvironmentServerFailure(fault);
  const { host = "127.0.0.1", port = 8700, token, onError = console.error } = options;
  if (!isLoopback(host) && !token) throw new EnvironmentServerFailure({ kind: "open", host });
  const most = await sessionsOf(env, options);
  const held = options.record === undefined ? undefined : holdRecord(options.record, { create: true });
  const sessions = createSessions({
    ...{ open: () => env.clone(), most, onError },
    idleMs: 1000 * (options.idleSeconds ?? 900),
    pingMs: 1000 * (options.pingSeconds ?? 20),
    silenceMs: 1000 * (options.silenceSeconds ?? 120),
    keeping: held && { record: held.record, begun: 0 },
  });
  const server = await openServer(env, { ...options, sessions, onError });
  await listen(
    server,
    { host, port },
    (reason, cause) => new EnvironmentServerFailure({ kind: "port", host, port, reason }, { cause }),
  ).catch(async (error) => {
    await sessions.close();
    held?.release();
    throw error;
  });
  const close = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve));
    await sessions.close();
    server.closeAllConnections();
    await closed;
    held?.release();
  };
  return {
    url: addressOf(host, (server.address() as AddressInfo).port),
    get sessions() {
      return { active: sessions.active, most };
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** A session without a place of its own would be lived again from its birth at each of its steps. */
async function sessionsOf(env: Environment, { sessions }: EnvironmentServerOptions): Promise<number> {
  const places = (await env.places?.()) ?? Number.POSITIVE_INFINITY;
  if (sessions !== undefined && sessions > places)
    throw new EnvironmentServerFailure({ kind: "places", sessions, places });
  return sessions ?? Math.min(usualSessions, places);
}

/** HTTP and WebSockets at one door. */
async function openServer(
  env: Environment,
  {
    sessions,
    onError,
    token,
    name,
  }: Pick<EnvironmentServerOptions, "token" | "name"> & {
    sessions: Sessions;
    onError: (error: unknown) => void;
  },
): Promise<Server> {
  const routes = createRoutes(await describe(env, name), { sessions, token, onError });
  const fetch = routes.fetch as (request: Request, env: unknown) => Response | Promise<Response>;
  const refusal = (unread: Unread) => errorResponse(new EnvironmentServerFailure(unread));
  const errorHandler = (cause: unknown) => refusal({ kind: "http", reason: (cause as Error).message });
  const listener = getRequestListener(fetch, { errorHandler });
  const onUpgrade = makeUpgrade(sessions, token);
  return createDoor((incoming, outgoing) => void listener(incoming, outgoing), { refusal, onUpgrade });
}

async function describe(env: Environment, name = env.constructor.name): Promise<Description> {
  const sandbox =
    env instanceof SurvivalEnv ? (env.options.sandbox ?? (await sharedSandbox(env.options.body))) : undefined;
  const life = "A life of a self-modifying agent in a locked sandbox, a program a step";
  const description = sandbox === undefined ? `Episodes of ${name}, a program a step` : life;
  return { name, description, version: "1", sandboxLevel: sandbox?.level, schemas: schemasOf(env) };
}
