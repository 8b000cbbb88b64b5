/** The command `autoagent serve`, as a user runs it. */

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import OpenAI from "openai";
import { rewards, SurvivalEnv } from "../../src/environment/index.ts";
import { openModel } from "../../src/model/index.ts";
import { type AdapterOptions, tokenPolicy, trainingAsks } from "../../src/policy/index.ts";
import { createSandbox } from "../../src/sandbox/index.ts";
import { train, writeCheckpoint } from "../../src/training/index.ts";
import { temporaryFolder, writeFolder, writingModel } from "../model/shared.ts";

const launcher = join(import.meta.dirname, "../../scripts/autoagent.mjs");

describe("autoagent serve", () => {
  it("serves a folder until it is interrupted, and a trained head changes what it says", async () => {
    using folder = temporaryFolder();
    writeFolder(folder.path, writingModel({ context: 1024 }));
    const head = join(folder.path, "head.safetensors");
    await trainHead(folder.path, head);
    const say = (...more: string[]) => answers(folder.path, more);
    const plain = await say();
    assert.match(plain.line, /^Serving small at http:\/\/127\.0\.0\.1:\d+\/v1 \(cpu: .+, fp32\); Ctrl-C ends it$/);
    assert.deepEqual((await say()).told, plain.told);
    const eight = await say("--dtype", "q8");
    assert.match(eight.line, /\(cpu: .+, q8\)/);
    assert.notDeepEqual(eight.told, plain.told);
    const steered = await say("--head", head);
    assert.notDeepEqual(steered.told, plain.told);
    assert.match(steered.chat, /^self\./, "a chat is asked through the design that the head was trained with");
    assert.doesNotMatch(plain.chat, /^self\./);
  });

  it("serves a model with a trained adapter in its last blocks", async () => {
    using folder = temporaryFolder();
    writeFolder(folder.path, writingModel({ context: 1024 }));
    const adapter = join(folder.path, "adapter.safetensors");
    await trainHead(folder.path, adapter, { blocks: 1, rank: 2 });
    const adapted = await answers(folder.path, ["--head", adapter]);
    assert.notDeepEqual(adapted.told, (await answers(folder.path, [])).told);
    assert.match(adapted.chat, /^self\./);
  });

  it("asks for port 8080 of this machine where nothing else is said, and says that it is taken", async () => {
    const other = createServer();
    // Whoever has it, this test or another process: it is taken.
    await new Promise<void>((resolve) => other.once("error", () => resolve()).listen(8080, "127.0.0.1", resolve));
    const child = spawn(process.execPath, [launcher, "serve", "tiny"]);
    child.stdout.once("data", () => child.kill()); // it listens elsewhere
    const [[code], said] = await Promise.all([once(child, "close"), text(child.stderr)]);
    other.close();
    assert.deepEqual([code, said], [1, "Cannot listen on 127.0.0.1:8080 (EADDRINUSE): choose another --port\n"]);
  });

  it("says in one sentence what is wrong with its arguments, its model or its host", () => {
    const run = (...args: string[]) => {
      const { status, stderr } = spawnSync(process.execPath, [launcher, "serve", ...args], { encoding: "utf8" });
      return [status, stderr.trim()];
    };
    assert.deepEqual(run(), [2, "serve needs a MODEL: see autoagent serve --help"]);
    assert.deepEqual(run("x", "--port", "99999"), [2, 'Expected --port to be an integer from 0 to 65535, got "99999"']);
    assert.deepEqual(run("x", "--dtype", "q3"), [2, 'Expected --dtype to be fp32 or q8, got "q3"']);
    assert.deepEqual(run("x", "--dtype", "toString"), [2, 'Expected --dtype to be fp32 or q8, got "toString"']);
    assert.deepEqual(run("tiny", "--dtype", "q8", "--provider", "webgpu"), [
      2,
      "`dtype` q8 runs on the provider cpu alone: take fp32 on webgpu: see autoagent serve --help",
    ]);
    const [code, said] = run("no-such-model", "--prompt", "no-such-prompt");
    assert.equal(code, 2);
    assert.match(
      String(said),
      /^The prompt design "no-such-prompt" cannot be read: ENOENT.*: see autoagent serve --help$/,
    );
    const [status, text] = run("no-such-model");
    assert.equal(status, 1);
    assert.match(String(text), /^There is no model no-such-model: give a folder, a GGUF file or a name \(.*\btiny\b/);
  });
});

/** What a served model says, asked twice by OpenAI's client. */
async function answers(model: string, more: readonly string[]) {
  const child = spawn(process.execPath, [launcher, "serve", model, "--port", "0", "--name", "small", ...more]);
  const line = (await once(createInterface(child.stdout), "line"))[0] as string;
  const url = /at (http:\S+)/.exec(line)?.[1];
  const client = new OpenAI({ baseURL: url!, apiKey: "none" });
  const { choices } = await client.completions.create({
    model: "small",
    prompt: "abc",
    max_tokens: 30,
    temperature: 0,
    logprobs: 1,
  });
  const messages = [{ role: "user" as const, content: "Set self.x to 1" }];
  const chat = await client.chat.completions.create({ model: "small", messages, max_tokens: 10, seed: 1 });
  child.kill("SIGINT");
  await once(child, "exit");
  return { line, told: choices[0]!.logprobs!.token_logprobs!, chat: chat.choices[0]!.message.content! };
}

/** One update of a head, or of an adapter, on that model. */
async function trainHead(model: string, path: string, adapter?: AdapterOptions): Promise<void> {
  const decoder = await openModel(model, { threads: 1, ...(adapter && { adaptedBlocks: adapter.blocks! }) });
  const kind = adapter ? { adapter } : { asks: await trainingAsks() };
  const policy = await tokenPolicy(decoder, { ...kind, maxTokens: 8 });
  await using sandbox = await createSandbox({ workers: 1 });
  const env = new SurvivalEnv({ maxSteps: 1, sandbox, rewards: [rewards.survival] });
  const run = train({ env, policy, updates: 1, episodes: 16, panel: false, learningRate: 1 });
  for await (const update of run) await writeCheckpoint(path, await update.checkpoint());
  policy.dispose();
  await decoder.dispose();
}
