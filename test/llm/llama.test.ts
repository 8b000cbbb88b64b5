/** The openai provider against llama.cpp, a server that is not ours, where `npm test` or `npm run bench:serve` has installed it. */

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { models, streamText } from "../../src/llm/index.ts";
import { cacheFolder } from "../../src/model/index.ts";
import { leaveOut } from "../support.ts";

const root = resolve(import.meta.dirname, "../..");

describe("the openai provider against llama.cpp", function () {
  this.timeout(120_000);
  let child: ChildProcess | undefined;
  let baseURL = "";

  before(async function () {
    const folder = join(root, ".cache", "llama");
    const home = join(cacheFolder(), "models", "smollm2");
    const file = existsSync(home) ? readdirSync(home).find((name) => name.endsWith(".gguf")) : undefined;
    if (file === undefined) leaveOut(this, "SmolLM2 is not there: run `npm run setup:smollm2`");
    if (!existsSync(join(folder, "node_modules", "node-llama-cpp")))
      leaveOut(this, "llama.cpp is not there: `npm test` and `npm run bench:serve` install it");
    const server = join(root, "bench", "serve", "llama.ts");
    child = spawn(process.execPath, [server, folder, join(home, file!), "2"], { stdio: ["ignore", "pipe", "inherit"] });
    [baseURL] = (await once(createInterface({ input: child.stdout! }), "line")) as [string];
  });
  after(async () => {
    if (child?.exitCode !== null) return;
    child.kill();
    await once(child, "exit");
  });

  it("answers whole and in pieces, by seed, with usage", async () => {
    const llama = models.openai({ model: "llama.cpp", baseURL, maxTokens: 24, temperature: 0 });
    const question = { prompt: "What is the capital of France?", seed: 1 };
    const whole = await llama.complete(question);
    assert.match(whole.text, /Paris/);
    assert.ok(whole.usage.completionTokens > 0 && whole.usage.completionTokens <= 24);
    const pieces: string[] = [];
    for await (const piece of streamText(llama, question)) pieces.push(piece);
    assert.ok(pieces.length > 2, `${pieces.length} pieces`);
    assert.equal(pieces.join(""), whole.text);
  });
});
