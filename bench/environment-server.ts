/**
 * `npm run bench:environment-server [-- --seconds 2 --rounds 3 --sessions 1,8,32,64]`: steps a second of lives of four steps
 * through `autoagent env serve`, by a bare WebSocket client and by the Python client, beside the same lives in this process on a
 * sandbox of as many children; the three in turns. Goal: at least 0.9 of in process, each. The Python client needs
 * `npm run test:trainers` to have been run once.
 */

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { loadavg } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs, promisify } from "node:util";
import { textTable } from "../src/display/index.ts";
import { SurvivalEnv } from "../src/environment/index.ts";
import { createSandbox } from "../src/sandbox/index.ts";
import { livesInPlay } from "../src/sandbox/options.ts";
import { microTasks } from "../src/tasks/index.ts";
import { Client } from "../test/serve/environment/client.ts";
import { startServer } from "../test/trainers/served.ts";
import { reportGoals } from "./goals.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "2" },
    rounds: { type: "string", default: "3" },
    sessions: { type: "string", default: "1,8,32,64" },
  },
});
const [seconds, rounds] = [Number(values.seconds), Number(values.rounds)];
const sizes = values.sessions.split(",").map(Number);
const most = Math.max(...sizes);
const workers = Math.max(2, Math.ceil(most / livesInPlay));
const python = resolve(import.meta.dirname, "..", ".cache", "trainers", "python", "bin", "python");
const hasPython = existsSync(python);
/** Four that live: an attribute, a method, one that prints, one that uses what is there. */
const programs = ["self.a = 1", "self.twice = (n) => 2 * n", "console.log(self.a)", "self.b = self.twice(self.a)"];

/** Has so many play lives, each after its own, and gives their steps a second. */
async function rateOf(players: readonly ((seed: number) => Promise<void>)[]): Promise<number> {
  await Promise.all(players.map((play, i) => play(i)));
  let steps = 0;
  const began = performance.now();
  const isOver = (): boolean => performance.now() - began > seconds * 1000;
  const run = async (play: (seed: number) => Promise<void>, i: number): Promise<void> => {
    for (let life = 1; !isOver(); life++) {
      await play(life * players.length + i);
      steps += programs.length;
    }
  };
  await Promise.all(players.map(run));
  return steps / ((performance.now() - began) / 1000);
}

await using sandbox = await createSandbox({ workers });
const env = new SurvivalEnv({ sandbox, maxSteps: 4, tasks: await microTasks({ split: "training" }) });
const server = await startServer(["--sessions", String(most), "--workers", String(workers)]);

const kinds: { [name: string]: (sessions: number) => Promise<number> } = {
  async "in process"(sessions) {
    const envs = Array.from({ length: sessions }, () => env.clone());
    const rate = await rateOf(
      envs.map((own) => async (seed: number) => {
        await own.reset({ seed });
        for (const program of programs) await own.step(program);
      }),
    );
    await Promise.all(envs.map((own) => own.close()));
    return rate;
  },
  async "bare WebSocket"(sessions) {
    const clients = await Promise.all(Array.from({ length: sessions }, () => Client.open(server.url)));
    const rate = await rateOf(
      clients.map((client) => async (seed: number) => {
        await client.reset({ seed });
        for (const program of programs) await client.step(program);
      }),
    );
    await Promise.all(clients.map((client) => client.close()));
    return rate;
  },
  ...(hasPython && {
    async "Python client"(sessions: number) {
      const script = join(import.meta.dirname, "environment-server", "client.py");
      const args = [script, server.url, String(sessions), String(seconds), ...programs];
      return Number((await promisify(execFile)(python, args)).stdout);
    },
  }),
};
if (!hasPython) console.log("The Python client is left out: `npm run test:trainers` installs what it needs.");
console.log(`${workers} children at level ${sandbox.level}, ${rounds} rounds, load ${loadavg()[0]!.toFixed(1)}`);
const names = Object.keys(kinds);
const rates: { [kind: string]: number[][] } = Object.fromEntries(names.map((name) => [name, sizes.map(() => [])]));
for (let round = 0; round < rounds; round++)
  // Each begins a round in its turn: what else the machine does falls on all alike.
  for (const [i, size] of sizes.entries())
    for (let k = 0; k < names.length; k++) {
      const name = names[(k + round) % names.length]!;
      rates[name]![i]!.push(await kinds[name]!(size));
    }
server.child.kill("SIGINT");

const middle = (list: readonly number[]): number => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)]!;
const ratio = (name: string, i: number): number =>
  middle(rates[name]![i]!.map((rate, round) => rate / rates["in process"]![i]![round]!));
const others = names.slice(1);
const rows = sizes.map((size, i) => ({
  sessions: size,
  ...Object.fromEntries(names.map((name) => [`${name}, steps/s`, Math.round(middle(rates[name]![i]!))])),
  ...Object.fromEntries(others.map((name) => [`${name}, x`, Number(ratio(name, i).toFixed(2))])),
}));
console.log(
  textTable(rows, { caption: `Medians of ${rounds} rounds of ${seconds} s; x: of in process, in the same round` }),
);
reportGoals(
  others.flatMap((name) =>
    sizes.map((size, i) => ({ goal: `${name}, ${size} sessions`, measured: ratio(name, i), atLeast: 0.9, noise: 0.1 })),
  ),
);
