/**
 * The paths of HTTP that OpenEnv's protocol has beside its WebSocket: they describe the server. Resets and steps are there
 * too, each in an environment of its own, as the protocol has it: for its validator, and for a look by hand.
 */

import type { HttpBindings } from "@hono/node-server";
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { checkCaller } from "./access.ts";
import { EnvironmentServerFailure, errorResponse } from "./error.ts";
import { mcpAnswer } from "./mcp.ts";
import { type Json, readObject } from "./messages.ts";
import { openApiOf } from "./schema.ts";
import { resetSession, stepSession } from "./session.ts";
import type { Sessions } from "./sessions.ts";

/** What the server says of itself. */
export interface Description {
  name: string;
  description: string;
  version: string;
  /** How strongly the agents are locked in, where they are in a sandbox. */
  sandboxLevel: number | undefined;
  schemas: { [name: string]: object };
}

type Bindings = { Bindings: HttpBindings };

/** Longest message, over the WebSocket too: a program may have 65,536 characters, and a character six in JSON. */
export const longestMessage = 1024 * 1024;

/** The app behind the server's paths. */
export function createRoutes(
  { schemas, sandboxLevel, ...about }: Description,
  { sessions, token, onError }: { sessions: Sessions; token: string | undefined; onError: (error: unknown) => void },
): Hono<Bindings> {
  const app = new Hono<Bindings>();
  app.onError((error) => {
    if (!(error instanceof EnvironmentServerFailure)) onError(error);
    return errorResponse(error);
  });
  app.notFound(({ req: { method, path } }) =>
    errorResponse(new EnvironmentServerFailure({ kind: "path", method, path })),
  );
  // Whoever looks after containers asks without a token, and learns no more than that the server runs.
  app.get("/health", (c) => c.json({ status: "healthy" }));
  app.use(async (c, next) => {
    checkCaller(c.env.incoming.headers, token);
    await next();
  });
  const onTooLong = () => errorResponse(new EnvironmentServerFailure({ kind: "size", limit: longestMessage }));
  app.use(bodyLimit({ maxSize: longestMessage, onError: onTooLong }));
  const level = sandboxLevel === undefined ? {} : { sandbox_level: sandboxLevel };
  app.get("/metadata", (c) => c.json({ ...about, author: "AutoAgent Lab", ...level }));
  app.get("/schema", (c) => c.json(schemas));
  app.get("/openapi.json", (c) => c.json(openApiOf(about.name, schemas)));
  app.get("/state", (c) => c.json({ episode_id: null, step_count: 0 }));
  app.post("/mcp", async (c) => c.json(mcpAnswer(await bodyOf(c))));
  app.post("/reset", async (c) => {
    const data = await bodyOf(c);
    return c.json(await sessions.borrow((session) => resetSession(session, data)));
  });
  app.post("/step", async (c) => {
    const { action } = await bodyOf(c);
    const told = await sessions.borrow(async (session) => {
      await resetSession(session, {});
      return await stepSession(session, action);
    });
    return c.json(told);
  });
  return app;
}

/** A body that is not there says nothing. */
async function bodyOf(c: Context<Bindings>): Promise<Json> {
  const text = await c.req.text();
  return text === "" ? {} : readObject(text);
}
