/** One turn of each kind: so many play lives for some seconds, and what that took of the processor, part by part. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Environment } from "../../src/environment/index.ts";
import { processorOf } from "../../test/serve/environment/processor.ts";
import { BareClient } from "./bare.ts";

/** What a turn has done. */
export interface Turn {
  /** Steps a second. */
  rate: number;
  /** Milliseconds of a processor that a step took: of the client, and of the process that holds the environment. Its children come and go, and are left out. */
  client: number;
  host: number;
}

/** Four that live: an attribute, a method, one that prints, one that uses what is there. */
const programs = ["self.a = 1", "self.twice = (n) => 2 * n", "console.log(self.a)", "self.b = self.twice(self.a)"];

type Player = (seed: number) => Promise<void>;

/** Has all play lives, each after its own, for so long. */
async function play(players: readonly Player[], seconds: number): Promise<{ steps: number; seconds: number }> {
  let steps = 0;
  const began = performance.now();
  const isOver = (): boolean => performance.now() - began > seconds * 1000;
  const run = async (player: Player, i: number): Promise<void> => {
    for (let life = 1; !isOver(); life++) {
      await player(life * players.length + i);
      steps += programs.length;
    }
  };
  await Promise.all(players.map(run));
  return { steps, seconds: (performance.now() - began) / 1000 };
}

const warm = (players: readonly Player[]) => Promise.all(players.map((player, i) => player(i)));

/** Lives in this process. */
export async function turnInProcess(
  env: Environment,
  { sessions, seconds }: { sessions: number; seconds: number },
): Promise<Turn> {
  const envs = Array.from({ length: sessions }, () => env.clone());
  const players = envs.map((own) => async (seed: number) => {
    await own.reset({ seed });
    for (const program of programs) await own.step(program);
  });
  await warm(players);
  const own = processorOf(process.pid);
  const done = await play(players, seconds);
  const host = processorOf(process.pid) - own;
  await Promise.all(envs.map((one) => one.close()));
  return turnOf(done, { client: 0, host });
}

/** Lives through a server, by WebSockets of this process. */
export async function turnByWebSocket(
  { url, pid }: { url: string; pid: number },
  { sessions, seconds }: { sessions: number; seconds: number },
): Promise<Turn> {
  const clients = await Promise.all(Array.from({ length: sessions }, () => BareClient.open(url)));
  const players = clients.map((client) => async (seed: number) => {
    await client.reset(seed);
    for (const program of programs) await client.step(program);
  });
  await warm(players);
  const [own, host] = [processorOf(process.pid), processorOf(pid)];
  const done = await play(players, seconds);
  const client = processorOf(process.pid) - own;
  const spent = { client, host: processorOf(pid) - host };
  await Promise.all(clients.map((one) => one.close()));
  return turnOf(done, spent);
}

/** The same by the Python client, in a process of its own. */
export async function turnByPython(
  { url, pid }: { url: string; pid: number },
  { sessions, seconds, python }: { sessions: number; seconds: number; python: string },
): Promise<Turn> {
  const script = join(import.meta.dirname, "client.py");
  const args = [script, url, String(sessions), String(seconds), ...programs];
  const child = spawn(python, args, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  let host = 0;
  let turn: Turn | null = null;
  for await (const line of createInterface(child.stdout)) {
    const [word, ...figures] = line.split(" ");
    if (word === "begin") host = processorOf(pid);
    if (word !== "end") continue;
    const [steps, took, client] = figures.map(Number);
    const spent = { client: client! * 1000, host: processorOf(pid) - host };
    turn = turnOf({ steps: steps!, seconds: took! }, spent);
  }
  // It has given its sessions back then: the next turn takes as many.
  await ended;
  if (turn !== null) return turn;
  throw new Error("the Python client ended before it had played");
}

function turnOf({ steps, seconds }: { steps: number; seconds: number }, spent: Omit<Turn, "rate">): Turn {
  const { client, host } = spent;
  return { rate: steps / seconds, client: client / steps, host: host / steps };
}
