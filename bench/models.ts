/**
 * `npm run bench:models -- --python PATH [--model smollm2] [--rounds 3] [--tokens 32] [--prompt 64] [--batches 1,8,16]`: a
 * model on ONNX Runtime beside PyTorch in one run, interleaved, on the same float32 weights and 2 threads each. PATH is a
 * Python that has torch, transformers, trl and datasets (`bench/policy/peer.py` loads all four; nothing here installs them). Rows: generation from a prompt (prompt included in
 * the time) by batch, against Transformers' own `generate` and against a bare PyTorch loop; the time to the first token of
 * 16 prompts with a shared prefix of 250 tokens, run once or by each. The peer runs with 1 thread, with 2 that sleep and with 2 that
 * wait as PyTorch does by itself; the fastest counts. Best of the rounds, and the median's ratio beside it. It states no goal.
 */

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { textTable } from "../src/display/index.ts";
import { type Decoder, generate, openModel, runPrefix } from "../src/model/index.ts";
import { createRandom } from "../src/random/index.ts";
import { endless } from "./endless.ts";
import { writeFolder } from "./policy/folder.ts";
import { needPython } from "./policy/python.ts";

const { values } = parseArgs({
  options: {
    python: { type: "string" },
    model: { type: "string", default: "smollm2" },
    rounds: { type: "string", default: "3" },
    tokens: { type: "string", default: "32" },
    prompt: { type: "string", default: "64" },
    batches: { type: "string", default: "1,8,16" },
  },
});
needPython(values.python, "models");
const [rounds, tokens, length] = [values.rounds, values.tokens, values.prompt].map(Number) as [number, number, number];
const folder = mkdtempSync(join(tmpdir(), "bench-models-"));

await writeFolder(values.model, folder);
const peers = [openPeer(1, "PASSIVE"), openPeer(2, "PASSIVE"), openPeer(2, null)];
const versions = await peers[0]!.ask<{ [name: string]: string }>({ op: "versions" });
for (const peer of peers) await peer.ask({ op: "load", path: folder });
const decoder = await openModel(values.model, { threads: 2 });
const rows: { [column: string]: string }[] = [];
for (const batch of values.batches.split(",").map(Number)) await benchGeneration(batch);
await benchPrefix();
console.log(
  textTable(rows, {
    caption: `${values.model} on ONNX Runtime (${decoder.provider}, float32, 2 threads) beside torch ${versions.torch}, transformers ${versions.transformers}; ${length} tokens of prompt, ${tokens} new ones; best of ${rounds} interleaved rounds`,
  }),
);
for (const peer of peers) peer.close();
await decoder.dispose();
rmSync(folder, { recursive: true, force: true });
process.exit(0);

/** Tokens a second, prompt included; no row may end early. */
async function benchGeneration(batch: number): Promise<void> {
  const prompts = Array.from({ length: batch }, (_, i) => drawIds(decoder, length, i));
  const times: { [name: string]: number[] } = { ours: [], generate: [], bare: [] };
  for (let round = 0; round < rounds; round++) {
    times.ours!.push(
      await seconds(() =>
        generate(decoder, { ...endless(decoder), prompts, streams: streamsOf(batch, round), maxTokens: tokens }),
      ),
    );
    const answers: { generate: number; bare: number }[] = [];
    for (const peer of peers) answers.push(await peer.ask({ op: "generate", prompts, tokens }));
    for (const name of ["generate", "bare"] as const)
      times[name]!.push(Math.min(...answers.map((answer) => answer[name])));
  }
  const rate = (name: string) => `${((batch * tokens) / Math.min(...times[name]!)).toFixed(1)} tokens/s`;
  for (const name of ["generate", "bare"])
    add(
      `batch ${batch}, ${name === "bare" ? "bare PyTorch loop" : "Transformers' generate"}`,
      rate("ours"),
      rate(name),
      times[name]!,
      times.ours!,
    );
}

/** Time to the first token of 16 prompts that begin alike. */
async function benchPrefix(): Promise<void> {
  const [batch, shared, own] = [16, 250, 12];
  const ids = drawIds(decoder, shared, 99);
  const tails = Array.from({ length: batch }, (_, i) => drawIds(decoder, own, 100 + i));
  const times: { [name: string]: number[] } = { once: [], each: [] };
  for (let round = 0; round < rounds; round++) {
    const streams = streamsOf(batch, round);
    times.once!.push(
      await seconds(async () =>
        generate(decoder, { prefix: await runPrefix(decoder, ids), prompts: tails, streams, maxTokens: 1 }),
      ),
    );
    const whole = tails.map((tail) => [...ids, ...tail]);
    times.each!.push(await seconds(() => generate(decoder, { prompts: whole, streams, maxTokens: 1 })));
  }
  const shown = (name: string) => `${(1000 * Math.min(...times[name]!)).toFixed(0)} ms`;
  add(
    "first token, 16 rows, prefix of 250 run once or by each",
    shown("once"),
    shown("each"),
    times.each!,
    times.once!,
  );
}

function add(what: string, ours: string, other: string, theirs: number[], own: number[]): void {
  const median = (list: number[]) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)]!;
  const ratio = Math.min(...theirs) / Math.min(...own);
  rows.push({
    what,
    ours,
    other,
    ratio: `${ratio.toFixed(2)} x`,
    "of medians": `${(median(theirs) / median(own)).toFixed(2)} x`,
  });
  console.error(`${what}: ${ours}, ${other}, ${ratio.toFixed(2)} x`);
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}

function drawIds({ config, tokenizer }: Decoder, count: number, seed: number): number[] {
  const random = createRandom(seed, "prompt");
  const low = Math.max(...tokenizer.end) + 1;
  return Array.from({ length: count }, () => (low + random.integer(config.vocabulary - low)) % config.vocabulary);
}

function streamsOf(batch: number, round: number) {
  return Array.from({ length: batch }, (_, i) => createRandom(round, "row", i));
}

/** A Python with PyTorch that answers requests: `bench/policy/peer.py`. */
function openPeer(threads: number, waiting: "PASSIVE" | null) {
  const env = {
    ...process.env,
    OMP_NUM_THREADS: String(threads),
    ...(waiting && { OMP_WAIT_POLICY: waiting }),
    TRL_OUTPUT: folder,
  };
  const child = spawn(values.python!, [join(import.meta.dirname, "policy", "peer.py")], {
    stdio: ["pipe", "pipe", process.env.BENCH_VERBOSE ? "inherit" : "ignore"],
    env,
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async ask<T>(request: object): Promise<T> {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error("the peer ended: run again with BENCH_VERBOSE=1 to see why");
      const answer = JSON.parse(value) as T & { error?: string };
      if (answer.error !== undefined) throw new Error(`the peer: ${answer.error}`);
      return answer;
    },
    close: () => child.stdin.end(),
  };
}
