/**
 * `npm run bench:environment-server [-- --seconds 2 --rounds 3 --sessions 1,8,32,64]`: steps a second of lives of four steps
 * through `autoagent env serve`, by a bare WebSocket client and by the Python client, beside the same lives in this process on a
 * sandbox of as many children; the three in turns. The bare client (`environment-server/bare.ts`) only frames and parses. And what a step takes of the processor, of the client's own and the
 * server's: a client that trains a model has a machine of its own, here they share one. Before that the
 * bridge alone, with an environment that costs nothing. Goal: at least 0.9 of in process, each. The Python client needs `npm run test:trainers` to have been run once.
 */

import { existsSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { textTable } from "../src/display/index.ts";
import { SurvivalEnv } from "../src/environment/index.ts";
import { createSandbox } from "../src/sandbox/index.ts";
import { livesInPlay } from "../src/sandbox/options.ts";
import { microTasks } from "../src/tasks/index.ts";
import { serverPid, startServer, stopServer } from "../test/trainers/served.ts";
import { bridgeAlone } from "./environment-server/alone.ts";
import { type Turn, turnByPython, turnByWebSocket, turnInProcess } from "./environment-server/turns.ts";
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

const alone = await bridgeAlone({ seconds, python: hasPython ? python : null });
const ofBridge =
  "The bridge alone, 8 sessions in an environment that costs nothing: milliseconds of a processor a step";
console.log(textTable(alone, { caption: ofBridge }));
await using sandbox = await createSandbox({ workers });
const env = new SurvivalEnv({ sandbox, maxSteps: 4, tasks: await microTasks({ split: "training" }) });
const { child, url } = await startServer(["--sessions", String(most), "--workers", String(workers)]);
const turns: { [kind: string]: Turn[][] } = {};
try {
  const server = { url, pid: serverPid(child) };
  const kinds: { [name: string]: (sessions: number) => Promise<Turn> } = {
    "in process": (sessions) => turnInProcess(env, { sessions, seconds }),
    "bare WebSocket": (sessions) => turnByWebSocket(server, { sessions, seconds }),
    ...(hasPython && {
      "Python client": (sessions: number) => turnByPython(server, { sessions, seconds, python }),
    }),
  };
  if (!hasPython) console.log("The Python client is left out: `npm run test:trainers` installs what it needs.");
  const cores = `${availableParallelism()} cores, load ${loadavg()[0]!.toFixed(1)}`;
  console.log(`${workers} children at level ${sandbox.level}, ${rounds} rounds, ${cores}`);
  const names = Object.keys(kinds);
  for (const name of names) turns[name] = sizes.map(() => []);
  for (let round = 0; round < rounds; round++)
    // Each begins a round in its turn: what else the machine does falls on all alike.
    for (const [i, size] of sizes.entries())
      for (let k = 0; k < names.length; k++) {
        const name = names[(k + round) % names.length]!;
        turns[name]![i]!.push(await kinds[name]!(size));
      }
} finally {
  await stopServer(child);
}
report();

function report(): void {
  const middle = (list: readonly number[]): number => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)]!;
  const others = Object.keys(turns).slice(1);
  /** A figure of each of a kind's turns, as a share of what another has in process in the same round. */
  const share = (name: string, i: number, of: (turn: Turn, inProcess: Turn) => number): number =>
    middle(turns[name]![i]!.map((turn, round) => of(turn, turns["in process"]![i]![round]!)));
  const bySpeed = (turn: Turn, own: Turn): number => turn.rate / own.rate;
  const figure = (name: string, i: number, of: (turn: Turn) => number): number => middle(turns[name]![i]!.map(of));
  const speeds = sizes.map((sessions, i) => ({
    sessions,
    ...Object.fromEntries(
      Object.keys(turns).map((name) => [`${name}, steps/s`, Math.round(figure(name, i, ({ rate }) => rate))]),
    ),
    ...Object.fromEntries(others.map((name) => [`${name}, x`, Number(share(name, i, bySpeed).toFixed(2))])),
  }));
  const medians = `Medians of ${rounds} rounds of ${seconds} s`;
  console.log(textTable(speeds, { caption: `${medians}; x: of in process, in the same round` }));
  const parts = sizes.flatMap((sessions, i) =>
    Object.keys(turns).map((name) => ({
      sessions,
      kind: name,
      client: Number(figure(name, i, ({ client }) => client).toFixed(3)),
      "server or process": Number(figure(name, i, ({ host }) => host).toFixed(3)),
    })),
  );
  const caption = "Milliseconds of a processor a step, without the sandbox's children";
  console.log(textTable(parts, { caption }));
  reportGoals(
    others.flatMap((name) =>
      sizes.map((size, i) => ({
        goal: `${name}, ${size} sessions`,
        ...{ measured: share(name, i, bySpeed), atLeast: 0.9, noise: 0.1 },
      })),
    ),
  );
}
