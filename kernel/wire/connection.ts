/** The connection file: where a kernel must listen and how messages are signed. Spec: Jupyter kernels, "Connection files". */

import { getHashes } from "node:crypto";
import { readFileSync } from "node:fs";

/** What a connection file says. */
export interface Connection {
  transport: "tcp" | "ipc";
  ip: string;
  shell_port: number;
  iopub_port: number;
  stdin_port: number;
  control_port: number;
  hb_port: number;
  /** HMAC key; empty for unsigned messages. */
  key: string;
  signature_scheme: string;
}

/** Thrown when a connection file cannot be used; the text is for a person. */
export class ConnectionFailure extends Error {
  override readonly name = "ConnectionFailure";
}

/** Names of the five ports. */
export const portNames = ["shell_port", "iopub_port", "stdin_port", "control_port", "hb_port"] as const;

/** Reads and checks a connection file. */
export function readConnection(path: string | undefined): Connection {
  if (path === undefined || path === "")
    throw new ConnectionFailure(
      "No connection file was given: a Jupyter client starts this program with one as its argument.",
    );
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new ConnectionFailure(`The connection file ${path} cannot be read (${why}).`, { cause });
  }
  let value: { [key: string]: unknown };
  try {
    value = JSON.parse(text) as { [key: string]: unknown };
  } catch (cause) {
    throw new ConnectionFailure(`The connection file ${path} is not JSON (${(cause as Error).message}).`, { cause });
  }
  if (typeof value !== "object" || value === null)
    throw new ConnectionFailure(`The connection file ${path} does not hold an object.`);
  const {
    transport = "tcp",
    ip = "127.0.0.1",
    key = "",
    signature_scheme = "hmac-sha256",
  } = value as Partial<Connection>;
  for (const name of portNames)
    if (!Number.isSafeInteger(value[name]) || (value[name] as number) < 0)
      throw new ConnectionFailure(
        `The connection file ${path} has no usable ${name}: got ${JSON.stringify(value[name])}.`,
      );
  for (const [name, text] of Object.entries({ ip, key }))
    if (typeof text !== "string")
      throw new ConnectionFailure(
        `The connection file ${path} has a ${name} that is no text: got ${JSON.stringify(text)}.`,
      );
  if (transport !== "tcp" && transport !== "ipc")
    throw new ConnectionFailure(
      `The connection file ${path} asks for transport ${JSON.stringify(transport)}: use tcp or ipc.`,
    );
  if (!getHashes().some((hash) => `hmac-${hash}` === signature_scheme))
    throw new ConnectionFailure(
      `The connection file ${path} asks for signature scheme ${JSON.stringify(signature_scheme)}: use hmac-sha256.`,
    );
  return { ...(value as unknown as Connection), transport, ip, key, signature_scheme };
}

/** The address of a port, in ZeroMQ's words. */
export function addressOf({ transport, ip }: Connection, port: number): string {
  return transport === "tcp" ? `tcp://${ip}:${port}` : `ipc://${ip}-${port}`;
}
