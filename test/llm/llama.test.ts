/** The openai provider against llama.cpp, a server that is not ours, where `npm test` or `npm run bench:serve` has installed it. */

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { modelPolicy } from "../../src/agent/index.ts";
import { SurvivalEnv } from "../../src/environment/index.ts";
import { models, streamText } from "../../src/llm/index.ts";
import { cacheFolder } from "../../src/model/index.ts";
import { rollout } from "../../src/rollout/index.ts";
import { fakeSandbox } from "../sandbox/fake.ts";
import { leaveOut } from "../support.ts";
import { hangMs } from "../waiting.ts";

const root = resolve(import.meta.dirname, "../..");

describe("the openai provider against llama.cpp", () => {
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
    const llama = models.openai({ model: "llama.cpp", baseURL, maxTokens: 24, temperature: 0, timeoutMs: hangMs });
    const question = { prompt: "What is the capital of France?", seed: 1 };
    const whole = await llama.complete(question);
    assert.match(whole.text, /Paris/);
    assert.ok(whole.usage.completionTokens > 0 && whole.usage.completionTokens <= 24);
    const pieces: string[] = [];
    for await (const piece of streamText(llama, question)) pieces.push(piece);
    assert.ok(pieces.length > 2, `${pieces.length} pieces`);
    assert.equal(pieces.join(""), whole.text);
  });

  it("writes the programs of a rollout; our little server of it tells no token ids, so that nobody learns from it", async () => {
    const llama = models.openai({ model: "llama.cpp", baseURL, maxTokens: 4, temperature: 0, timeoutMs: hangMs });
    const { sandbox } = fakeSandbox();
    const { episodes } = await rollout(new SurvivalEnv({ sandbox, maxSteps: 1 }), modelPolicy(llama), { episodes: 1 });
    assert.ok(episodes[0]!.steps[0]!.program.length > 0);
    const { ids, tokens, text } = await llama.complete({ prompt: "", ids: [1], maxTokens: 2, logProbs: true });
    assert.deepEqual([ids, tokens], [undefined, undefined]);
    assert.ok(text.length > 0);
  });
});
