/** Adapters merged into their model, and in PEFT's format: what is written is read again, and by PEFT to the same logits; one of PEFT's is opened here. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type Decoder,
  type NamedTensor,
  openModel,
  packSafetensors,
  readSafetensorsHeader,
  readTensor,
} from "../../src/model/index.ts";
import { policies, tf } from "../../src/policy/index.ts";
import { leaveOut, testPython } from "../support.ts";
import { caseFolder, families, ggufPath } from "./families.ts";
import { distance, temporaryFolder, weightOf } from "./shared.ts";

const ids = [5, 15, 38, 37, 9, 35, 35, 9, 37, 38, 15];
const prompt = {
  ...{ name: "letters", version: 1, examples: [], before: "(", after: ")", separator: ";", primed: "", stop: [";"] },
  maxTokens: 6,
};
const kinds = ["gpt2-0", "llama-12"].map((name) => families.cases.find((one) => one.name === name)!);

async function logitsOf(
  decoder: Decoder,
  adapter?: Parameters<Decoder["forward"]>[0]["adapter"],
): Promise<Float32Array> {
  const { logits } = await decoder.forward({ tokens: Int32Array.from(ids), batch: 1, ...(adapter && { adapter }) });
  await decoder.dispose();
  return logits;
}

/** A policy whose adapter is by the formula, saved into a folder, merged or by itself; gives the logits of the model with it. */
async function saved(model: string, folder: string, blocks: number, merged = false): Promise<Float32Array> {
  const policy = await policies.fromPretrained(model, { adapter: { blocks, rank: 3, scale: 1.5 }, prompt, threads: 1 });
  for (const [i, variable] of policy.variables.entries())
    tf.tidy(() => variable.assign(tf.tensor(weightOf(`pair ${i}`, variable.shape), variable.shape)));
  await (merged ? policy.saveMerged!(folder) : policy.saveAdapter!(folder));
  const { adapter } = await policy.steering();
  policy.dispose();
  return logitsOf(policy.decoder, adapter);
}

/** What `peft_logits.py` prints. */
function transformers<Logits>(test: Mocha.Context, ...args: string[]): Logits {
  const python = process.env.AUTOAGENT_TORCH_PYTHON ?? testPython(test);
  const done = spawnSync(python, [join(import.meta.dirname, "peft_logits.py"), ...args], { encoding: "utf8" });
  if (done.error) throw done.error;
  if (/No module named '(torch|transformers|peft)'/.test(done.stderr))
    leaveOut(test, "there is no PEFT here: set AUTOAGENT_TORCH_PYTHON to a Python that has it, with Transformers");
  assert.equal(done.status, 0, done.stderr);
  return (JSON.parse(done.stdout) as { logits: Logits }).logits;
}

describe("a model with its adapter merged in", () => {
  /** Its files in each format: folders, and GGUF's own order of rotary pairs, layout (GPT-2) and biases. */
  const named = (name: string) => families.cases.find((one) => one.name === name)!;
  const sources = [
    ...kinds.map((kind) => [kind, "safetensors"] as const),
    ...["gpt2-0", "llama-12", "llama-14", "llama-15", "qwen2-24"].map((name) => [named(name), "gguf"] as const),
  ];
  for (const [kind, format] of sources)
    it(`is a folder that opens to the same logits: ${kind.family}, ${kind.what}, ${format}`, async () => {
      using model = caseFolder(kind);
      using folder = temporaryFolder();
      const path = format === "gguf" ? ggufPath(kind) : model.path;
      const logits = await saved(path, folder.path, 2, true);
      assert.deepEqual(
        readdirSync(folder.path).filter(
          (name) => !/^(config|generation_config|tokenizer|tokenizer_config)\.json$/.test(name),
        ),
        ["model.safetensors"],
      );
      const here = await openModel(folder.path, { threads: 1 });
      assert.ok(distance(await logitsOf(here), logits) < 1e-5);
      const plain = await openModel(path, { threads: 1 });
      assert.ok(distance(await logitsOf(plain), logits) > 0.01);
    });

  it("is opened by Transformers to the same logits", async function () {
    using at = temporaryFolder();
    const own: Float32Array[] = [];
    const folders = sources.map((_, i) => join(at.path, `${i}`));
    for (const [i, [kind, format]] of sources.entries()) {
      using model = caseFolder(kind);
      own.push(await saved(format === "gguf" ? ggufPath(kind) : model.path, folders[i]!, 2, true));
    }
    const theirs = transformers<number[][]>(this, "--plain", ...folders);
    for (const [i, [{ name }, format]] of sources.entries()) {
      const found = distance(Float32Array.from(theirs[i]!), own[i]!);
      assert.ok(found < 1e-4, `${name}, ${format}: ${found}`);
    }
  });

  it("says where it cannot be: in the model's own folder, and of a file whose rotary frequencies are a table", async () => {
    using model = caseFolder(kinds[0]!);
    await assert.rejects(
      saved(model.path, model.path, 1, true),
      /is the model's own: give another one for the merged model/,
    );
    const table = named("llama-19");
    using folder = temporaryFolder();
    await assert.rejects(
      saved(ggufPath(table), join(folder.path, "merged"), 1, true),
      /has rotary frequencies in a table that config.json has no field for, which is not supported: merge the adapter into the model's own safetensors folder/,
    );
  });
});

describe("an adapter in PEFT's format", () => {
  for (const kind of kinds)
    it(`is read as it was written, and belongs to the model then: ${kind.family}`, async () => {
      using model = caseFolder(kind);
      using folder = temporaryFolder();
      const logits = await saved(model.path, folder.path, 1);
      const decoder = await openModel(model.path, { threads: 1, peft: folder.path });
      assert.equal(decoder.adapted!.blocks, 1);
      const plain = await openModel(model.path, { threads: 1, adaptedBlocks: 1 });
      assert.notEqual(decoder.hash, plain.hash);
      assert.ok(distance(await logitsOf(plain), logits) > 0.01);
      assert.ok(distance(await logitsOf(decoder), logits) < 1e-6);
    });

  it("is opened by PEFT to the same logits, and one of PEFT's own is opened here", async function () {
    const run = (...args: string[]) => Float32Array.from(transformers<number[]>(this, ...args));
    for (const kind of kinds) {
      using model = caseFolder(kind);
      using ours = temporaryFolder();
      using theirs = temporaryFolder();
      const logits = await saved(model.path, ours.path, 2);
      assert.ok(distance(run(model.path, ours.path), logits) < 1e-4, `${kind.family}, written here`);
      const expected = run(model.path, theirs.path, "--write");
      const opened = await openModel(model.path, { threads: 1, peft: theirs.path });
      assert.ok(distance(await logitsOf(opened), expected) < 1e-4, `${kind.family}, written by PEFT`);
    }
  });

  it("is refused in words where it is none, of another model, or of a kind that is not supported", async () => {
    using model = caseFolder(kinds[1]!);
    using other = caseFolder(kinds[0]!);
    using folder = temporaryFolder();
    const open = (path = model.path) => openModel(path, { threads: 1, peft: folder.path });
    await assert.rejects(open(), /cannot be used: it has no adapter_config.json, which PEFT writes/);
    await saved(model.path, folder.path, 1);
    await assert.rejects(open(other.path), /this model has no place for base_model.model.model.layers.1/);
    await assert.rejects(
      openModel(model.path, { threads: 1, peft: folder.path, adaptedBlocks: 2 }),
      /Expected `adaptedBlocks` to be 1, as many as the adapter .* changes, got 2/,
    );
    const weights = join(folder.path, "adapter_model.safetensors");
    const whole: NamedTensor[] = [];
    for (const [name, place] of (await readSafetensorsHeader(weights)).places)
      whole.push({ name, shape: place.shape, values: await readTensor(place) });
    const half = (gone: string) => {
      const left = whole.filter(({ name }) => !name.endsWith(`q_proj.${gone}.weight`));
      writeFileSync(weights, packSafetensors(left, { metadata: { format: "pt" } }));
    };
    half("lora_B");
    await assert.rejects(
      open(),
      /it has base_model\.model\.\S+q_proj\.lora_A\.weight without base_model\.model\.\S+q_proj\.lora_B\.weight$/,
    );
    half("lora_A");
    await assert.rejects(open(), /this model has no place for base_model\.model\.\S+q_proj\.lora_B\.weight$/);
    const path = join(folder.path, "adapter_config.json");
    const about = JSON.parse(readFileSync(path, "utf8")) as object;
    const change = (fields: object) => writeFileSync(path, JSON.stringify({ ...about, ...fields }));
    change({ use_dora: true });
    await assert.rejects(
      open(),
      /its use_dora is true; what is supported is LoRA on the model's own weights, for every token, without biases, with one rank and one scale$/,
    );
    const refusedFields: [field: string, value: string][] = [
      ["peft_type", '"IA3"'],
      ["bias", '"all"'],
      ...["use_dora", "use_qalora"].map((field): [string, string] => [field, "true"]),
      ...["rank_pattern", "alpha_pattern"].map((field): [string, string] => [field, '{"q_proj":4}']),
      ...["modules_to_save", "trainable_token_indices", "layer_replication"].map((field): [string, string] => [
        field,
        "[1]",
      ]),
      ["alora_invocation_tokens", "[5]"],
      ...["pissa", "pissa_niter_16", "olora", "corda", "loftq"].map((way): [string, string] => [
        "init_lora_weights",
        `"${way}"`,
      ]),
      ["lora_alpha", "null"],
      ["lora_alpha", '"16"'],
    ];
    for (const [field, value] of refusedFields) {
      change({ [field]: JSON.parse(value) });
      await assert.rejects(
        open(),
        (error: Error) => error.message.includes(`its ${field} is ${value}; what is`),
        field,
      );
    }
    writeFileSync(path, JSON.stringify({ ...about, lora_alpha: "endless" }).replace('"endless"', "1e999"));
    await assert.rejects(open(), /its lora_alpha is null/);
    // Fields that say nothing of another kind, as PEFT writes them.
    change({ bias: null, init_lora_weights: "gaussian", rank_pattern: {}, modules_to_save: null, use_dora: false });
    await assert.rejects(open(), /this model has no place for/, "what is wrong with it now is its weights");
  });
});
