/** `autoagent env serve`: lives behind OpenEnv's protocol, until it is interrupted. No model and no tensors are loaded for it. */

import { randomBytes } from "node:crypto";
import { availableParallelism } from "node:os";
import { SurvivalEnv } from "../environment/index.ts";
import { type BodyName, bodies, bodyNames } from "../sandbox/bodies.ts";
import { createSandbox, type Sandbox } from "../sandbox/index.ts";
import { livesInPlay } from "../sandbox/options.ts";
import { isLoopback } from "../serve/access.ts";
import { EnvironmentServerFailure, serveEnvironment } from "../serve/environment/index.ts";
import { type MicroTask, microTasks } from "../tasks/index.ts";
import { CliFailure } from "./error.ts";
import { interrupted } from "./interrupted.ts";
import { type Given, readArguments, readInteger, readLevel } from "./options.ts";

const texts = [
  "body",
  "tasks",
  "max-steps",
  "sessions",
  "workers",
  "minimum-level",
  "idle",
  "record",
  "host",
  "port",
] as const;

/** Runs the command; returns when it is interrupted. */
export async function runEnv(args: string[]): Promise<number> {
  const [verb, ...rest] = args;
  if (verb !== "serve") {
    const detail = `env needs serve, got ${JSON.stringify(verb ?? "")}`;
    throw new CliFailure({ kind: "arguments", command: "env", detail });
  }
  const options = Object.fromEntries(texts.map((name) => [name, { type: "string" }] as const));
  const given = readArguments("env", rest, {
    options: { ...options, token: { type: "boolean" } },
    ...{ least: 0, most: 0 },
  });
  const host = textOf(given, "host") ?? "127.0.0.1";
  const token = tokenOf(given);
  if (!isLoopback(host) && token === undefined) throw new EnvironmentServerFailure({ kind: "open", host });
  const port = readInteger(given, "port", { low: 0, high: 65_535 }) ?? 8700;
  const sessions = readInteger(given, "sessions", { low: 1, high: 4096 }) ?? 64;
  const idleSeconds = readInteger(given, "idle", { low: 1, high: 1_000_000 }) ?? 900;
  const maxSteps = readInteger(given, "max-steps", { low: 1, high: 1_000_000 }) ?? 4;
  const record = textOf(given, "record");
  const body = readBody(textOf(given, "body") ?? "javascript");
  const { told, tasks } = await readTasks(textOf(given, "tasks") ?? "training", body);
  await using sandbox = await openSandbox(given, { sessions, host, body });
  const env = new SurvivalEnv({ sandbox, maxSteps, ...(tasks && { tasks }) });
  await using server = await serveEnvironment(env, {
    ...{ host, port, token, sessions, idleSeconds },
    ...(record !== undefined && { record }),
  });
  const kind = body === "python" ? "lives in Python" : "lives";
  const children = counted(sandbox.places / livesInPlay, "child", "children");
  const where = `${counted(sessions, "session", "sessions")}, ${children} at level ${sandbox.level}`;
  process.stdout.write(`Serving ${kind} of ${maxSteps} steps (${told}) at ${server.url} (${where}); Ctrl-C ends it\n`);
  if (sandbox.level < 3) process.stdout.write(`Level 3 was not reached: ${sandbox.levelReason}\n`);
  await interrupted();
  return 0;
}

/** The token that clients must send. One that is drawn is told once, here. */
function tokenOf({ values }: Given): string | undefined {
  const own = process.env.AUTOAGENT_TOKEN;
  if (own !== undefined && own !== "") return own;
  if (values.token !== true) return undefined;
  const drawn = randomBytes(24).toString("base64url");
  process.stdout.write(`Clients need the token ${drawn}\n`);
  return drawn;
}

function readBody(name: string): BodyName {
  const body = bodyNames.find((one) => one === name);
  if (body !== undefined) return body;
  throw new CliFailure({ kind: "option", name: "body", expected: bodyNames.join(" or "), value: name });
}

/** What each step is asked. Held-out tasks are served where they are named, and never by a client's choice. */
async function readTasks(wanted: string, body: BodyName): Promise<{ told: string; tasks?: MicroTask[] }> {
  if (wanted === "none") return { told: "no tasks" };
  const isSplit = wanted === "training" || wanted === "held-out";
  try {
    const tasks = await microTasks({ body, ...(isSplit ? { split: wanted } : { path: wanted }) });
    return { told: isSplit ? `${wanted} tasks` : counted(tasks.length, "task", "tasks"), tasks };
  } catch (cause) {
    throw new CliFailure({ kind: "arguments", command: "env", detail: (cause as Error).message }, { cause });
  }
}

/** A child holds so many lives in play: with fewer places than sessions, lives would be lived again at their every step. */
async function openSandbox(
  given: Given,
  { sessions, host, body }: { sessions: number; host: string; body: BodyName },
): Promise<Sandbox> {
  const needed = Math.max(Math.ceil(sessions / livesInPlay), Math.min(4, availableParallelism(), sessions));
  const workers = readInteger(given, "workers", { low: 1, high: 256 }) ?? needed;
  const minimumLevel = readLevel(given, isLoopback(host) ? 0 : 3);
  return await createSandbox({ body: bodies[body], workers, minimumLevel });
}

function textOf({ values }: Given, name: (typeof texts)[number]): string | undefined {
  return values[name] as string | undefined;
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}
