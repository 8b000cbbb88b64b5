/** Who may reach a server: names of this machine, and tokens compared in a time that tells nothing of them. */

import { createHash, timingSafeEqual } from "node:crypto";

const loopback = new Set(["127.0.0.1", "::1", "localhost"]);

/** Whether a host's name or address is this machine's own, which nobody else reaches. */
export function isLoopback(host: string): boolean {
  return loopback.has(host.replace(/^\[|\]$/g, ""));
}

/** Whether the token that was sent is the server's. */
export function isToken(sent: string, token: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(sent), digest(token));
}

/** Where a server is asked: an IPv6 address stands in brackets. */
export function addressOf(host: string, port: number): string {
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}
