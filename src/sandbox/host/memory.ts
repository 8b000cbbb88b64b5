/**
 * A child's memory where the kernel does not cap it: looked at again and again while a request is running. On Linux in
 * `/proc`, every 20 ms; on other systems by `ps`, every 250 ms, so that a guest may run over for a moment. Windows has no
 * `ps`: there the isolate's own heap limit is all.
 */

import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";

/** Watches a process until the result is called. `onOver` is called once, if it holds more than `limitBytes`. */
export function watchMemory(
  pid: number,
  { limitBytes, onOver }: { limitBytes: number; onOver: () => void },
): () => void {
  if (process.platform === "win32") return () => {};
  const linux = process.platform === "linux";
  let over = false;
  const judge = (bytes: number): void => {
    if (over || !(bytes > limitBytes)) return;
    over = true;
    onOver();
  };
  const look = (): void => {
    if (linux) judge(residentBytes(pid));
    else execFile("ps", ["-o", "rss=", "-p", String(pid)], (_, text) => judge(Number(text) * 1024));
  };
  const timer = setInterval(look, linux ? 20 : 250);
  return () => {
    over = true;
    clearInterval(timer);
  };
}

/** What a process holds in memory; 0 when it is gone. Linux only. */
function residentBytes(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]) * 4096;
  } catch {
    return 0;
  }
}
