/** Ctrl-C and a request to end go on to a child, which decides what comes of them. Plain JavaScript for any Node from 18 up. */

/**
 * @param {import("node:child_process").ChildProcess} child
 * @returns {() => void} ends it
 */
export function passSignals(child) {
  const signals = ["SIGINT", "SIGTERM"];
  const passOn = (signal) => child.kill(signal);
  for (const signal of signals) process.on(signal, passOn);
  return () => {
    for (const signal of signals) process.off(signal, passOn);
  };
}
