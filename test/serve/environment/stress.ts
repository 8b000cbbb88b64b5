/**
 * `npm run stress:environment-server [-- --episodes 10000 --kills 50]`: what the environment server bears for long. How it starts
 * as a package has it, and with how much memory; so many episodes on 8 sessions, its memory watched; so many clients killed at
 * drawn moments, some within a loop without end, until their sessions and places are free again; and the server killed with
 * clients at work. Exit code 1 if anything is not as it should be; times are printed, and judge nothing.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { textTable } from "../../../src/display/index.ts";
import { createRandom } from "../../../src/random/index.ts";
import { temporaryFolder } from "../../model/shared.ts";
import { serverPid, serving, startServer, stopServer } from "../../trainers/served.ts";
import { Client } from "./client.ts";
import { processorBelow, processorOf } from "./processor.ts";

const { values } = parseArgs({
  options: { episodes: { type: "string", default: "10000" }, kills: { type: "string", default: "50" } },
});
const [episodes, kills] = [Number(values.episodes), Number(values.kills)];
const faults: string[] = [];
/** Sessions of the server whose clients are killed. */
const mostKilled = 4;

type Server = { child: ChildProcess; url: string };
const programs = ["self.a = 1", "self.twice = (n) => 2 * n", "console.log(self.a)", "self.b = self.twice(self.a)"];

/** A client in a process of its own, which plays until it is killed. */
const player = `
  import { WebSocket } from "ws";
  const socket = new WebSocket(process.argv[1].replace("http", "ws") + "/ws");
  const program = process.argv[2];
  socket.on("open", () => socket.send('{"type": "reset"}'));
  socket.on("message", (raw) => {
    const { data } = JSON.parse(String(raw));
    socket.send(JSON.stringify(data.done ? { type: "reset" } : { type: "step", data: { program } }));
    process.stdout.write(".");
  });
`;

await startPackaged();
await serving(["--sessions", "8"], playLong);
await serving(["--sessions", String(mostKilled), "--workers", "1"], killClients);
await serving(["--sessions", "8"], killServer);
for (const fault of faults) console.log(`WRONG: ${fault}`);
process.exitCode = faults.length > 0 ? 1 : 0;

function rssMiB(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]) / 1024;
}

/** The locked children are below bubblewrap's own processes. */
function descendantsOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  const children = text === "" ? [] : text.split(" ").map(Number);
  return [...children, ...children.flatMap(descendantsOf)];
}

/** A clone's server takes the types out of its sources at each start; a package's is built, and is what users have. */
async function startPackaged(): Promise<void> {
  const root = resolve(import.meta.dirname, "../../..");
  const dist = join(root, "dist");
  const isMine = !existsSync(dist);
  await once(spawn(process.execPath, [join(root, "scripts", "build.mjs")], { stdio: "inherit" }), "exit");
  using folder = temporaryFolder();
  cpSync(join(root, "scripts"), join(folder.path, "scripts"), { recursive: true });
  for (const name of ["dist", "node_modules", "package.json"]) symlinkSync(join(root, name), join(folder.path, name));
  const seen: { ms: number; processorMs: number; mib: number }[] = [];
  for (let i = 0; i < 3; i++) {
    const began = performance.now();
    const { child } = await startServer([], join(folder.path, "scripts", "autoagent.mjs"));
    const ms = performance.now() - began;
    const own = processorOf(child.pid!) + processorBelow(child.pid!);
    seen.push({ ms, processorMs: own, mib: rssMiB(serverPid(child)) });
    await stopServer(child);
  }
  if (isMine) rmSync(dist, { recursive: true });
  const times = seen.map(({ ms }) => (ms / 1000).toFixed(2)).join(", ");
  const most = Math.max(...seen.map(({ mib }) => mib));
  console.log(
    `Started as a package has it: ${times} s until it serves (wanted: 2), ${most.toFixed(0)} MiB (wanted: 114)`,
  );
  // 120 MB, in the units of the others.
  if (most > 120e6 / 2 ** 20) faults.push(`the server has ${most.toFixed(0)} MiB when it begins to serve`);
}

async function playLong({ child, url }: Server): Promise<void> {
  const pid = serverPid(child);
  const rows: { episodes: number; "RSS, MiB": number; "children's RSS, MiB": number }[] = [];
  const clients = await Promise.all(Array.from({ length: 8 }, () => Client.open(url)));
  let begun = 0;
  let done = 0;
  const part = episodes / 10;
  await Promise.all(
    clients.map(async (client) => {
      while (begun < episodes) {
        await client.reset({ seed: begun++ });
        for (const program of programs) await client.step(program);
        client.frames.length = 0;
        if (++done % part === 0) {
          const below = descendantsOf(pid).reduce((sum, one) => sum + rssMiB(one), 0);
          rows.push({ episodes: done, "RSS, MiB": Math.round(rssMiB(pid)), "children's RSS, MiB": Math.round(below) });
        }
      }
    }),
  );
  console.log(textTable(rows, { caption: `${episodes} episodes of ${programs.length} steps on 8 sessions` }));
  // The first tenths fill caches; after them nothing may grow for ever.
  const [early, late] = [rows.slice(2, 5), rows.slice(7)].map((some) =>
    Math.max(...some.map((row) => row["RSS, MiB"])),
  );
  if (late! > early! * 1.15) faults.push(`the server grew from ${early} to ${late} MiB`);
  await Promise.all(clients.map((client) => client.close()));
}

async function killClients({ url }: Server): Promise<void> {
  const most = mostKilled;
  const random = createRandom(1, "stress");
  const times: number[] = [];
  for (let i = 0; i < kills; i++) {
    const program = i % 3 === 0 ? "for (;;) {}" : programs[i % programs.length]!;
    const victim = spawn(process.execPath, ["--input-type=module", "-e", player, url, program], {
      cwd: import.meta.dirname,
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      await once(victim.stdout, "data");
      await new Promise((resolve) => setTimeout(resolve, random.integer(60)));
    } finally {
      victim.kill("SIGKILL");
    }
    const began = performance.now();
    // All sessions and all places are free when as many clients as there may be each live a step.
    for (;;) {
      const clients = await Promise.all(Array.from({ length: most }, () => Client.open(url)));
      const answers = await Promise.all(clients.map((client) => client.reset({ seed: i })));
      const isFree = answers.every(({ type }) => type === "observation");
      const steps = isFree ? await Promise.all(clients.map((client) => client.step("self.a = 1"))) : [];
      await Promise.all(clients.map((client) => client.close()));
      if (steps.some(({ data }) => data.reward !== 1)) faults.push(`after kill ${i} a step went wrong`);
      if (isFree) break;
      if (performance.now() - began > 10_000) {
        faults.push(`after kill ${i} a session was not free within 10 s`);
        break;
      }
    }
    times.push(performance.now() - began);
  }
  const sorted = times.toSorted((a, b) => a - b);
  const [median, worst] = [sorted[Math.floor(kills / 2)]!, sorted.at(-1)!];
  console.log(
    `${kills} clients killed: all ${most} sessions and places free again, ${most} clients having lived a step each, within ${median.toFixed(0)} ms (median), ${worst.toFixed(0)} ms (most)`,
  );
}

async function killServer({ child, url }: Server): Promise<void> {
  const clients = await Promise.all(Array.from({ length: 8 }, () => Client.open(url)));
  await Promise.all(clients.map((client) => client.reset({ seed: 1 })));
  const steps = clients.map((client) => client.step("for (;;) {}").then(() => "answered", String));
  process.kill(serverPid(child), "SIGKILL");
  const outcomes = await Promise.all(steps);
  const hung = outcomes.filter((one) => !one.startsWith("Error: closed")).length;
  if (hung > 0) faults.push(`${hung} of 8 clients did not hear that the server was killed: ${outcomes[0]}`);
  console.log(`The server killed with 8 steps under way: ${outcomes.length - hung} of 8 clients heard of it`);
}
