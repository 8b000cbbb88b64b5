/** `autoagent env serve` as a user starts it, for as long as clients ask. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
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
  const { child, url } = await startServer(options);
  try {
    return await work(url, expected);
  } finally {
    child.kill("SIGINT");
    await once(child, "exit");
  }
}

/** The command's process, and the address that it tells. */
export async function startServer(options: readonly string[]): Promise<{ child: ChildProcess; url: string }> {
  const args = [launcher, "env", "serve", "--port", "0", ...options];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  for await (const line of createInterface(child.stdout)) {
    const [, url] = / at (http:\S+)/.exec(line) ?? [];
    if (url !== undefined) return { child, url };
  }
  throw new Error("the server ended before it served");
}
