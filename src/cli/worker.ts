/** `autoagent worker --redis URL`: reads the arguments, and works until it is interrupted. */

import { runWorker } from "../workers/redis/worker.ts";
import { CliFailure } from "./error.ts";
import { onInterrupt } from "./interrupted.ts";
import { readArguments, readInteger } from "./options.ts";
import { readWorkerOptions, workerOptions } from "./play.ts";

/** Runs the command. The first interrupt ends it after the part that it plays, the second at once. */
export async function runWorkerCommand(args: string[]): Promise<number> {
  const texts = { redis: { type: "string" }, ca: { type: "string" }, "lock-ms": { type: "string" } } as const;
  const given = readArguments("worker", args, { options: { ...workerOptions, ...texts }, least: 0, most: 0 });
  const { redis = process.env.AUTOAGENT_REDIS, ca } = given.values;
  if (typeof redis !== "string")
    throw new CliFailure({
      ...{ kind: "arguments", command: "worker" },
      detail: "worker needs --redis, the queue's address, or the variable AUTOAGENT_REDIS",
    });
  const lockMs = readInteger(given, "lock-ms", { low: 500, high: 600_000 });
  const own = readWorkerOptions(given);
  const stop = new AbortController();
  const end = onInterrupt(() => stop.abort());
  process.on("SIGINT", end);
  process.on("SIGTERM", end);
  await runWorker({
    ...own,
    ...{ url: redis, ...(typeof ca === "string" && { ca }), ...(lockMs !== undefined && { lockMs }) },
    signal: stop.signal,
    onLine: (line) => void process.stdout.write(`${line}\n`),
  });
  return 0;
}
