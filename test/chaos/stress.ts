/**
 * `npm run stress:chaos -- --kills 200 --seed 1 --minutes 5`: kills drivers, children, trainers, kernels, user processes and
 * servers at drawn instants and fills disks, and prints what was lost. Exit code 1 if anything was lost or wrong. Processes are killed by
 * their own ids; the same seed draws the same instants.
 */

import { parseArgs } from "node:util";
import { chaos, exitCodeOf, tableOf } from "./chaos.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "200" },
    seed: { type: "string", default: "1" },
    minutes: { type: "string", default: "5" },
  },
});

function positive(name: keyof typeof values): number {
  const value = Number(values[name]);
  if (Number.isFinite(value) && value > 0) return value;
  throw new RangeError(`Expected --${name} to be a positive number, got ${values[name]}`);
}

const began = performance.now();
const [kills, seed, minutes] = [positive("kills"), positive("seed"), positive("minutes")];
// Ctrl-C ends it early, with a table of what was tried.
const stop = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => stop.abort());
const tallies = await chaos({ kills, seed, minutes, signal: stop.signal, onFinding: (line) => console.log(line) });
console.log(tableOf(tallies));
const struck = tallies.reduce((sum, { strikes }) => sum + strikes, 0);
const planned = tallies.reduce((sum, tally) => sum + tally.planned, 0);
console.log(`\n${((performance.now() - began) / 60_000).toFixed(1)} minutes, seed ${seed}`);
if (struck < planned) console.log(`${planned - struck} of ${planned} were not tried: the time was over`);
process.exitCode = exitCodeOf(tallies);
