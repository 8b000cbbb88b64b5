/** Who may ask an environment server: who has its token, or programs on this machine. */

import type { IncomingHttpHeaders } from "node:http";
import { isLoopback, isToken } from "../access.ts";
import { EnvironmentServerFailure } from "./error.ts";

/**
 * Throws an EnvironmentServerFailure for a caller who may not ask. With a token it must be sent; without, the host must be this
 * machine, or another site's page could ask by a name that resolves here. A page of any other origin is refused in both.
 */
export function checkCaller(headers: IncomingHttpHeaders, token: string | undefined): void {
  const { origin, host = "" } = headers;
  if (origin !== undefined && !isOwn(origin, host))
    throw new EnvironmentServerFailure({ kind: "origin", found: origin });
  if (token !== undefined) {
    if (!tokensOf(headers).some((sent) => isToken(sent, token))) throw new EnvironmentServerFailure({ kind: "token" });
    return;
  }
  if (!isLoopback(host.replace(/:\d+$/, ""))) throw new EnvironmentServerFailure({ kind: "host", found: host });
}

/**
 * All places where clients can put a token. A proxy may take `Authorization` for itself, so there is a header besides; clients
 * that send no headers of their own carry it in the address, `http://any:TOKEN@host`, which becomes basic authorization.
 */
function tokensOf({ authorization = "", ...headers }: IncomingHttpHeaders): string[] {
  const [, bearer] = /^bearer +(.*?) *$/i.exec(authorization) ?? [];
  const [, basic] = /^basic +(.*?) *$/i.exec(authorization) ?? [];
  const [, password] = /^[^:]*:(.*)$/s.exec(Buffer.from(basic ?? "", "base64").toString()) ?? [];
  const own = headers["x-autoagent-token"];
  return [bearer, password, own].filter((sent) => typeof sent === "string");
}

function isOwn(origin: string, host: string): boolean {
  return URL.canParse(origin) && new URL(origin).host === host;
}
