/** Adapters in PEFT's format: what is written is read again, and by PEFT to the same logits; one of PEFT's is opened here. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Decoder, openModel } from "../../src/model/index.ts";
import { policies, tf } from "../../src/policy/index.ts";
import { leaveOut, testPython } from "../support.ts";
import { caseFolder, families } from "./families.ts";
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

/** A policy whose adapter is by the formula, saved into a folder; gives the logits of the model with it. */
async function saved(model: string, folder: string, blocks: number): Promise<Float32Array> {
  const policy = await policies.fromPretrained(model, { adapter: { blocks, rank: 3, scale: 1.5 }, prompt, threads: 1 });
  for (const [i, variable] of policy.variables.entries())
    tf.tidy(() => variable.assign(tf.tensor(weightOf(`pair ${i}`, variable.shape), variable.shape)));
  await policy.saveAdapter!(folder);
  const { adapter } = await policy.steering();
  policy.dispose();
  return logitsOf(policy.decoder, adapter);
}

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
    this.timeout(300_000);
    const python = process.env.AUTOAGENT_TORCH_PYTHON ?? testPython(this);
    const run = (...args: string[]): Float32Array => {
      const done = spawnSync(python, [join(import.meta.dirname, "peft_logits.py"), ...args], { encoding: "utf8" });
      if (done.error) throw done.error;
      if (/No module named '(torch|transformers|peft)'/.test(done.stderr))
        leaveOut(this, "there is no PEFT here: set AUTOAGENT_TORCH_PYTHON to a Python that has it, with Transformers");
      assert.equal(done.status, 0, done.stderr);
      return Float32Array.from((JSON.parse(done.stdout) as { logits: number[] }).logits);
    };
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
    const path = join(folder.path, "adapter_config.json");
    const about = JSON.parse(readFileSync(path, "utf8")) as object;
    const change = (fields: object) => writeFileSync(path, JSON.stringify({ ...about, ...fields }));
    change({ use_dora: true });
    await assert.rejects(open(), /its use_dora is true; what is supported is LoRA without biases/);
    change({ peft_type: "IA3" });
    await assert.rejects(open(), /its peft_type is "IA3"/);
    change({ lora_alpha: null });
    await assert.rejects(open(), /its lora_alpha is null/);
  });
});
