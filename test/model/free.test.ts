/** The process stays free while a model works: timers run during a pass, a long prompt is read in parts that others and aborts get between. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { createEngine, type Decoder, type DecoderInput, generate, openModel } from "../../src/model/index.ts";
import { createRandom } from "../../src/random/index.ts";
import { temporaryFolder, writeFolder, writingModel } from "./shared.ts";

describe("a model that reads a long prompt", () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let decoder: Decoder;
  const passes: DecoderInput[] = [];
  let watched: Decoder;

  before(async () => {
    folder = temporaryFolder();
    writeFolder(folder.path, writingModel({ context: 1024 }));
    decoder = await openModel(folder.path, { threads: 2 });
    const forward: Decoder["forward"] = (input) => {
      passes.push(input);
      return decoder.forward(input);
    };
    watched = { ...decoder, forward };
  });
  beforeEach(() => {
    passes.length = 0;
  });
  after(async () => {
    await decoder.dispose();
    folder[Symbol.dispose]();
  });

  const long = (count: number, from = 0) => Array.from({ length: count }, (_, i) => 1 + ((from + i * 7) % 30));
  const job = (prompt: number[], seed: number) => ({
    ...{ prompt, maxTokens: 12, temperature: 0.9 },
    stream: createRandom(seed, "free"),
  });

  it("leaves the event loop to others while a pass runs", async () => {
    let turns = 0;
    let over = false;
    const turn = (): void => {
      turns++;
      if (!over) setImmediate(turn);
    };
    setImmediate(turn);
    await decoder.forward({ tokens: Int32Array.from(long(900)), batch: 1 });
    over = true;
    assert.ok(turns > 5, `${turns} turns of the loop`);
  });

  it("reads it 64 positions a pass, and lets others draw between two of them", async () => {
    const engine = createEngine(watched, { maxBatch: 8 });
    const order: string[] = [];
    const short = engine.submit({ ...job(long(5), 1), onToken: () => order.push("short") });
    const other = engine.submit({ ...job(long(600), 2), onToken: () => order.push("long") });
    await Promise.all([short, other]);
    const lengths = passes.map(({ tokens, batch }) => tokens.length / batch);
    assert.ok(Math.max(...lengths) === 64, `passes of ${lengths}`);
    assert.ok(order.indexOf("long") >= 9, `${order}`);
  });

  it("gives it the same answer alone and among others of other lengths", async () => {
    const alone: unknown[] = [];
    const engine = createEngine(decoder, { maxBatch: 8 });
    const prompts = [long(70), long(200, 3), long(64, 5), long(333, 1), long(129, 2)];
    for (const [i, prompt] of prompts.entries()) alone.push(await engine.submit(job(prompt, i)));
    assert.deepEqual(await Promise.all(prompts.map((prompt, i) => engine.submit(job(prompt, i)))), alone);
  });

  it("stops between two parts when it is aborted, and answers the next", async () => {
    const stop = new AbortController();
    const forward: Decoder["forward"] = (input) => {
      if (passes.length === 2) stop.abort();
      return watched.forward(input);
    };
    const engine = createEngine({ ...watched, forward });
    const result = await engine.submit({ ...job(long(900), 1), signal: stop.signal });
    assert.deepEqual([result.ended, passes.length], ["cancelled", 3]);
    assert.equal((await engine.submit(job(long(5), 1))).logProbs.length > 0, true);
    const aborted = AbortSignal.abort(new Error("enough"));
    const ask = { prompts: [long(90)], streams: [createRandom(1)], maxTokens: 2, signal: aborted };
    await assert.rejects(generate(decoder, ask), /enough/);
  });

  it("does not keep a program alive that forgets to dispose of it, whatever flags that runs with", () => {
    const source = join(import.meta.dirname, "../../src/model/index.ts");
    const program = `const { openModel } = await import(${JSON.stringify(source)});
      const decoder = await openModel(${JSON.stringify(folder.path)});
      console.log((await decoder.forward({ tokens: Int32Array.of(1, 2), batch: 1 })).logits.length);`;
    const flags = ["--conditions=autoagent-lab-source", "--input-type=module", "-e", program];
    const { status, stdout } = spawnSync(process.execPath, flags, { encoding: "utf8", timeout: 30_000 });
    assert.deepEqual([status, stdout.trim()], [0, String(decoder.config.vocabulary)]);
  });
});
