/** Models whose weights come out of a formula, written in every file format that is read. The oracle has the same formula. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { packSafetensors } from "../../src/model/index.ts";

/** What Transformers said of a model of the formula. */
export interface Reference {
  config: { [key: string]: unknown };
  shapes: { [name: string]: number[] };
  rows: { ids: number[]; hidden: number[]; logits: number[] }[];
}

/** The oracle's file; `oracle.py` writes it. */
export const reference = JSON.parse(readFileSync(join(import.meta.dirname, "fixtures", "reference.json"), "utf8")) as {
  models: { [name: string]: Reference };
  blocks: { [type: string]: { bytes: string; values: number[] } };
};

/** Steps of 1/256 between -0.25 and 0.25, which float16 and bfloat16 hold exactly; norms about 1. */
export function weightOf(name: string, shape: readonly number[]): Float32Array {
  const start = crc32(name);
  const norm = /norm|ln_/.test(name) && name.endsWith("weight");
  const count = shape.reduce((product, size) => product * size, 1);
  return Float32Array.from({ length: count }, (_, i) => {
    let x = (i + start) | 0;
    x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
    x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
    x ^= x >>> 16;
    const value = ((x >>> 25) - 64) / 256;
    return norm ? 1 + Math.floor(value * 128) / 128 : value;
  });
}

/** A folder that is gone after the test. */
export function temporaryFolder(): { path: string; [Symbol.dispose](): void } {
  const path = mkdtempSync(join(tmpdir(), "autoagent-model-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** A tokenizer.json of single characters, 40 of them, with an end. */
export function characterTokenizer(): object {
  const characters = [..."abcdefghijklmnopqrstuvwxyz (){};=.,0123"].map((c) => (c === " " ? "Ġ" : c));
  const vocab = Object.fromEntries([...characters, "<end>"].map((text, id) => [text, id]));
  const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true };
  return {
    version: "1.0",
    added_tokens: [
      {
        id: vocab["<end>"],
        content: "<end>",
        special: true,
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
      },
    ],
    normalizer: null,
    pre_tokenizer: byteLevel,
    post_processor: null,
    decoder: byteLevel,
    model: {
      type: "BPE",
      unk_token: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab,
      merges: [],
    },
  };
}

/** Id of `<end>` in it. */
export const endId = 39;

/** Writes a Hugging Face folder of the formula's weights. */
export function writeFolder(
  path: string,
  { config, shapes }: Reference,
  { type = "F32", shards = 1 }: { type?: "F32" | "F16" | "BF16"; shards?: number } = {},
): void {
  const file = { ...config, eos_token_id: endId };
  writeFileSync(join(path, "config.json"), JSON.stringify(file));
  writeFileSync(join(path, "tokenizer.json"), JSON.stringify(characterTokenizer()));
  const names = Object.keys(shapes);
  const pack = (some: readonly string[]): Buffer => {
    const tensors = some.map((name) => ({ name, shape: shapes[name]!, values: weightOf(name, shapes[name]!) }));
    return type === "BF16" ? packBF16(tensors) : packSafetensors(tensors, { type });
  };
  if (shards === 1) return writeFileSync(join(path, "model.safetensors"), pack(names));
  const map: { [name: string]: string } = {};
  for (let shard = 0; shard < shards; shard++) {
    const own = names.filter((_, i) => i % shards === shard);
    for (const name of own) map[name] = `model-${shard}.safetensors`;
    writeFileSync(join(path, `model-${shard}.safetensors`), pack(own));
  }
  writeFileSync(join(path, "model.safetensors.index.json"), JSON.stringify({ weight_map: map }));
}

/** The upper halves of the floats, in a safetensors file. */
function packBF16(tensors: { name: string; shape: readonly number[]; values: Float32Array }[]): Buffer {
  const header: { [name: string]: unknown } = {};
  const parts: Buffer[] = [];
  let at = 0;
  for (const { name, shape, values } of tensors) {
    const bytes = halves(values);
    header[name] = { dtype: "BF16", shape, data_offsets: [at, at + bytes.length] };
    at += bytes.length;
    parts.push(bytes);
  }
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, ...parts]);
}

/** As bfloat16. */
export function halves(values: Float32Array): Buffer {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  return Buffer.from(Uint16Array.from(bits, (word) => word >>> 16).buffer);
}

/** A tensor of a GGUF file: ggml's type number, ggml's shape (fastest first). */
export interface GgufTensor {
  name: string;
  shape: readonly number[];
  type: number;
  data: Uint8Array;
}

/** A GGUF file, version 3, as far as the tests need it. Numbers become uint32, or float32 where they are no whole numbers. */
export function packGguf(
  metadata: { [key: string]: string | number | boolean | readonly string[] | readonly number[] },
  tensors: readonly GgufTensor[],
): Buffer {
  const u32 = (value: number) => Buffer.from(Uint32Array.of(value).buffer);
  const u64 = (value: number) => Buffer.from(BigUint64Array.of(BigInt(value)).buffer);
  const text = (value: string) => Buffer.concat([u64(Buffer.byteLength(value)), Buffer.from(value)]);
  const scalar = (value: string | number | boolean): [number, Buffer] =>
    typeof value === "boolean"
      ? [7, Buffer.of(value ? 1 : 0)]
      : typeof value === "string"
        ? [8, text(value)]
        : Number.isInteger(value)
          ? [4, u32(value)]
          : [6, Buffer.from(Float32Array.of(value).buffer)];
  const entry = ([key, value]: [string, (typeof metadata)[string]]): Buffer => {
    if (typeof value !== "object") {
      const [type, bytes] = scalar(value);
      return Buffer.concat([text(key), u32(type), bytes]);
    }
    const items = value.map(scalar);
    return Buffer.concat([text(key), u32(9), u32(items[0]?.[0] ?? 8), u64(items.length), ...items.map(([, b]) => b)]);
  };
  const padded = (bytes: Uint8Array) => Buffer.concat([bytes, Buffer.alloc((32 - (bytes.length % 32)) % 32)]);
  let at = 0;
  const infos = tensors.map(({ name, shape, type, data }) => {
    const info = Buffer.concat([text(name), u32(shape.length), ...shape.map(u64), u32(type), u64(at)]);
    at += padded(data).length;
    return info;
  });
  const entries = Object.entries(metadata);
  const head = [Buffer.from("GGUF"), u32(3), u64(tensors.length), u64(entries.length), ...entries.map(entry), ...infos];
  return Buffer.concat([padded(Buffer.concat(head)), ...tensors.map(({ data }) => padded(data))]);
}

const ggufNames: [RegExp, string][] = [
  [/^transformer\.wte/, "token_embd"],
  [/^transformer\.wpe/, "position_embd"],
  [/^transformer\.ln_f/, "output_norm"],
  [/^model\.embed_tokens/, "token_embd"],
  [/^model\.norm/, "output_norm"],
  [/^lm_head/, "output"],
  [/^(?:transformer\.h|model\.layers)\.(\d+)\./, "blk.$1."],
  [/ln_1|input_layernorm/, "attn_norm"],
  [/ln_2|post_attention_layernorm/, "ffn_norm"],
  [/attn\.c_attn/, "attn_qkv"],
  [/attn\.c_proj|self_attn\.o_proj/, "attn_output"],
  [/mlp\.c_fc|mlp\.up_proj/, "ffn_up"],
  [/mlp\.c_proj|mlp\.down_proj/, "ffn_down"],
  [/mlp\.gate_proj/, "ffn_gate"],
  [/self_attn\.([qkv])_proj/, "attn_$1"],
];

/** The formula's model as llama.cpp's converter would write it, in F32 (0), F16 (1) or BF16 (30); `more` goes into the metadata. */
export function ggufOf(
  { config, shapes }: Reference,
  type: 0 | 1 | 30 = 0,
  more: { [key: string]: string | number | boolean } = {},
): Buffer {
  const architecture = String(config.model_type);
  const number = (...keys: string[]) => Number(keys.map((key) => config[key]).find((value) => value != null));
  const heads = number("n_head", "num_attention_heads");
  const width = number("n_embd", "hidden_size");
  const own: { [key: string]: number } = {
    embedding_length: width,
    "attention.head_count": heads,
    block_count: number("n_layer", "num_hidden_layers"),
    context_length: number("n_positions", "max_position_embeddings"),
    feed_forward_length: number("n_inner", "intermediate_size") || 4 * width,
  };
  if (architecture === "gpt2") own["attention.layer_norm_epsilon"] = number("layer_norm_epsilon");
  else {
    own["attention.head_count_kv"] = number("num_key_value_heads");
    own["attention.layer_norm_rms_epsilon"] = number("rms_norm_eps");
    own["rope.freq_base"] = number("rope_theta");
    own["rope.dimension_count"] = number("head_dim") || width / heads;
  }
  const { model } = characterTokenizer() as { model: { vocab: { [text: string]: number } } };
  const tokens = Object.keys(model.vocab);
  const tensors = Object.entries(shapes).map(([name, shape]): GgufTensor => {
    let values = weightOf(name, shape);
    let [rows = 1, columns = 1] = shape;
    if (architecture === "gpt2" && shape.length === 2 && /h\.\d+\./.test(name)) {
      const turned = new Float32Array(values.length);
      for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) turned[c * rows + r] = values[r * columns + c]!;
      [values, rows, columns] = [turned, columns, rows];
    }
    const part = architecture === "llama" ? /self_attn\.([qk])_proj/.exec(name)?.[1] : undefined;
    if (part !== undefined)
      values = sideBySide(values, rows, columns, part === "q" ? heads : number("num_key_value_heads"));
    const data =
      type === 0
        ? Buffer.from(values.buffer)
        : type === 1
          ? Buffer.from(new Float16Array(values).buffer)
          : halves(values);
    const ggmlShape = shape.length === 2 ? [columns, rows] : [...shape];
    return { name: ggufNames.reduce((text, [from, to]) => text.replace(from, to), name), shape: ggmlShape, type, data };
  });
  const metadata = {
    "general.architecture": architecture,
    ...Object.fromEntries(Object.entries(own).map(([key, value]) => [`${architecture}.${key}`, value])),
    "tokenizer.ggml.model": "gpt2",
    "tokenizer.ggml.pre": "gpt-2",
    "tokenizer.ggml.tokens": tokens,
    "tokenizer.ggml.token_type": tokens.map((text) => (text === "<end>" ? 3 : 1)),
    "tokenizer.ggml.merges": [] as string[],
    "tokenizer.ggml.eos_token_id": endId,
    ...more,
  };
  return packGguf(metadata, tensors);
}

/** llama.cpp's order of the rows of each head: 0 3 1 4 2 5. */
function sideBySide(values: Float32Array, rows: number, columns: number, heads: number): Float32Array {
  const width = rows / heads;
  const out = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    const head = Math.floor(row / width);
    const i = row % width;
    const from = head * width + (i % 2) * (width / 2) + Math.floor(i / 2);
    out.set(values.subarray(from * columns, (from + 1) * columns), row * columns);
  }
  return out;
}

/** Largest distance between two lists, relative to the largest expected value. */
export function distance(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (found.length !== expected.length) return Number.POSITIVE_INFINITY;
  let most = 0;
  let size = 0;
  for (let i = 0; i < expected.length; i++) {
    most = Math.max(most, Math.abs(found[i]! - expected[i]!));
    size = Math.max(size, Math.abs(expected[i]!));
  }
  return most / size;
}

/** A Llama whose every id the character tokenizer knows, with a context of `context`. */
export function writingModel({ context = 512 } = {}): Reference {
  const { config, shapes } = reference.models.llama!;
  const vocabulary = endId + 1;
  const cut = (shape: number[]) => (shape[0] === config.vocab_size ? [vocabulary, ...shape.slice(1)] : shape);
  return {
    config: { ...config, vocab_size: vocabulary, max_position_embeddings: context },
    shapes: Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, cut(shape)])),
    rows: [],
  };
}
