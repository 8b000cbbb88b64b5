/**
 * The start of a child: how often it is tried, and what is said where none comes to its greeting. What was done to a
 * process tells little of the next one; what it came to by itself does.
 */

import { constants } from "node:os";
import { greetSeconds, makeWorker } from "./child.ts";
import { SandboxFailure, type StartFault } from "./error.ts";
import type { Launcher } from "./locks.ts";
import type { Death, Worker } from "./worker.ts";

/** Most starts of which each is killed by somebody or too slow, and most that are too slow: these take long. */
const [mostStarts, mostSlow] = [3, 2];

/** Starts a child and waits until it has loaded its sources. `signal` ends the wait, and the child. */
export async function startWorker(
  launcher: Pick<Launcher, "start" | "greeting" | "watchBytes">,
  { signal }: { signal?: AbortSignal } = {},
): Promise<Worker> {
  let slow = 0;
  for (let starts = 1; ; starts++) {
    if (signal?.aborted) throw new SandboxFailure({ kind: "disposed" });
    const started = await startOnce(launcher, signal);
    if ("pid" in started) return started;
    if (signal?.aborted) continue;
    const fault = faultOf(started, starts);
    if (fault.why === "slow") slow++;
    const isWorthATry = fault.why === "killed" || (fault.why === "slow" && slow < mostSlow);
    if (!isWorthATry || starts >= mostStarts) throw new SandboxFailure({ kind: "start", ...fault });
  }
}

async function startOnce(
  launcher: Pick<Launcher, "start" | "greeting" | "watchBytes">,
  signal: AbortSignal | undefined,
): Promise<Worker | Death> {
  let worker: ReturnType<typeof makeWorker>;
  try {
    worker = makeWorker(launcher.start(), launcher);
  } catch (error) {
    // Some refusals of the system are thrown, others come as an event.
    return { killed: null, code: null, signal: null, stderr: String(error) };
  }
  const stop = (): void => worker.kill();
  signal?.addEventListener("abort", stop, { once: true });
  const death = await worker.greet(launcher.greeting);
  signal?.removeEventListener("abort", stop);
  return death ?? worker;
}

function faultOf(death: Death, starts: number): StartFault {
  const said = death.stderr.trim().split("\n").slice(-3).join(" ").slice(0, 400);
  const by = signalOf(death);
  if (death.killed === "wall") return { why: "slow", seconds: greetSeconds, starts, said };
  if (death.killed !== null) return { why: "garbled", said };
  if (isKilledByOthers(death)) return { why: "killed", signal: by!, starts, said };
  if (by === null && death.code === null) return { why: "refused", said };
  return { why: "ended", code: death.code, signal: by, said };
}

/** The signal that ended a process; by its launcher's exit code, where that is another process: 128 and its number. */
function signalOf({ code, signal }: Death): string | null {
  if (signal !== null || code === null || code <= 128) return signal;
  return Object.entries(constants.signals).find(([, number]) => number === code - 128)?.[0] ?? null;
}

/** Whether a process was ended by a signal that others send, and that no work of its own brings about. */
export function isKilledByOthers(death: Death): boolean {
  return death.killed === null && ["SIGHUP", "SIGINT", "SIGKILL", "SIGTERM"].includes(signalOf(death) ?? "");
}
