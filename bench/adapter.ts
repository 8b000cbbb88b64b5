/**
 * `npm run bench:adapter -- --python PATH [--rounds 3] [--programs 128] [--episodes 16] [--backends tensorflow,wasm] [--only update,loop]`: an
 * adapter of the last four blocks of SmolLM2 (`--model`) beside PyTorch, in one run and in turn. PATH is a Python that has torch,
 * transformers, trl, datasets and peft. Rows: one update (loss, gradient, clipping, Adam) of the same programs from the same
 * states with the same adapter, on each backend of TF.js, beside PyTorch's autograd over the same blocks (`policy/adapter_update.py`),
 * whose losses before the first and the second update must be the same as ours; and the whole loop (drawing, sandbox,
 * update; lives of one step) beside TRL's RLOO with a PEFT adapter of the same blocks and rank. The peer runs with 1 thread
 * and with 2 that do not spin; the faster counts. Goals: <= 1.5 x its time with TensorFlow, >= 3 x as fast as TRL.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { textTable } from "../src/display/index.ts";
import { rewards, SurvivalEnv } from "../src/environment/index.ts";
import { promptOwn, promptPrefix } from "../src/model/index.ts";
import { openPretrained, type TokenPolicy, tf, tokenPolicy } from "../src/policy/index.ts";
import { createSandbox } from "../src/sandbox/index.ts";
import { microTasks } from "../src/tasks/index.ts";
import { tensorGradient } from "../src/training/gradient.ts";
import { policyGradientLoss, prepareBackend, type TensorBackendName, train } from "../src/training/index.ts";
import { takeStep } from "../src/training/step.ts";
import { type AdapterBatch, drawBatch, restore, writeBatch } from "./adapter/batch.ts";
import { type Goal, notRun, reportGoals } from "./goals.ts";
import { writeFolder } from "./policy/folder.ts";
import { openPeer, type Peer } from "./policy/peer.ts";
import { needPython } from "./policy/python.ts";

const { values } = parseArgs({
  options: {
    python: { type: "string" },
    rounds: { type: "string", default: "3" },
    model: { type: "string", default: "smollm2" },
    programs: { type: "string", default: "128" },
    episodes: { type: "string", default: "16" },
    backends: { type: "string", default: "tensorflow,wasm" },
    only: { type: "string", default: "update,loop" },
    threads: { type: "string", default: "2" },
    peers: { type: "string", default: "1,2" },
  },
});
needPython(values.python, "adapter", ["peft"]);
const number = (name: "rounds" | "programs" | "episodes" | "threads"): number => Number(values[name]);
const shape = { blocks: 4, rank: 16, scale: 2 };
const [rate, temperature] = [1.5e-3, 0.6];
const decoder = await openPretrained(values.model, { threads: number("threads"), adaptedBlocks: shape.blocks }).catch(
  (error: Error) => notRun(`the model ${values.model}`, `${error.message}.`),
);
if (decoder.config.family !== "llama") notRun("a model of Llama's family", "Leave out `--model`.");
const scratch = mkdtempSync(join(tmpdir(), "bench-adapter-"));
await writeFolder(values.model, scratch);
const peers = values.peers.split(",").map((threads) => openPeer(values.python!, Number(threads), scratch));
const versions = await peers[0]!.ask<{ [name: string]: string }>({ op: "versions" });
await Promise.all(peers.map((peer) => peer.ask({ op: "load", path: scratch })));
const tasks = await microTasks({ split: "training" });
const rows: { [column: string]: string }[] = [];
const goals: Goal[] = [];
if (values.only.includes("update")) await benchUpdate();
if (values.only.includes("loop")) await benchLoop();
const { torch, transformers, trl } = versions;
console.log(
  textTable(rows, {
    caption: `Beside torch ${torch}, transformers ${transformers}, trl ${trl}; the fastest of ${values.rounds} rounds in turn`,
  }),
);
for (const peer of peers) peer.close();
rmSync(scratch, { recursive: true, force: true });
reportGoals(goals);
process.exit();

interface Timed {
  seconds: number;
  processor: number;
  loss: number;
}

async function benchUpdate(): Promise<void> {
  const asks = Array.from({ length: number("programs") }, (_, i) => tasks[i % tasks.length]!.ask);
  const policy = await tokenPolicy(decoder, { adapter: shape, temperature, batch: 64, seed: 1 });
  const batch = await drawBatch(policy, asks);
  const path = join(scratch, "batch.safetensors");
  await writeBatch(path, policy, batch);
  const start = await Promise.all(policy.variables.map(async (one) => Float32Array.from(await one.data())));
  const request = { op: "adapter", folder: scratch, path, ...shape, temperature, rate };
  for (const backend of values.backends.split(",") as TensorBackendName[]) {
    const ready = await prepareBackend({ backend }).catch((error: Error) => void console.error(error.message));
    if (!ready) continue;
    restore(policy, start);
    const ours = openUpdates(policy, batch);
    const theirs = new Map<Peer, Timed[]>(peers.map((peer) => [peer, []]));
    await Promise.all(peers.map((peer) => peer.ask({ ...request, fresh: true })));
    const own: Timed[] = [];
    // One round more than is counted: the first pays for what is made once.
    for (let round = 0; round <= number("rounds"); round++) {
      own.push(await ours.step());
      for (const [peer, list] of theirs)
        list.push(await peer.ask<Timed & { [name: string]: number }>({ op: "adapter" }));
    }
    ours.close();
    const peer = [...theirs.values()].sort((a, b) => best(a, "seconds") - best(b, "seconds"))[0]!;
    tell(backend, own, peer);
  }
  policy.dispose();
}

/** Adds the rows of a backend, and its goal where it is TensorFlow. */
function tell(backend: TensorBackendName, own: readonly Timed[], peer: readonly Timed[]): void {
  const apart = Math.max(...own.slice(0, 2).map(({ loss }, i) => Math.abs(loss - peer[i]!.loss)));
  for (const [name, key] of [
    ["wall time", "seconds"],
    ["processor time", "processor"],
  ] as const)
    rows.push({
      what: `update of ${values.programs} programs, ${backend}, ${name}`,
      ours: `${best(own, key).toFixed(2)} s`,
      peer: `${best(peer, key).toFixed(2)} s`,
      ratio: `${(best(own, key) / best(peer, key)).toFixed(2)} x its time`,
    });
  goals.push({ goal: `losses beside PyTorch's, ${backend}`, measured: apart, atMost: 1e-4, noise: 0 });
  if (backend === "tensorflow") {
    const measured = best(own, "seconds") / best(peer, "seconds");
    goals.push({ goal: "an update, times PyTorch's time", measured, atMost: 1.5, noise: 0.15 });
  }
}

function best(list: readonly Timed[], key: "seconds" | "processor"): number {
  return Math.min(...list.slice(1).map((one) => one[key]));
}

/** Updates as the trainer makes them, of one batch again and again. */
function openUpdates(policy: TokenPolicy, { actions, advantages }: AdapterBatch) {
  const lengths = actions.map(({ tokens = 1 }) => tokens);
  const perToken = (list: readonly number[]) => list.flatMap((value, i) => new Array<number>(lengths[i]!).fill(value));
  const input = { actions, advantages: perToken(advantages), counts: perToken(actions.map(() => 1)) };
  const options = { entropyBonus: 0, klCoef: 0, summed: false };
  const optimizer = tf.train.adam(rate);
  return {
    async step(): Promise<Timed> {
      const [began, used] = [performance.now(), process.cpuUsage()];
      const { gradients, norm, loss } = await tensorGradient(policy, input, { loss: policyGradientLoss, options });
      takeStep(optimizer, gradients, { norm, maxGradNorm: 1, learningRate: rate });
      await Promise.all(policy.variables.map((variable) => variable.data()));
      tf.dispose(gradients);
      const { user, system } = process.cpuUsage(used);
      return { seconds: (performance.now() - began) / 1000, processor: (user + system) / 1e6, loss };
    },
    close: () => optimizer.dispose(),
  };
}

/** Drawing, sandbox, update: lives of one step, in groups of 8. */
async function benchLoop(): Promise<void> {
  const [episodes, group, updates] = [number("episodes"), 8, number("rounds") + 1];
  await using sandbox = await createSandbox({ workers: 2 });
  const policy = await tokenPolicy(decoder, { adapter: shape, temperature, batch: episodes, seed: 1 });
  const parts = [rewards.survival, { ...rewards.harm, weight: 0.005 }, rewards.usefulness];
  const env = new SurvivalEnv({ tasks, maxSteps: 1, rewards: parts, sandbox });
  const ours: number[] = [];
  for await (const { seconds } of train({ env, policy, updates, episodes, group, panel: false, concurrency: episodes }))
    ours.push(seconds.rollout + seconds.update);
  const { prompt } = policy;
  policy.dispose();
  const prefix = decoder.tokenizer.encode(promptPrefix(prompt));
  const prompts = tasks.map(({ id, ask }) => ({
    task: id,
    ids: [...prefix, ...decoder.tokenizer.encode(promptOwn(prompt, ask))],
  }));
  const flags = ["--conditions=autoagent-lab-source", "--disable-warning=ExperimentalWarning"];
  const reward_command = [process.execPath, ...flags, join(import.meta.dirname, "policy", "reward.ts"), values.model];
  const [end] = decoder.tokenizer.encode("\n\n");
  const run = { episodes, group, updates, tokens: prompt.maxTokens, end, temperature };
  const theirs: number[] = [];
  for (const peer of peers) {
    const request = { op: "trl", path: scratch, adapter: { ...shape, rate }, prompts, ...run, reward_command };
    theirs.push((await peer.ask(request)).seconds!);
  }
  const steady = ours.slice(1).reduce((sum, value) => sum + value, 0) / (ours.length - 1);
  const measured = Math.min(...theirs) / steady;
  rows.push({
    what: `whole loop, ${episodes} lives an update, TRL's RLOO with PEFT`,
    ours: `${steady.toFixed(2)} s`,
    peer: `${Math.min(...theirs).toFixed(2)} s`,
    ratio: `${measured.toFixed(2)} x as fast`,
  });
  goals.push({ goal: "the whole loop, times as fast as TRL with PEFT", measured, atLeast: 3, noise: 0.3 });
}
