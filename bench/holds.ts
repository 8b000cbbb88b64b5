/**
 * `npm run bench:holds [-- --model smollm2 --tokens 256,512,1024,2048 --stops 3]`: how free a process stays while a model reads
 * long prompts. A server as `npx autoagent serve` starts it: longest hold of its event loop, slowest `/v1/models`, time from
 * SIGINT to its end in the middle of the longest prompt. A notebook over the kernel's real protocol: time from the stop
 * button to the end of a cell that waits for the model. Beside it runs a process that does nothing: what that one
 * was held for is the machine's doing, and the noise of the figures. Needs `npm run setup:smollm2` for that model.
 */

import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { dataPath } from "../src/data/index.ts";
import { textTable } from "../src/display/index.ts";
import { cacheFolder } from "../src/model/index.ts";
import { readSource } from "../src/model/open.ts";
import { type Goal, notRun, reportGoals } from "./goals.ts";
import { type Serving, startIdle, startServer } from "./holds/process.ts";
import { startPeer } from "./kernel/peer.ts";
import { peers } from "./kernel/peers.ts";

const { values } = parseArgs({
  options: {
    model: { type: "string", default: "smollm2" },
    tokens: { type: "string", default: "256,512,1024,2048" },
    stops: { type: "string", default: "3" },
    threads: { type: "string" },
  },
});
const { model } = values;
const stops = Number(values.stops);
if (model === "smollm2" && !existsSync(join(cacheFolder(), "models", model)))
  notRun("SmolLM2", "Run `npm run setup:smollm2` first, or give --model tiny.");
const source = await readSource(model, { bundled: dataPath("models") });
const tokenizer = await source.openTokenizer();
const sizes = values.tokens
  .split(",")
  .map((size) => Math.min(Number(size), source.config.context - 8))
  .filter((size, i, all) => all.indexOf(size) === i);
const threads = values.threads === undefined ? [] : ["--threads", values.threads];

const idle = startIdle();
const [reads, ends] = await served();
const buttons = await inNotebook();
await idle.stop("SIGKILL");
report();

/** What was seen while one prompt was read. */
interface Read {
  tokens: number;
  seconds: number;
  holdMs: number;
  computedMs: number;
  idleMs: number;
  modelsMs: number;
  requests: number;
}

/** A text of about so many tokens. */
function promptOf(tokens: number): string {
  const story = Array.from({ length: tokens }, (_, i) => `The ${i % 97}th agent adds a method to itself. `).join("");
  return tokenizer.decode(tokenizer.encode(story).slice(0, tokens));
}

function complete({ url }: Serving, tokens: number): Promise<Response> {
  const body = { model: model.split("/").at(-1), prompt: promptOf(tokens), max_tokens: 1, temperature: 0 };
  const headers = { "content-type": "application/json" };
  return fetch(`${url}/completions`, { method: "POST", headers, body: JSON.stringify(body) });
}

/** Every size read by one server; then so many servers stopped while they read the longest. */
async function served(): Promise<[Read[], number[]]> {
  const server = await startServer(model, threads);
  const seen: Read[] = [];
  await (await complete(server, 8)).json();
  for (const size of sizes) {
    await Promise.all([server.hold(), idle.hold()]);
    const began = performance.now();
    const answer = complete(server, size);
    const { slowest, requests } = await askModels(server, answer);
    const response = await answer;
    const told = (await response.json()) as { usage?: { prompt_tokens: number } };
    if (told.usage === undefined) throw new Error(`The server answered ${response.status}: ${JSON.stringify(told)}`);
    const seconds = (performance.now() - began) / 1000;
    const [{ longestMs, computedMs }, { longestMs: idleMs }] = await Promise.all([server.hold(), idle.hold()]);
    const measured = { holdMs: longestMs, computedMs, idleMs, modelsMs: slowest, requests };
    seen.push({ tokens: told.usage.prompt_tokens, seconds, ...measured });
  }
  await server.stop("SIGINT");
  const ended: number[] = [];
  for (let i = 0; i < stops; i++) {
    const other = await startServer(model, threads);
    await (await complete(other, 8)).json();
    const cut = complete(other, sizes.at(-1)!).then(
      () => true,
      () => false,
    );
    await sleep(source.config.layers > 8 ? 1000 : 10);
    ended.push(await other.stop("SIGINT"));
    if (await cut) console.error("The prompt had been read before SIGINT came: give --tokens a longer one");
  }
  return [seen, ended];
}

/** Asks for the list of models again and again until an answer is there. */
async function askModels({ url }: Serving, answer: Promise<unknown>): Promise<{ slowest: number; requests: number }> {
  let over = false;
  void answer.finally(() => (over = true));
  let slowest = 0;
  let requests = 0;
  while (!over) {
    const began = performance.now();
    await (await fetch(`${url}/models`)).json();
    slowest = Math.max(slowest, performance.now() - began);
    requests++;
    await sleep(10);
  }
  return { slowest, requests };
}

/** The stop button while a cell waits for a model that reads the longest prompt. */
async function inNotebook(): Promise<number[]> {
  const path = JSON.stringify(existsSync(model) ? resolve(model) : model);
  const kernel = await startPeer(peers().ours);
  const took: number[] = [];
  try {
    const opening = `// types: off\nimport { models } from "autoagent-lab";
      const held = models.local(${path}, { prompt: "plain", maxTokens: 1 }); await held.open(); let lives = 7;`;
    const opened = await kernel.run(opening);
    if (opened.status !== "ok") throw new Error(`The notebook could not open the model: ${opened.error}`);
    const ask = `// types: off\nawait held.complete({ prompt: ${JSON.stringify(promptOf(sizes.at(-1)!))} });`;
    for (let i = 0; i < stops; i++) {
      const cell = kernel.run(ask);
      await sleep(source.config.layers > 8 ? 1000 : 60);
      const pressed = performance.now();
      kernel.send("control", "interrupt_request", {});
      const { error } = await cell;
      took.push(performance.now() - pressed);
      if (!error?.startsWith("Interrupted"))
        console.error(`The cell ended with ${error ?? "its answer"}, not by the stop`);
      const { shown } = await kernel.run("// types: off\nlives");
      if (shown[0]?.["text/plain"] !== "7") throw new Error("The notebook's variables were gone after the stop button");
    }
  } finally {
    await kernel.close();
  }
  return took;
}

function report(): void {
  const ms = (value: number) => `${value.toFixed(0)} ms`;
  console.log(
    textTable(
      reads.map((read) => ({
        tokens: String(read.tokens),
        "read in": `${read.seconds.toFixed(2)} s`,
        "longest hold": ms(read.holdMs),
        "of it computing": ms(read.computedMs),
        "an idle process": ms(read.idleMs),
        "slowest /v1/models": ms(read.modelsMs),
        "of requests": String(read.requests),
      })),
      { caption: `A server of ${model} while it reads a prompt` },
    ),
  );
  console.log(
    `\nFrom SIGINT to the end: ${ends.map(ms).join(", ")}; from the stop button: ${buttons.map(ms).join(", ")}`,
  );
  const most = (pick: (read: Read) => number) => Math.max(...reads.map(pick));
  const machine = most(({ idleMs }) => idleMs);
  const goal = (text: string, measured: number, atMost: number): Goal => ({
    goal: text,
    measured,
    atMost,
    noise: machine,
  });
  reportGoals([
    goal(
      "longest hold of the event loop, ms",
      most(({ holdMs }) => holdMs),
      50,
    ),
    { goal: "of it computing, ms", measured: most(({ computedMs }) => computedMs), atMost: 50, noise: 5 },
    goal(
      "slowest /v1/models while a prompt is read, ms",
      most(({ modelsMs }) => modelsMs),
      100,
    ),
    goal("from SIGINT to the server's end, ms", Math.max(...ends), 1000),
    goal("from the stop button to the cell's end, ms", Math.max(...buttons), 1000),
  ]);
}
