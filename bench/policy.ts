/**
 * `npm run bench:policy -- --python PATH [--rounds 5] [--threads 2] [--only generation,update,loop]`: the token policy beside PyTorch, Transformers and
 * TRL in one run, interleaved, on the same weights (`--model`, `tiny` unless told). PATH is a Python that has torch, transformers, trl
 * and datasets (about 6 GB with CUDA's wheels, so nothing here installs them). Rows: generation (tokens a second, batch 16,
 * 64 new tokens), the head's update (2,048 positions, the same trainable parameters) and the whole loop against TRL's RLOO
 * (same model, head, prompts, episodes and reward: the real sandbox). The peer runs with 1 thread and with 2 that do not
 * spin (`--peers 1,2`); the faster counts. Goals: >= 1.2 x, <= 1.0 x its time, >= 3 x.
 */

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { dataPath } from "../src/data/index.ts";
import { textTable } from "../src/display/index.ts";
import { rewards, SurvivalEnv } from "../src/environment/index.ts";
import { generate, runPrefix } from "../src/model/index.ts";
import { loadPrompt, openPretrained, promptOwn, promptPrefix, tokenPolicy, usualPrompt } from "../src/policy/index.ts";
import { createRandom } from "../src/random/index.ts";
import { createSandbox } from "../src/sandbox/index.ts";
import { microTasks } from "../src/tasks/index.ts";
import { prepareBackend, train } from "../src/training/index.ts";
import { type Goal, reportGoals } from "./goals.ts";
import { writeFolder } from "./policy/folder.ts";
import { openHeadUpdates } from "./policy/head-update.ts";
import { openPeer } from "./policy/peer.ts";
import { needPython } from "./policy/python.ts";

const { values } = parseArgs({
  options: {
    python: { type: "string" },
    rounds: { type: "string", default: "5" },
    threads: { type: "string", default: "2" },
    model: { type: "string", default: "tiny" },
    only: { type: "string", default: "generation,update,loop" },
    peers: { type: "string", default: "1,2" },
  },
});
needPython(values.python, "policy");
const rounds = Number(values.rounds);
const wanted = (part: string): boolean => values.only.split(",").includes(part);
const scratch = mkdtempSync(join(tmpdir(), "bench-policy-"));
const path = scratch;

/** A model of the package by its name, or another's path or name. */
function bundled(model: string): string {
  const own = dataPath("models", model);
  return existsSync(own) ? own : model;
}

await writeFolder(bundled(values.model), path);
const peers = values.peers.split(",").map((threads) => openPeer(values.python!, Number(threads), scratch));
const versions = await peers[0]!.ask<{ [name: string]: string }>({ op: "versions" });
await Promise.all(peers.map((peer) => peer.ask({ op: "load", path })));
const decoder = await openPretrained(values.model, { threads: Number(values.threads) });
const design = await loadPrompt(usualPrompt(decoder.tokenizer));
const tasks = await microTasks({ split: "training" });
const prefixIds = decoder.tokenizer.encode(promptPrefix(design));
const own = tasks.map(({ ask }) => decoder.tokenizer.encode(promptOwn(design, ask)));
const best = (list: number[]) => Math.min(...list);
const rows: { [column: string]: string }[] = [];
const goals: Goal[] = [];
const add = (what: string, ours: string, theirs: string, ratio: number, goal: number): void => {
  rows.push({ what, ours, peer: theirs, ratio: `${ratio.toFixed(2)} x` });
  goals.push({ goal: `${what}, times the peer`, measured: ratio, atLeast: goal, noise: goal / 10 });
};

if (wanted("generation")) await benchGeneration();
if (wanted("update")) await benchUpdate();
if (wanted("loop")) await benchLoop();
console.log(
  textTable(rows, {
    caption: `TF.js and ONNX Runtime beside torch ${versions.torch}, transformers ${versions.transformers}, trl ${versions.trl}; ${decoder.config.layers} layers, width ${decoder.config.width}; best of ${rounds} interleaved rounds (updates: ${6 * rounds}); ratios are how many times faster than the peer`,
  }),
);
for (const peer of peers) peer.close();
await decoder.dispose();
rmSync(scratch, { recursive: true, force: true });
reportGoals(goals);
process.exit();

/** 16 prompts that share the few-shot prefix, 64 tokens each, sampled; no row may end early. */
async function benchGeneration(): Promise<void> {
  const [batch, tokens] = [16, 64];
  const length = 12;
  const prompts = Array.from({ length: batch }, (_, i) => own[i % own.length]!.slice(0, length)).map((ids) =>
    ids.concat(new Array<number>(length - ids.length).fill(ids[0]!)),
  );
  const prefix = await runPrefix(decoder, prefixIds);
  const times: { [name: string]: number[] } = {};
  const note = (name: string, seconds: number): void => {
    times[name] = [...(times[name] ?? []), seconds];
  };
  for (let round = 0; round < rounds; round++) {
    const streams = prompts.map((_, i) => createRandom(round, i));
    const end = decoder.tokenizer.end;
    const began = performance.now();
    await generate(decoder, {
      prefix,
      prompts,
      streams,
      maxTokens: tokens,
      onLogits: ({ rows: running, logits }) => {
        for (let row = 0; row < running.length; row++)
          for (const id of end) logits[row * decoder.config.vocabulary + id] = -1e9;
      },
    });
    note("ours", (performance.now() - began) / 1000);
    for (const peer of peers) {
      const full = prompts.map((ids) => [...prefixIds, ...ids]);
      const { generate: whole, bare } = await peer.ask({ op: "generate", prompts: full, tokens });
      note("transformers", whole!);
      note("bare", bare!);
    }
  }
  const rate = (name: string) => (batch * tokens) / best(times[name]!);
  const shown = (name: string) => `${rate(name).toFixed(0)} tokens/s`;
  add(
    "generation, Transformers' generate",
    shown("ours"),
    shown("transformers"),
    rate("ours") / rate("transformers"),
    1.2,
  );
  add("generation, bare PyTorch loop", shown("ours"), shown("bare"), rate("ours") / rate("bare"), 1.2);
}

/** 2,048 positions, the subset head: loss, gradient, clipping, Adam; by ONNX Runtime, and by TF.js, which losses of one's own take. */
async function benchUpdate(): Promise<void> {
  const n = 2048;
  const { width, vocabulary } = decoder.config;
  for (const subset of [500, vocabulary]) {
    const { backend } = await prepareBackend({ size: 1e6 });
    const random = () => createRandom(1, "update");
    const own = await openHeadUpdates(random(), { n, width, subset, provider: "cpu" });
    const tensors = await openHeadUpdates(random(), { n, width, subset });
    const times = { own: [] as number[], tensors: [] as number[], theirs: [] as number[] };
    const fresh = [openPeer(values.python!, 1, scratch), openPeer(values.python!, 2, scratch)];
    const timed = async (list: number[], step: () => Promise<unknown>): Promise<void> => {
      const began = performance.now();
      await step();
      list.push((performance.now() - began) / 1000);
    };
    // An update is over in milliseconds: six times as many rounds, or the best of them is chance.
    for (let round = 0; round < 6 * rounds; round++) {
      await timed(times.own, own.step);
      await timed(times.tensors, tensors.step);
      for (const peer of fresh)
        times.theirs.push((await peer.ask({ op: "update", n, width, subset, rank: 8 })).seconds!);
    }
    for (const peer of fresh) peer.close();
    await own.close();
    await tensors.close();
    const shown = (list: number[]) => `${(1000 * best(list)).toFixed(1)} ms`;
    const told = (name: string, list: number[]) =>
      add(
        `head update, ${subset} tokens, ${name}`,
        shown(list),
        shown(times.theirs),
        best(times.theirs) / best(list),
        1,
      );
    told("onnxruntime", times.own);
    told(backend, times.tensors);
  }
}

/** Rollout, sandbox, update: 64 episodes of one step, in groups of 8. */
async function benchLoop(): Promise<void> {
  const [episodes, group, tokens] = [64, 8, design.maxTokens];
  await using sandbox = await createSandbox({ workers: 2 });
  const policy = await tokenPolicy(decoder, { asks: tasks.map(({ ask }) => ask), batch: 64 });
  const parts = [rewards.survival, { ...rewards.harm, weight: 0.005 }, rewards.usefulness];
  const env = new SurvivalEnv({ tasks, maxSteps: 1, rewards: parts, sandbox });
  const ours: number[] = [];
  let drawnByUs = 0;
  for await (const { update, seconds, tokens: own } of train({
    env,
    policy,
    updates: rounds + 2,
    episodes,
    group,
    panel: false,
    concurrency: 64,
  })) {
    ours.push(seconds.rollout + seconds.update);
    drawnByUs += own.drawn / (rounds + 2);
    process.stderr.write(`ours, update ${update}: ${ours.at(-1)!.toFixed(2)} s, ${own.drawn} tokens\n`);
  }
  const { tokenSubset } = policy;
  policy.dispose();
  const { width } = decoder.config;
  const head = {
    mean: new Array<number>(width).fill(0),
    deviation: new Array<number>(width).fill(1),
    tokenSubset,
    rank: 8,
  };
  const [end, more] = decoder.tokenizer.encode("\n\n");
  if (more !== undefined) throw new Error("the model has no token of its own for an empty line");
  const prompts = tasks.map(({ id }, i) => ({ task: id, ids: [...prefixIds, ...own[i]!] }));
  const flags = ["--conditions=autoagent-lab-source", "--disable-warning=ExperimentalWarning"];
  const reward_command = [process.execPath, ...flags, join(import.meta.dirname, "policy", "reward.ts"), values.model!];
  const theirs: number[] = [];
  let detail = "";
  for (const peer of peers) {
    const run = { episodes, group, updates: rounds + 1, tokens, end };
    const request = { op: "trl", path, head, prompts, ...run, reward_command };
    const { seconds, reward, tokens: drawn } = await peer.ask(request);
    theirs.push(seconds!);
    detail += ` ${peer.threads} thread${peer.threads > 1 ? "s" : ""}: ${seconds!.toFixed(2)} s an update, of it reward ${reward!.toFixed(2)} s, ${drawn!.toFixed(0)} tokens.`;
  }
  const steady = ours.slice(2).reduce((sum, value) => sum + value, 0) / (ours.length - 2);
  process.stderr.write(`ours: ${drawnByUs.toFixed(0)} tokens an update. TRL:${detail}\n`);
  add(
    "whole loop, 64 episodes an update, TRL RLOO",
    `${steady.toFixed(2)} s`,
    `${best(theirs).toFixed(2)} s`,
    best(theirs) / steady,
    3,
  );
}
