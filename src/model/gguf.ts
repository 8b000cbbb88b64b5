/**
 * A model in one GGUF file, llama.cpp's format: shape and tokenizer out of the metadata (read by `@huggingface/gguf`),
 * weights out of the blocks behind it. Source: ggml's docs/gguf.md. Not here: the shape
 * (`gguf-config.ts`), the blocks (`dequantise.ts`), the tokenizer (`gguf-tokenizer.ts`).
 */

import { open, stat } from "node:fs/promises";
import { gguf } from "@huggingface/gguf";
import { architectureOf, typeOf } from "./architectures/index.ts";
import type { GgufFamily, GgufLayout } from "./architectures/types.ts";
import { type BlockType, blockTypes, dequantise } from "./dequantise.ts";
import { ModelFailure } from "./error.ts";
import { type GgufConfig, type GgufMetadata, ggufConfig } from "./gguf-config.ts";
import { ggufTokenizerFiles, openGgufTokenizer } from "./gguf-tokenizer.ts";
import { transpose } from "./matmul.ts";
import { readBytes } from "./safetensors.ts";
import { type Companion, checkTokenizer, configText, type ModelSource, type SourceWeight } from "./source.ts";

/** Where a tensor lies. */
interface Place {
  /** As ggml has it: the fastest dimension first. */
  shape: number[];
  type: BlockType;
  at: number;
  bytes: number;
}

/** Reads the header of a GGUF file. Throws a ModelFailure that says what is damaged or not supported. */
export async function readGguf(path: string): Promise<ModelSource> {
  const { metadata, places } = await readHeader(path);
  const frequencies = places.get("rope_freqs.weight");
  const { config, file } = ggufConfig(path, metadata, {
    shapes: new Map([...places].map(([name, { shape }]) => [name, shape])),
    ...(frequencies && { divisors: [...(await readPlace(path, frequencies))] }),
  });
  const { gguf: family } = architectureOf(config);
  const weights = new Map<string, SourceWeight>();
  const others = new Map<string, string>();
  for (const [name, place] of places) {
    if (place === frequencies) continue;
    const own = huggingFaceName(name, family);
    if (own === null) others.set(name, place.type.name);
    else weights.set(own, ggufWeight(path, place, family.layoutOf(name, metadata["general.architecture"], config)));
  }
  return {
    path,
    config,
    weights,
    others,
    files: [path],
    async openTokenizer() {
      return checkTokenizer(path, await openGgufTokenizer(path, metadata), config);
    },
    companions: async () => ggufCompanions(path, metadata, { config, file }),
  };
}

/** The files that a folder of Hugging Face's has beside the weights. */
function ggufCompanions(path: string, metadata: GgufMetadata, { config, file }: GgufConfig): Companion[] {
  const { attentionBias = false, outputBias = false, feedBias = false, rope } = config;
  const refuse = (what: string, value: string): never => {
    const supported = "merge the adapter into the model's own safetensors folder";
    throw new ModelFailure({
      kind: "unsupported",
      path,
      what,
      value: `${value} that config.json has no field for`,
      supported,
    });
  };
  if (rope?.kind === "divided") refuse("rotary frequencies", "in a table");
  const isLlama = file.model_type === "llama";
  if (isLlama && attentionBias !== outputBias) refuse("biases in some of attention's matrices,", "a choice");
  const tokenizer = ggufTokenizerFiles(path, metadata);
  const [first] = tokenizer.end;
  const json = (value: object) => `${JSON.stringify(value, null, 2)}\n`;
  const biases = isLlama ? { ...(attentionBias && { attention_bias: true }), ...(feedBias && { mlp_bias: true }) } : {};
  return [
    {
      name: "config.json",
      content: configText({ ...file, ...biases, ...(first !== undefined && { eos_token_id: first }) }),
    },
    { name: "generation_config.json", content: json({ eos_token_id: tokenizer.end }) },
    { name: "tokenizer.json", content: JSON.stringify(tokenizer.file) },
    { name: "tokenizer_config.json", content: json(tokenizer.config) },
  ];
}

/** Metadata and places, each place checked against the file's size. */
async function readHeader(path: string): Promise<{ metadata: GgufMetadata; places: Map<string, Place> }> {
  const damaged = (reason: string, cause?: unknown) => new ModelFailure({ kind: "damaged", path, reason }, { cause });
  const { size } = await stat(path);
  let parsed: Awaited<ReturnType<typeof gguf>>;
  try {
    parsed = await gguf(path, { allowLocalFile: true });
  } catch (cause) {
    throw damaged(`its header cannot be read (${(cause as Error).message})`, cause);
  }
  const metadata = parsed.metadata as unknown as GgufMetadata;
  typeOf(path, "the architecture", metadata["general.architecture"]);
  const parts = Number(metadata["split.count"] ?? 1);
  if (parts > 1)
    throw new ModelFailure({
      ...{ kind: "unsupported", path, what: "weights in several files,", value: `${parts} of them` },
      supported: "join them with llama.cpp's `llama-gguf-split --merge`",
    });
  const start = Number(parsed.tensorDataOffset);
  const places = new Map<string, Place>();
  for (const { name, shape, dtype, offset } of parsed.tensorInfos) {
    const type = blockTypes.get(dtype);
    const supported = `${[...blockTypes.values()].map((known) => known.name).join(", ")} are`;
    if (type === undefined)
      throw new ModelFailure({
        kind: "unsupported",
        path,
        what: `in ${JSON.stringify(name)} the block type`,
        value: `${dtype}`,
        supported,
      });
    const sizes = shape.map(Number);
    const count = sizes.reduce((product, length) => product * length, 1);
    const at = start + Number(offset);
    const bytes = (count / type.weights) * type.bytes;
    const blocks = (sizes[0] ?? 0) % type.weights === 0 && count > 0;
    if (!blocks || !Number.isSafeInteger(bytes))
      throw damaged(`tensor ${JSON.stringify(name)} has the shape [${sizes}], no whole blocks of ${type.name}`);
    if (!(at >= start) || at + bytes > size)
      throw damaged(`tensor ${JSON.stringify(name)} lies at ${at} to ${at + bytes}, the file has ${size} bytes`);
    if (places.has(name)) throw damaged(`it has two tensors ${JSON.stringify(name)}`);
    places.set(name, { shape: sizes, type, at, bytes });
  }
  const ordered = [...places].sort(([, a], [, b]) => a.at - b.at);
  for (const [i, [name, { at }]] of ordered.entries()) {
    const before = ordered[i - 1];
    if (before && before[1].at + before[1].bytes > at)
      throw damaged(`tensors ${JSON.stringify(before[0])} and ${JSON.stringify(name)} overlap`);
  }
  return { metadata, places };
}

/** `blk.3.attn_q.weight` to `model.layers.3.self_attn.q_proj.weight`; null for what a decoder does not need. */
function huggingFaceName(name: string, { names, layerNames, layerPrefix }: GgufFamily): string | null {
  const [, layer, part, kind] = /^(?:blk\.(\d+)\.)?(\w+)\.(weight|bias)$/.exec(name) ?? [];
  if (part === undefined) return null;
  const own = (layer === undefined ? names : layerNames)[part];
  if (own === undefined) return null;
  const at = layer === undefined ? "" : `${layerPrefix}${layer}.`;
  return `${at}${own}.${kind}`;
}

function ggufWeight(path: string, place: Place, layout: GgufLayout): SourceWeight {
  const { shape } = place;
  const reversed = [...shape].reverse();
  return {
    shape: layout.kind === "transposed" ? shape : reversed,
    async read() {
      const values = await readPlace(path, place);
      if (layout.kind === "transposed") return transpose(values, reversed[0]!, reversed[1]!);
      return layout.kind === "pairs" ? halvesApart(values, reversed, layout.heads) : values;
    },
  };
}

async function readPlace(path: string, { type, at, bytes }: Place): Promise<Float32Array> {
  const file = await open(path, "r");
  try {
    return dequantise(await readBytes(file, { path, at, bytes }), type);
  } finally {
    await file.close();
  }
}

/** Rows of each head: 0 1 2 3 4 5 become 0 2 4 1 3 5. */
function halvesApart(values: Float32Array, [rows = 1, columns = 1]: number[], heads: number): Float32Array {
  const out = new Float32Array(values.length);
  const width = rows / heads;
  for (let row = 0; row < rows; row++) {
    const head = Math.floor(row / width);
    const i = row % width;
    const from = head * width + (i % (width / 2)) * 2 + Math.floor(i / (width / 2));
    out.set(values.subarray(from * columns, (from + 1) * columns), row * columns);
  }
  return out;
}
