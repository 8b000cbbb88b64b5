/** The process stays free while a model works: timers run during a pass, a long prompt is read in parts that others and aborts get between. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import {
  createEngine,
  type Decoder,
  type DecoderInput,
  generate,
  openModel,
  runPrefix,
} from "../../src/model/index.ts";
import { createRandom } from "../../src/random/index.ts";
import { turnsDuring } from "../support.ts";
import { hangMs } from "../waiting.ts";
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
    const turns = await turnsDuring(() => decoder.forward({ tokens: Int32Array.from(long(900)), batch: 1 }));
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

  it("reads what prompts begin with once, and answers each the same alone and among others", async () => {
    const examples = [long(90), long(70).reverse()];
    const ask = (i: number) => ({ ...job(long(5 + i), i), shared: examples[i % 2]! });
    const read: number[] = [];
    const counted: Decoder = {
      ...decoder,
      forward: (input) => {
        const positions = input.tokens.length / input.batch;
        if (positions > 1) read.push(positions * input.batch);
        return decoder.forward(input);
      },
    };
    const together = createEngine(counted, { maxBatch: 8 });
    const answers = await Promise.all(Array.from({ length: 12 }, (_, i) => together.submit(ask(i))));
    // 90 in two parts and 70 in two, once each; then 12 prompts of 5 to 16 tokens, padded to 16.
    assert.deepEqual(
      [read.filter((one) => one === 64).length >= 2, read.reduce((sum, one) => sum + one)],
      [true, 160 + 12 * 16],
    );
    for (const [i, one] of answers.entries()) assert.deepEqual(await createEngine(decoder).submit(ask(i)), one);
    // The same text read in one piece has the same odds but for the last bits.
    const whole = await createEngine(decoder).submit({
      ...ask(0),
      shared: [],
      prompt: [...examples[0]!, ...ask(0).prompt],
    });
    assert.ok(Math.abs(whole.logProbs[0]! - answers[0]!.logProbs[0]!) < 1e-3);
    assert.equal(whole.ids[0], answers[0]!.ids[0]);
  });

  it("refuses a beginning that leaves no room, and tells of one that cannot be read", async () => {
    const { context } = decoder.config;
    const engine = createEngine(decoder);
    await assert.rejects(engine.submit({ ...job(long(5), 1), shared: long(context) }), RangeError);
    let broken = true;
    const forward: Decoder["forward"] = (input) =>
      broken ? Promise.reject(new Error("no memory")) : decoder.forward(input);
    const failing = createEngine({ ...decoder, forward });
    await assert.rejects(failing.submit({ ...job(long(5), 1), shared: long(9) }), /no memory/);
    broken = false;
    assert.ok((await failing.submit({ ...job(long(5), 1), shared: long(9) })).ids.length > 0);
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

  it("reads it whole where the rotary frequencies are those of a pass's last position", async () => {
    using own = temporaryFolder();
    const { config, ...model } = writingModel({ context: 64 });
    const rope_scaling = { rope_type: "dynamic", factor: 8 };
    writeFolder(own.path, { ...model, config: { ...config, rope_scaling } });
    const stretched = await openModel(own.path, { threads: 1 });
    const ids = long(200);
    const { logits: whole } = await stretched.forward({ tokens: Int32Array.from(ids), batch: 1 });
    const heard: Float32Array[] = [];
    const onLogits = ({ logits }: { logits: Float32Array }) => void heard.push(logits.slice());
    const streams = [createRandom(1)];
    await generate(stretched, { prompts: [ids], streams, maxTokens: 1, onLogits });
    assert.deepEqual(heard[0], whole);
    // Padded to 256 in an engine, and after a prefix: what the same passes give, sums in another order.
    await createEngine(stretched, { onLogits }).submit({ prompt: ids, stream: createRandom(1), maxTokens: 1 });
    const prefix = await runPrefix(stretched, ids.slice(0, 150));
    await generate(stretched, { prefix, prompts: [ids.slice(150)], streams, maxTokens: 1, onLogits });
    const { past } = await stretched.forward({ tokens: Int32Array.from(ids.slice(0, 150)), batch: 1 });
    const after = await stretched.forward({ tokens: Int32Array.from(ids.slice(150)), batch: 1, past });
    const parts = await stretched.forward({ tokens: Int32Array.from(ids.slice(0, 64)), batch: 1 });
    const cut = await stretched.forward({ tokens: Int32Array.from(ids.slice(64)), batch: 1, past: parts.past });
    const far = (a: Float32Array, b: Float32Array) => Math.max(...a.map((x, i) => Math.abs(x - b[i]!)));
    const [, engine, prefixed] = heard;
    assert.ok(far(engine!, whole) < 1e-4, `engine ${far(engine!, whole)}`);
    assert.ok(far(prefixed!, after.logits) < 1e-4, `prefix ${far(prefixed!, after.logits)}`);
    assert.ok(far(cut.logits, whole) > 1e-3, `parts would be ${far(cut.logits, whole)} away`);
    await stretched.dispose();
  });

  it("does not keep a program alive that forgets to dispose of it, whatever flags that runs with", () => {
    const source = join(import.meta.dirname, "../../src/model/index.ts");
    const program = `const { openModel } = await import(${JSON.stringify(source)});
      const decoder = await openModel(${JSON.stringify(folder.path)});
      console.log((await decoder.forward({ tokens: Int32Array.of(1, 2), batch: 1 })).logits.length);`;
    const flags = ["--conditions=autoagent-lab-source", "--input-type=module", "-e", program];
    const { status, stdout } = spawnSync(process.execPath, flags, { encoding: "utf8", timeout: hangMs });
    assert.deepEqual([status, stdout.trim()], [0, String(decoder.config.vocabulary)]);
  });
});
