/**
 * `npm run bench:dtype [-- --model smollm2 --rounds 5 --tokens 32 --batches 1,8,16,32]`: a model in 8 bits beside itself in
 * float32, in one run, interleaved, 2 threads each: tokens a second by batch, after a prompt of 64 tokens and in it, and the
 * memory of a process that has each open. And what it costs: over the project's own texts, how often both find the same
 * token the likeliest, and how far their distributions are apart (Kullback-Leibler divergence, nats a token). Goals: as fast
 * at every batch, 1.5 times less memory, 0.03 nats apart. Needs `npm run setup:smollm2`, unless `--model` names another.
 */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { textTable } from "../src/display/index.ts";
import { type Decoder, type Dtype, generate } from "../src/model/index.ts";
import { openPretrained } from "../src/policy/index.ts";
import { createRandom } from "../src/random/index.ts";
import { endless } from "./endless.ts";
import { type Goal, notRun, reportGoals } from "./goals.ts";

const { values } = parseArgs({
  options: {
    model: { type: "string", default: "smollm2" },
    rounds: { type: "string", default: "5" },
    tokens: { type: "string", default: "32" },
    batches: { type: "string", default: "1,8,16,32" },
    /** Opens the model alone and prints the memory that takes, MiB. */
    memory: { type: "string" },
  },
});
if (values.memory !== undefined) {
  const decoder = await openPretrained(values.model, { threads: 2, dtype: values.memory as Dtype });
  await decoder.forward({ tokens: Int32Array.of(5, 6, 7), batch: 1 });
  console.log(Math.round(process.memoryUsage().rss / 2 ** 20));
  process.exit(0);
}
const [rounds, tokens] = [Number(values.rounds), Number(values.tokens)];
const promptLength = 64;
const exact = await openPretrained(values.model, { threads: 2 }).catch((error: Error) =>
  notRun(`the model ${values.model}`, `${error.message}.`),
);
const eight = await openPretrained(values.model, {
  threads: 2,
  dtype: "q8",
  onProgress: ({ done, total }) => done === total && console.error("converted"),
});
const text = ["README.md", "docs/decisions.md", "src/model/attention.ts"].map((file) =>
  readFileSync(join(import.meta.dirname, "..", file), "utf8"),
);
const ids = text.map((one) => exact.tokenizer.encode(one));
const rows: { [column: string]: string }[] = [];
const goals: Goal[] = [];
for (const batch of values.batches.split(",").map(Number)) await benchBatch(batch);
const [most, least] = (["fp32", "q8"] as const).map(memoryOf) as [number, number];
rows.push({
  what: "memory of the process, model open",
  q8: `${least} MiB`,
  fp32: `${most} MiB`,
  ratio: share(most / least),
});
console.log(textTable(rows, { caption: `${values.model}, 2 threads; best of ${rounds} interleaved rounds` }));
const agreed = await agreement();
console.log(textTable([agreed.row], { caption: "What 8 bits change, over texts of the project" }));
goals.push({ goal: "memory of float32, times that of 8 bits", measured: most / least, atLeast: 1.5, noise: 0.05 });
goals.push({ goal: "divergence, nats a token", measured: agreed.nats, atMost: 0.03, noise: 0.005 });
reportGoals(goals);
process.exit();

/** The time to run the prompts, and that of each token after them; both from the same rounds. */
async function benchBatch(batch: number): Promise<void> {
  const best = {
    first: [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
    all: [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
  };
  for (let round = 0; round < rounds; round++)
    for (const [which, decoder] of [exact, eight].entries()) {
      const prompts = Array.from({ length: batch }, (_, i) => ids[0]!.slice(50 * i, 50 * i + promptLength));
      const streams = prompts.map((_, i) => createRandom(round, i));
      const time = (maxTokens: number) =>
        seconds(() => generate(decoder, { ...endless(decoder), prompts, streams, maxTokens }));
      // The first of all is slower than what follows: it would make the tokens after a prompt seem to take no time.
      if (round === 0) await time(tokens);
      best.first[which] = Math.min(best.first[which]!, await time(1));
      best.all[which] = Math.min(best.all[which]!, await time(tokens));
    }
  const [first, all] = [best.first as [number, number], best.all as [number, number]];
  const after = all.map((time, i) => (time - first[i]!) / (tokens - 1)) as [number, number];
  for (const [what, [floats, bytes], count] of [
    [`prompt of ${promptLength} tokens, batch ${batch}`, first, batch * promptLength],
    [`tokens after it, batch ${batch}`, after, batch],
  ] as const) {
    const rate = (time: number) => `${(count / time).toFixed(0)} tokens/s`;
    rows.push({ what, q8: rate(bytes), fp32: rate(floats), ratio: share(floats / bytes) });
    goals.push({ goal: `8 bits, times float32: ${what}`, measured: floats / bytes, atLeast: 1, noise: 0.1 });
  }
}

/** Both read the same texts, 16 rows at a time. */
async function agreement() {
  const sums = { places: 0, same: 0, nats: 0, worst: 0 };
  const { vocabulary } = exact.config;
  for (const list of ids) {
    const [batch, length] = [16, 48];
    const row = (i: number) => list.slice(i * 60, i * 60 + length);
    let pasts = [undefined, undefined] as (Awaited<ReturnType<Decoder["forward"]>>["past"] | undefined)[];
    for (let at = 0; at < length; at++) {
      const input = { tokens: Int32Array.from({ length: batch }, (_, i) => row(i)[at]!), batch };
      const [a, b] = await Promise.all(
        [exact, eight].map((decoder, i) =>
          decoder.forward({ ...input, ...(pasts[i] && { past: pasts[i] }), donate: true }),
        ),
      );
      pasts = [a!.past, b!.past];
      // The first tokens tell a model little: it is still guessing what kind of text this is.
      if (at < 8) continue;
      for (let i = 0; i < batch; i++) {
        const [p, q] = [a!, b!].map(({ logits }) => logShares(logits.subarray(i * vocabulary, (i + 1) * vocabulary)));
        let nats = 0;
        for (let id = 0; id < vocabulary; id++) nats += Math.exp(p!.values[id]!) * (p!.values[id]! - q!.values[id]!);
        sums.places++;
        if (p!.top === q!.top) sums.same++;
        sums.nats += nats;
        sums.worst = Math.max(sums.worst, nats);
      }
    }
  }
  const row = {
    places: String(sums.places),
    "same likeliest token": `${((100 * sums.same) / sums.places).toFixed(1)} %`,
    "divergence, mean": `${(sums.nats / sums.places).toFixed(4)} nats`,
    worst: `${sums.worst.toFixed(2)} nats`,
  };
  return { row, nats: sums.nats / sums.places };
}

function logShares(logits: Float32Array): { values: Float64Array; top: number } {
  let top = 0;
  for (let i = 1; i < logits.length; i++) if (logits[i]! > logits[top]!) top = i;
  let total = 0;
  for (const logit of logits) total += Math.exp(logit - logits[top]!);
  const norm = Math.log(total) + logits[top]!;
  return { values: Float64Array.from(logits, (logit) => logit - norm), top };
}

function memoryOf(dtype: Dtype): number {
  const flags = ["--conditions=autoagent-lab-source", "--disable-warning=ExperimentalWarning"];
  const args = [...flags, import.meta.filename, "--model", values.model, "--memory", dtype];
  return Number(execFileSync(process.execPath, args, { encoding: "utf8" }).trim());
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}

function share(ratio: number): string {
  return `${ratio.toFixed(2)} x`;
}
