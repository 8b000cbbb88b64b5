/**
 * A real redis-server for tests: on loopback, on a free port, with a password, in a folder that is gone with it; and workers
 * beside it, in processes of their own. Where there is no redis-server a sentence says so.
 */

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { until } from "../waiting.ts";

/** Null where it is there, else why tests of it are left out. */
export function missingRedis(): string | null {
  const found = spawnSync("redis-server", ["--version"]).status === 0;
  return found ? null : "redis-server is not there: apt-get install redis-server";
}

/** A server that runs. */
export interface RedisServer {
  readonly url: string;
  readonly port: number;
  readonly password: string;
  /** Ends it as `kill -9` does. */
  kill(): Promise<void>;
  /** Starts it again on the same port, with what it had written. */
  start(): Promise<void>;
  /** Runs a command of redis-cli. */
  cli(...args: string[]): string;
  close(): Promise<void>;
}

/** Starts a server. `keeps`: whether it writes down what it holds. */
export async function startRedis({ keeps = false } = {}): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), "redis-"));
  const port = await freePort();
  const password = "only for this test";
  const own = ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--requirepass", password];
  const disk = ["--save", "", "--appendonly", keeps ? "yes" : "no", "--appendfsync", "always"];
  let child: ChildProcess;
  const cli = (...args: string[]): string => {
    const env = { ...process.env, REDISCLI_AUTH: password };
    return spawnSync("redis-cli", ["-p", String(port), ...args], { encoding: "utf8", env }).stdout.trim();
  };
  const start = async (): Promise<void> => {
    child = spawn("redis-server", [...own, ...disk], { stdio: "ignore" });
    await until(() => cli("ping") === "PONG");
  };
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  };
  await start();
  return {
    ...{ url: `redis://:${encodeURIComponent(password)}@127.0.0.1:${port}`, port, password, kill, start, cli },
    async close() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A server as the page on workers wants it: over TLS alone, and by a user with a name and no more rights than needed. */
export interface SecuredRedis {
  /** Of that user. */
  readonly url: string;
  readonly port: number;
  /** Path of the certificate of the authority, which nobody else trusts. */
  readonly ca: string;
  close(): Promise<void>;
}

/** Starts one, with an own authority and with the line of `docs/workers.md` as its list of users. Throws where there is no openssl. */
export async function startSecuredRedis(userLine: string): Promise<SecuredRedis> {
  const folder = mkdtempSync(join(tmpdir(), "redis-secured-"));
  const [key, ca, users] = ["key.pem", "ca.pem", "users.acl"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const about = [
    "-days",
    "1",
    "-subj",
    "/CN=queue",
    "-addext",
    "subjectAltName=IP:127.0.0.1",
    "-keyout",
    key,
    "-out",
    ca,
  ];
  const made = spawnSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", ...about], { encoding: "utf8" });
  if (made.status !== 0) throw new Error(`openssl made no certificate: ${made.stderr ?? made.error}`);
  writeFileSync(users, `user default off\n${userLine}\n`);
  const port = await freePort();
  const tls = ["--tls-cert-file", ca, "--tls-key-file", key, "--tls-ca-cert-file", ca, "--tls-auth-clients", "no"];
  const own = ["--port", "0", "--tls-port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--save", ""];
  const child = spawn("redis-server", [...own, ...tls, "--aclfile", users], { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  for await (const line of createInterface(child.stdout)) {
    said += `${line}\n`;
    if (line.includes("Ready to accept connections")) break;
  }
  if (child.exitCode !== null) throw new Error(said);
  child.stdout.resume();
  const [, name, password] = /^user (\S+) on >(\S+) /.exec(userLine)!;
  return {
    ...{ url: `rediss://${name}:${password}@127.0.0.1:${port}`, port, ca },
    async close() {
      child.kill("SIGKILL");
      await once(child, "exit");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

const launcher = join(import.meta.dirname, "../../scripts/autoagent.mjs");

/** A worker in a process of its own. */
export interface WorkerProcess {
  readonly child: ChildProcess;
  readonly name: string;
  /** Ends it after its part, or at once. */
  end(signal?: NodeJS.Signals): Promise<void>;
}

/** Starts a worker, and waits until it waits for parts. Throws an Error with what it said where it does not. */
export const startWorker = (url: string, ...args: string[]): Promise<WorkerProcess> => startFrom(launcher, url, args);

/** The same, by the launcher of another copy of the library. */
export async function startFrom(path: string, url: string, args: readonly string[] = []): Promise<WorkerProcess> {
  const own = ["worker", "--children", "1", "--minimum-level", "0", ...args];
  const env = { ...process.env, AUTOAGENT_REDIS: url };
  // A group of its own: what the launcher starts ends with it.
  const child = spawn(process.execPath, [path, ...own], { env, stdio: ["ignore", "pipe", "pipe"], detached: true });
  let said = "";
  child.stderr!.on("data", (bytes: Buffer) => {
    said += bytes.toString();
  });
  const lines = createInterface({ input: child.stdout! });
  const [line] = (await Promise.race([once(lines, "line"), once(child, "exit")])) as [unknown];
  const [, name] = /^Worker (\S+) /.exec(String(line)) ?? [];
  if (name === undefined) throw new Error(`The worker did not start: ${String(line)} ${said}`);
  return {
    ...{ child, name },
    async end(signal = "SIGTERM") {
      if (child.exitCode !== null || child.signalCode !== null) return;
      process.kill(-child.pid!, signal);
      await once(child, "exit");
    },
  };
}
