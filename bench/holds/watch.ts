/**
 * Loaded before a program (`--import`), it watches that program's event loop: how long at most nothing else could run, and for
 * how much of that time the loop's own thread computed, the rest being what the machine gave to others. Told to the
 * parent when it asks; it never keeps the program alive.
 */

/** Since the last question, in milliseconds. */
export interface Hold {
  longestMs: number;
  /** The most that the loop's thread computed in any one hold: what of it was the program's own doing. */
  computedMs: number;
}

const everyMs = 1;
const computed = (): number => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
};
let hold: Hold = { longestMs: 0, computedMs: 0 };
let last = performance.now();
let lastComputed = computed();

const look = (): void => {
  const now = performance.now();
  const nowComputed = computed();
  const longestMs = now - last - everyMs;
  hold.longestMs = Math.max(hold.longestMs, longestMs);
  hold.computedMs = Math.max(hold.computedMs, nowComputed - lastComputed);
  [last, lastComputed] = [now, nowComputed];
};

if (process.send !== undefined) {
  setInterval(look, everyMs).unref();
  process.on("message", () => {
    look(); // what holds the loop now counts
    process.send!(hold);
    hold = { longestMs: 0, computedMs: 0 };
  });
  process.channel!.unref();
}
