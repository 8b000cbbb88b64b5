/** Faults that are caused on purpose, each on a rollout that is known. */

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { SurvivalEnv } from "../../../src/environment/index.ts";
import { editMenu, type Policy } from "../../../src/policy/index.ts";
import { rollout } from "../../../src/rollout/index.ts";
import { workers } from "../../../src/workers/index.ts";
import { startWorker } from "../redis-server.ts";
import { type Bed, type Outcome, startCrew } from "./bed.ts";
import { openProxy } from "./proxy.ts";
import { withOtherBuild } from "./skew.ts";

type Fault = (bed: Bed) => Promise<Omit<Outcome, "fault">>;

/** Compares with one process. */
async function same(bed: Bed, episodes: number, told: { text: string; seconds: number }, what: string) {
  const here = await bed.here(episodes);
  return { equal: told.text === here.text, told: `${what}; ${told.seconds.toFixed(1)} s` };
}

/** `kill -9` of workers, one after the other, as long as it takes to have had so many. */
const kills =
  (count: number): Fault =>
  async (bed) => {
    await using crew = disposable(await startCrew(bed.redis.url, 3));
    let killed = 0;
    let rounds = 0;
    let equal = true;
    let seconds = 0;
    while (killed < count && rounds < 40) {
      const timer = setInterval(() => {
        if (crew.own.kill()) killed++;
      }, 1500);
      const told = await bed.there(480).finally(() => clearInterval(timer));
      equal &&= told.text === (await bed.here(480)).text;
      seconds += told.seconds;
      rounds++;
      bed.redis.cli("flushall");
    }
    return { equal, told: `${killed} workers killed in ${rounds} rollouts of 480 lives; ${seconds.toFixed(1)} s` };
  };

const restarts: Fault = async (bed) => {
  await using crew = disposable(await startCrew(bed.redis.url, 2));
  let times = 0;
  const away = (async () => {
    for (const seconds of [1, 1, 4]) {
      await sleep(1500);
      await bed.redis.kill();
      times++;
      await sleep(1000 * seconds);
      await bed.redis.start();
    }
  })();
  const told = await bed.there(1200);
  await away;
  return same(
    bed,
    1200,
    told,
    `Redis killed and started again ${times} times, ${crew.own.up.length} workers came back`,
  );
};

const emptied: Fault = async (bed) => {
  await using _ = disposable(await startCrew(bed.redis.url, 2));
  let times = 0;
  const timer = setInterval(() => {
    bed.redis.cli("flushall");
    times++;
  }, 2000);
  const told = await bed.there(800).finally(() => clearInterval(timer));
  return same(bed, 800, told, `Redis emptied ${times} times`);
};

const lostPackets: Fault = async (bed) => {
  const proxy = await openProxy(bed.redis.port);
  const url = bed.redis.url.replace(`:${bed.redis.port}`, `:${proxy.port}`);
  await using _ = disposable(await startCrew(bed.redis.url, 1));
  const far = await startWorker(url, "--lock-ms", "2000");
  try {
    const going = bed.there(800);
    await sleep(1000);
    proxy.lose(true);
    await sleep(8000);
    proxy.lose(false);
    return await same(bed, 800, await going, "a worker's packets lost for 8 s");
  } finally {
    await far.end("SIGKILL");
    proxy.close();
  }
};

const frozen: Fault = async (bed) => {
  await using crew = disposable(await startCrew(bed.redis.url, 2));
  const going = bed.there(400);
  await sleep(700);
  process.kill(-crew.own.up[0]!.child.pid!, "SIGSTOP");
  const told = await going;
  process.kill(-crew.own.up[0]!.child.pid!, "SIGCONT");
  return same(bed, 400, told, "a worker stopped in its part");
};

const poison: Fault = async (bed) => {
  const folder = import.meta.dirname;
  await using _ = disposable(await startCrew(bed.redis.url, 2, "--modules", folder));
  const policy = await workers.module<Policy>(join(folder, "poison.mjs"), "poison");
  const began = performance.now();
  const env = new SurvivalEnv({ sandbox: bed.sandbox, maxSteps: 2 });
  const failed = await rollout(env, policy, { episodes: 40, on: workers.redis(bed.redis.url, { again: 0 }) }).then(
    () => "it was played",
    ({ message }: Error) => message,
  );
  const right = /^Part 3 \(episodes 24 to 31\) failed on every worker that tried it: each of them ended/.test(failed);
  return { equal: right, told: `${failed.slice(0, 70)}…; ${((performance.now() - began) / 1000).toFixed(1)} s` };
};

const driverKilled: Fault = async (bed) => {
  await using _ = disposable(await startCrew(bed.redis.url, 2));
  const start = () => {
    const flags = ["--conditions=autoagent-lab-source", "--disable-warning=ExperimentalWarning"];
    const args = [...flags, join(import.meta.dirname, "driver.ts"), bed.redis.url, "320"];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    return { child, lines: createInterface({ input: child.stdout }) };
  };
  const first = start();
  for await (const line of first.lines)
    if (Number(line) >= 240) {
      first.child.kill("SIGKILL");
      break;
    }
  const began = performance.now();
  const second = start();
  let last = "";
  second.lines.on("line", (line) => {
    last = line;
  });
  await once(second.child, "close");
  const { text } = await bed.here(320);
  const equal = last === createHash("sha256").update(text).digest("hex");
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  return { equal, told: `killed after 240 of 320 lives; the next, with its start, took ${seconds} s` };
};

const twoRuns: Fault = async (bed) => {
  await using _ = disposable(await startCrew(bed.redis.url, 2));
  const order: string[] = [];
  const run = async (name: string, episodes: number, wait: number) => {
    await sleep(wait);
    const told = await bed.there(episodes);
    order.push(`${name} after ${(told.seconds + wait / 1000).toFixed(1)} s`);
    return told.text === (await bed.here(episodes)).text;
  };
  const equal = (await Promise.all([run("the large one", 640, 0), run("the small one", 80, 300)])).every(Boolean);
  return { equal, told: order.join(", ") };
};

const otherVersion: Fault = async (bed) =>
  withOtherBuild(async (start) => {
    const other = await start(bed.redis.url);
    const on = workers.redis(bed.redis.url, { patience: 2 });
    const env = new SurvivalEnv({ sandbox: bed.sandbox, maxSteps: 2 });
    const told = await rollout(env, editMenu(), { episodes: 8, on }).then(
      () => "it was played",
      ({ message }: Error) => message,
    );
    await other.end("SIGKILL");
    return {
      equal: /^No worker of this build \(\w+\) is up, only of \w+: start workers of this version/.test(told),
      told,
    };
  });

const stopped: Fault = async (bed) => {
  await using crew = disposable(await startCrew(bed.redis.url, 2));
  const stop = new AbortController();
  const going = bed.there(20_000, { signal: stop.signal }).catch(() => performance.now());
  await sleep(2500);
  const began = performance.now();
  stop.abort(new Error("stopped"));
  const back = Number(await going) - began;
  const busy = () => bed.redis.cli("llen", bed.redis.cli("keys", "autoagent:parts-*:active") || "none") !== "0";
  while (busy() && performance.now() - began < 10_000) await sleep(20);
  const idle = performance.now() - began;
  const waiting = bed.redis.cli("keys", "autoagent:parts-*:wait");
  const equal = back < 1000 && idle < 5000 && waiting === "";
  return {
    equal,
    told: `driver back after ${back.toFixed(0)} ms, ${crew.own.up.length} workers idle after ${idle.toFixed(0)} ms`,
  };
};

/** A value that is closed when its block ends. */
function disposable<T extends { close(): Promise<void> }>(own: T): AsyncDisposable & { own: T } {
  return { own, [Symbol.asyncDispose]: () => own.close() };
}

/** By name, in the order in which they are tried. */
export const faults: { readonly [name: string]: Fault } = {
  "30 workers killed": kills(30),
  "Redis killed": restarts,
  "Redis emptied": emptied,
  "packets lost": lostPackets,
  "worker frozen": frozen,
  "poison part": poison,
  "driver killed": driverKilled,
  "two runs": twoRuns,
  "other version": otherVersion,
  "stop button": stopped,
};
