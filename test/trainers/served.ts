/** `autoagent env serve` as a user starts it, for as long as clients ask. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { temporaryFolder } from "../model/shared.ts";
import { expectedLives } from "./expected.ts";

const launcher = join(resolve(import.meta.dirname, "../.."), "scripts", "autoagent.mjs");

/** Serves on a free port, and has clients ask: by the server's address, and a file of what they must be told. */
export async function withServer<T>(
  work: (url: string, expected: string) => Promise<T>,
  options: readonly string[] = [],
): Promise<T> {
  using folder = temporaryFolder();
  const expected = join(folder.path, "expected.json");
  writeFileSync(expected, JSON.stringify(await expectedLives()));
  return await serving(options, ({ url }) => work(url, expected));
}

/** A server for as long as work takes: it is ended also where that throws. */
export async function serving<T>(
  options: readonly string[],
  work: (server: { child: ChildProcess; url: string }) => Promise<T>,
): Promise<T> {
  const server = await startServer(options);
  try {
    return await work(server);
  } finally {
    await stopServer(server.child);
  }
}

/** Interrupts it, where it has not ended by itself. */
export async function stopServer(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGINT");
  await ended;
}

/** The command's process, and the address that it tells. `command`: a launcher elsewhere than in this clone. */
export async function startServer(
  options: readonly string[],
  command = launcher,
): Promise<{ child: ChildProcess; url: string }> {
  const args = [command, "env", "serve", "--port", "0", ...options];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  for await (const line of createInterface(child.stdout)) {
    const [, url] = / at (http:\S+)/.exec(line) ?? [];
    if (url !== undefined) return { child, url };
  }
  await stopServer(child);
  throw new Error("the server ended before it served");
}

/** The server's own process, which the launcher has started. */
export function serverPid({ pid }: ChildProcess): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ")[0]);
}
