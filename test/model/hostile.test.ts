/**
 * Two hundred files that lie, each made by seed out of a good one: cut short, bytes changed, absurd counts and sizes, places
 * that overlap, shapes that do not fit. Each must end in a ModelFailure before the memory that it claims is taken, or be
 * harmless and open.
 */

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ModelFailure, openModel } from "../../src/model/index.ts";
import { createRandom, type Random } from "../../src/random/index.ts";
import { characterTokenizer, ggufOf, packGguf, reference, temporaryFolder, writeFolder } from "./shared.ts";

type Header = { [name: string]: { dtype: string; shape: unknown; data_offsets: unknown } };
type Json = { [key: string]: unknown };

/** Name of the lie, what it does to the file's bytes, and whether the file must be refused (else it may also open). */
interface Lie {
  name: string;
  file: string;
  change: (bytes: Buffer, random: Random) => Uint8Array;
  mayOpen?: boolean;
}

const json = (change: (value: Json, random: Random) => unknown) => (bytes: Buffer, random: Random) => {
  const value = JSON.parse(bytes.toString()) as Json;
  return Buffer.from(JSON.stringify(change(value, random) ?? value));
};
const header =
  (change: (value: Header, names: string[], random: Random) => void) => (bytes: Buffer, random: Random) => {
    const length = Number(bytes.readBigUInt64LE(0));
    const value = JSON.parse(bytes.subarray(8, 8 + length).toString()) as Header & { __metadata__?: unknown };
    delete value.__metadata__;
    change(value, Object.keys(value), random);
    const text = Buffer.from(JSON.stringify(value));
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt(text.length));
    return Buffer.concat([size, text, bytes.subarray(8 + length)]);
  };
const poke = (write: (bytes: Buffer, random: Random) => unknown) => (bytes: Buffer, random: Random) => {
  write(bytes, random);
  return bytes;
};
const cut = (bytes: Buffer, random: Random) => bytes.subarray(0, random.integer(bytes.length));
const absurd = [2 ** 24, 2 ** 31, 2 ** 53, 1e300, -1, 0, 0.5, "many", null, [], {}];
const counts = ["num_hidden_layers", "hidden_size", "num_attention_heads", "intermediate_size", "vocab_size"];

const weights = "model.safetensors";
const lies: Lie[] = [
  { name: "a header of 2^60 bytes", file: weights, change: poke((b) => b.writeBigUInt64LE(2n ** 60n)) },
  { name: "a header of 2^64 - 1 bytes", file: weights, change: poke((b) => b.writeBigUInt64LE(2n ** 64n - 1n)) },
  { name: "a header longer than the file", file: weights, change: poke((b) => b.writeBigUInt64LE(BigInt(b.length))) },
  { name: "a file cut short", file: weights, change: cut },
  {
    name: "a changed header",
    file: weights,
    change: poke((b, r) => b.writeUInt8(r.integer(256), 8 + r.integer(2000))),
    mayOpen: true,
  },
  {
    name: "tensors that overlap",
    file: weights,
    change: header(
      (h, names, r) => void Object.assign(h[names[1 + r.integer(3)]!]!, { data_offsets: h[names[0]!]!.data_offsets }),
    ),
  },
  {
    name: "a tensor beyond the end",
    file: weights,
    change: header((h, names, r) => void Object.assign(h[r.choice(names)]!, { data_offsets: [2 ** 40, 2 ** 41] })),
  },
  {
    name: "a tensor that ends before it begins",
    file: weights,
    change: header((h, names, r) => void Object.assign(h[r.choice(names)]!, { data_offsets: [4096, 0] })),
  },
  {
    name: "an absurd shape",
    file: weights,
    change: header((h, names, r) => void Object.assign(h[r.choice(names)]!, { shape: [r.choice(absurd), 2 ** 40] })),
  },
  {
    name: "a shape of another size",
    file: weights,
    change: header((h, names, r) => void Object.assign(h[r.choice(names)]!, { shape: [3, 5] })),
  },
  {
    name: "a type that is none",
    file: weights,
    change: header(
      (h, names, r) => void Object.assign(h[r.choice(names)]!, { dtype: r.choice(["I64", "F99", "", "U8"]) }),
    ),
  },
  { name: "a missing tensor", file: weights, change: header((h, names, r) => delete h[r.choice(names)]) },
  { name: "no JSON", file: "config.json", change: cut },
  { name: "no object", file: "config.json", change: json((_, r) => r.choice([[], 7, "gpt2", [null]])) },
  {
    name: "an absurd count",
    file: "config.json",
    change: json(
      (c, r) => void Object.assign(c, { [r.choice(counts)]: r.choice(absurd.filter((value) => value !== null)) }),
    ),
  },
  {
    name: "an absurd context",
    file: "config.json",
    change: json(
      (c, r) => void Object.assign(c, { max_position_embeddings: 2 ** 24, head_dim: r.choice([2 ** 20, 2 ** 24]) }),
    ),
  },
  {
    name: "another family",
    file: "config.json",
    change: json((c, r) => void Object.assign(c, { model_type: r.choice(["gpt2", "bert", null, 3]) })),
  },
  {
    name: "one more layer",
    file: "config.json",
    change: json((c, r) => void Object.assign(c, { num_hidden_layers: 3 + r.integer(2 ** 20) })),
  },
  {
    name: "an odd activation",
    file: "config.json",
    change: json((c, r) => void Object.assign(c, { hidden_act: r.choice(["mish", "constructor", 4]) })),
  },
  { name: "a tokenizer cut short", file: "tokenizer.json", change: cut },
  {
    name: "a tokenizer without merges",
    file: "tokenizer.json",
    change: json((t) => void delete (t.model as Json).merges),
  },
  {
    name: "a tokenizer without a model",
    file: "tokenizer.json",
    change: json((t, r) => void Object.assign(t, { model: r.choice([null, 3, {}, "BPE"]) })),
  },
  {
    name: "a tokenizer with more words than the model",
    file: "tokenizer.json",
    change: json(
      (t) =>
        void Object.assign(t.model as Json, {
          vocab: Object.fromEntries(Array.from({ length: 99 }, (_, i) => [`w${i}`, i])),
        }),
    ),
  },
];

/** The same for GGUF files. */
const ggufLies: Lie[] = [
  { name: "a GGUF cut short", file: "model.gguf", change: cut },
  { name: "a GGUF with 2^60 tensors", file: "model.gguf", change: poke((b) => b.writeBigUInt64LE(2n ** 60n, 8)) },
  { name: "a GGUF with 2^60 entries", file: "model.gguf", change: poke((b) => b.writeBigUInt64LE(2n ** 60n, 16)) },
  {
    name: "a GGUF with a key of 2^40 bytes",
    file: "model.gguf",
    change: poke((b) => b.writeBigUInt64LE(2n ** 40n, 24)),
  },
  { name: "a GGUF of version 77", file: "model.gguf", change: poke((b) => b.writeUInt32LE(77, 4)) },
  { name: "no GGUF", file: "model.gguf", change: poke((b, r) => b.writeUInt8(r.integer(64), r.integer(4))) },
  {
    name: "a GGUF with a changed header",
    file: "model.gguf",
    change: poke((b, r) => b.writeUInt8(r.integer(256), 8 + r.integer(1800))),
    mayOpen: true,
  },
  {
    name: "a GGUF whose layers are absurd",
    file: "model.gguf",
    change: poke((b, r) => b.writeUInt32LE(r.choice([0, 2 ** 31, 2 ** 32 - 1]), valueAt(b, "llama.block_count"))),
  },
  {
    name: "a GGUF whose width is absurd",
    file: "model.gguf",
    change: poke((b, r) => b.writeUInt32LE(r.choice([0, 33, 2 ** 31]), valueAt(b, "llama.embedding_length"))),
  },
  {
    name: "a GGUF whose tensor is of no known type",
    file: "model.gguf",
    change: poke((b, r) => b.writeUInt32LE(4 + r.integer(2), b.indexOf("output_norm.weight") + 18 + 4 + 8)),
  },
  {
    name: "a GGUF whose tensor lies beyond the end",
    file: "model.gguf",
    change: poke((b) => b.writeBigUInt64LE(2n ** 40n, b.indexOf("output_norm.weight") + 18 + 4 + 8 + 4)),
  },
  {
    name: "a GGUF whose tensors overlap",
    file: "model.gguf",
    change: poke((b) => b.writeBigUInt64LE(0n, b.indexOf("output_norm.weight") + 18 + 4 + 8 + 4)),
  },
  {
    name: "a GGUF with an absurd shape",
    file: "model.gguf",
    change: poke((b, r) =>
      b.writeBigUInt64LE(2n ** BigInt(30 + r.integer(33)), b.indexOf("output_norm.weight") + 18 + 4),
    ),
  },
  {
    name: "a GGUF without anything in it",
    file: "model.gguf",
    change: (_, r) =>
      packGguf(r.choice([{}, { "general.architecture": "llama" }, { "general.architecture": "mamba" }]), []),
  },
];

describe("a model file that lies", () => {
  it("ends in a ModelFailure before memory is taken: 200 cases", async () => {
    using folder = temporaryFolder();
    using other = temporaryFolder();
    const model = reference.models.llama!;
    writeFolder(folder.path, model);
    const gguf = join(other.path, "model.gguf");
    const good = new Map([
      ...[weights, "config.json", "tokenizer.json"].map(
        (name) => [name, readFileSync(join(folder.path, name))] as const,
      ),
      ["model.gguf", ggufOf(model)],
    ]);
    const all = [...lies, ...ggufLies];
    const seen: string[] = [];
    let refused = 0;
    const most = process.memoryUsage().rss + 256 * 2 ** 20;
    for (let i = 0; i < 200; i++) {
      const { name, file, change, mayOpen = false } = all[i % all.length]!;
      const what = `case ${i}, ${name}`;
      const bytes = change(Buffer.from(good.get(file)!), createRandom(7, "lie", i));
      const path = file === "model.gguf" ? gguf : join(folder.path, file);
      writeFileSync(path, bytes);
      try {
        const decoder = await openModel(file === "model.gguf" ? gguf : folder.path, { threads: 1 });
        await decoder.dispose();
        assert.ok(mayOpen, `${what} was opened`);
      } catch (error) {
        if (!(error instanceof ModelFailure)) throw new Error(`${what}: no ModelFailure`, { cause: error });
        assert.ok(
          error.message.includes(other.path) || error.message.includes(folder.path),
          `${what}: ${error.message}`,
        );
        seen.push(error.message.replaceAll(other.path, "").replaceAll(folder.path, ""));
        refused++;
      }
      assert.ok(process.memoryUsage().rss < most, `${what} took ${process.memoryUsage().rss} bytes`);
      if (file !== "model.gguf") writeFileSync(path, good.get(file)!);
    }
    assert.ok(refused > 180, `${refused} refused`);
    assert.ok(new Set(seen).size > 60, `${new Set(seen).size} different reasons`);
  });

  it("is told by name and number", async () => {
    using folder = temporaryFolder();
    const { path } = folder;
    const fails = async (message: string) => assert.rejects(openModel(path, { threads: 1 }), { message });
    const model = reference.models.llama!;
    writeFolder(path, model);
    writeFileSync(
      join(path, weights),
      Buffer.concat([Buffer.from(BigUint64Array.of(2n ** 60n).buffer), Buffer.alloc(8)]),
    );
    await fails(
      `The model file ${join(path, weights)} is damaged: its header claims 1152921504606846976 bytes, the file has 16`,
    );
    writeFolder(path, { ...model, config: { ...model.config, num_hidden_layers: 9 } });
    await fails(
      `The model ${path} does not fit its config.json: weight model.layers.2.input_layernorm.weight is absent, expected [32]`,
    );
    writeFolder(path, { ...model, config: { ...model.config, max_position_embeddings: 2 ** 24, head_dim: 2 ** 22 } });
    await assert.rejects(openModel(path), {
      message: /^The model .* needs about \d+ MiB of memory, and \d+ MiB are free/,
    });
    writeFolder(path, model);
    writeFileSync(join(path, "tokenizer.json"), JSON.stringify({ ...characterTokenizer(), model: null }));
    await assert.rejects(openModel(path), { message: /tokenizer\.json is damaged: / });
  });

  it("that is not there is named, with what to do", async () => {
    using cache = temporaryFolder();
    await assert.rejects(openModel("no-such-model", { cacheFolder: cache.path }), {
      message:
        "There is no model no-such-model: give a folder, a GGUF file or a name; `npm run setup:smollm2` fetches one by the name smollm2",
    });
  });
});

/** Where the number of a metadata entry stands. */
function valueAt(bytes: Buffer, key: string): number {
  return bytes.indexOf(key) + key.length + 4;
}
