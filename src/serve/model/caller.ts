/** Who may ask: by a token, from this machine, and from which pages in a browser. */

import type { Context, MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { isLoopback, isToken } from "../access.ts";
import { ServeFailure } from "./error.ts";

/** What is asked of callers. */
export interface CallerOptions {
  host: string;
  token: string | undefined;
  origins: readonly string[];
}

/** Throws a ServeFailure for a server that anybody could use. */
export function checkOpenness({ host, token, origins }: CallerOptions): void {
  if (!isLoopback(host) && !token) throw new ServeFailure({ kind: "open", host });
  for (const origin of origins) {
    if (origin === "*" ? !token : originOf(origin) !== origin)
      throw new ServeFailure({ kind: "origin", found: origin });
  }
}

function originOf(text: string): string | undefined {
  return URL.canParse(text) ? new URL(text).origin : undefined;
}

/** With a token it must be sent; without, the host must be this machine, or another site's page could ask through a browser. */
export function checkCaller(c: Context, token: string | undefined): void {
  if (token) {
    // The scheme's letters may be small or capital (RFC 9110, 11.1).
    const [, sent = ""] = /^bearer +(.*?) *$/i.exec(c.req.header("authorization") ?? "") ?? [];
    if (!isToken(sent, token)) throw new ServeFailure({ kind: "token" });
    return;
  }
  const host = new URL(c.req.url).hostname.replace(/^\[|\]$/g, "");
  if (!isLoopback(host)) throw new ServeFailure({ kind: "host", found: host });
}

/** Lets pages of these origins ask. A browser asks first, without a token. */
export function letPages(origins: readonly string[]): MiddlewareHandler {
  return cors({
    origin: origins.includes("*") ? "*" : [...origins],
    allowMethods: ["GET", "POST"],
    exposeHeaders: ["Retry-After"],
    maxAge: 600,
  });
}
