/** PyTorch, Transformers and TRL in a process of their own (`peer.py`): asked by a line of JSON, answered by one. */

import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** A running peer. */
export interface Peer {
  threads: number;
  ask<T = { [key: string]: number }>(request: object): Promise<T>;
  close(): void;
}

/** Starts one on so many threads, which do not spin. `scratch`: where TRL may write. */
export function openPeer(python: string, threads: number, scratch: string): Peer {
  const env = { ...process.env, OMP_NUM_THREADS: String(threads), OMP_WAIT_POLICY: "PASSIVE", TRL_OUTPUT: scratch };
  const child = spawn(python, [join(import.meta.dirname, "peer.py")], {
    stdio: ["pipe", "pipe", process.env.BENCH_VERBOSE ? "inherit" : "ignore"],
    env,
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    threads,
    async ask<T>(request: object): Promise<T> {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error(`the peer ended while it was asked ${JSON.stringify(request).slice(0, 80)}`);
      const answer = JSON.parse(value) as T & { error?: string };
      if (answer.error !== undefined) throw new Error(`the peer: ${answer.error}`);
      return answer;
    },
    close: () => child.stdin.end(),
  };
}
