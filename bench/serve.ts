/**
 * `npm run bench:serve [-- --rounds 3 --requests 16 --tokens 64]`: SmolLM2 behind `npx autoagent serve` beside llama.cpp behind
 * an HTTP server, in one run, interleaved: so many requests at once, total tokens a second. llama.cpp comes as node-llama-cpp
 * out of npm's registry into `.cache/llama` (85 MB), if it is not there yet. It runs with a sequence for each request, which it
 * batches, and with a single one, as its plain servers do; both read the 4-bit file that SmolLM2 comes in, ours as float32 and in 8 bits.
 * Goal: >= 2 x. Needs `npm run setup:smollm2`.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import OpenAI from "openai";
import { textTable } from "../src/display/index.ts";
import { cacheFolder } from "../src/model/index.ts";
import { notRun, reportGoals } from "./goals.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    requests: { type: "string", default: "16" },
    tokens: { type: "string", default: "64" },
  },
});
const [rounds, requests, tokens] = [values.rounds, values.requests, values.tokens].map(Number) as [
  number,
  number,
  number,
];
const root = resolve(import.meta.dirname, "..");
const llamaScript: string = "../scripts/llama.mjs"; // plain JavaScript, for any Node: it has no types to check
const { ensureLlama } = (await import(llamaScript)) as {
  ensureLlama: () => Promise<{ path: string } | { missing: string }>;
};
const peerFolder = await ensureLlama();
if ("missing" in peerFolder) notRun("llama.cpp (node-llama-cpp out of npm's registry)", peerFolder.missing);
const llama = peerFolder.path;
const home = join(cacheFolder(), "models", "smollm2");
const file = existsSync(home) ? readdirSync(home).find((name) => name.endsWith(".gguf")) : undefined;
if (file === undefined) notRun("SmolLM2", "Run `npm run setup:smollm2` first.");

const peer = join(import.meta.dirname, "serve", "llama.ts");
const commands: { [name: string]: string[] } = {
  ours: [join(root, "src", "cli", "index.ts"), "serve", "smollm2", "--port", "0"],
  "ours in 8 bits": [join(root, "src", "cli", "index.ts"), "serve", "smollm2", "--port", "0", "--dtype", "q8"],
  "llama.cpp, batched": [peer, llama, join(home, file), String(requests)],
  "llama.cpp, one at a time": [peer, llama, join(home, file), "1"],
};
const asks = [
  "Set self.mood to calm",
  "Add a method twice(n)",
  "Write a function shout(text)",
  "Raise self.count by one",
];
const children: ChildProcess[] = [];
const servers: { name: string; client: OpenAI; model: string; times: number[]; drawn: number[] }[] = [];
for (const [name, command] of Object.entries(commands)) servers.push(await start(name, command));
for (const server of servers) await askAll(server, 8);
for (let round = 0; round < rounds; round++)
  for (const server of servers) {
    const began = performance.now();
    const drawn = await askAll(server, tokens);
    server.times.push((performance.now() - began) / 1000);
    server.drawn.push(drawn);
    console.error(`${server.name}: ${drawn} tokens in ${server.times.at(-1)!.toFixed(2)} s`);
  }
for (const child of children) child.kill();
const rate = ({ times, drawn }: (typeof servers)[number]) => Math.max(...times.map((t, i) => drawn[i]! / t));
const own = servers.slice(0, 2);
const peers = servers.slice(2);
console.log(
  textTable(
    own.flatMap((ours) =>
      peers.map((other) => ({
        server: ours.name,
        peer: other.name,
        ours: `${rate(ours).toFixed(1)} tokens/s`,
        theirs: `${rate(other).toFixed(1)} tokens/s`,
        ratio: `${(rate(ours) / rate(other)).toFixed(2)} x`,
      })),
    ),
    {
      caption: `${requests} requests at once, ${tokens} tokens each, SmolLM2, 2 threads; best of ${rounds} interleaved rounds`,
    },
  ),
);
reportGoals(
  own.flatMap((ours) =>
    peers.map((other) => ({
      goal: `${ours.name}, times ${other.name}`,
      measured: rate(ours) / rate(other),
      atLeast: 2,
      noise: 0.2,
    })),
  ),
);
process.exit();

/** All requests at once; the tokens that were drawn. */
async function askAll({ client, model }: (typeof servers)[number], most: number): Promise<number> {
  const answers = await Promise.all(
    Array.from({ length: requests }, (_, i) =>
      client.completions.create({
        model,
        prompt: `// ${asks[i % asks.length]}, ${i}.\n`,
        max_tokens: most,
        temperature: 1,
        seed: i,
      }),
    ),
  );
  return answers.reduce((sum, { usage }) => sum + usage!.completion_tokens, 0);
}

async function start(name: string, command: string[]) {
  const flags = ["--conditions=autoagent-lab-source", "--disable-warning=ExperimentalWarning"];
  const child = spawn(process.execPath, [...flags, ...command], { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  let url: string | undefined;
  for await (const line of createInterface({ input: child.stdout! })) {
    url = /http:\/\/\S+\/v1/.exec(line)?.[0];
    if (url !== undefined) break;
  }
  if (url === undefined) throw new Error(`${name} ended before it served`);
  child.stdout!.resume();
  const client = new OpenAI({ baseURL: url, apiKey: "none", maxRetries: 0, timeout: 300_000 });
  const model = (await client.models.list()).data[0]!.id;
  return { name, client, model, times: [] as number[], drawn: [] as number[] };
}
