/**
 * The tokenizer inside a GGUF file as Hugging Face's tokenizer.json: byte-level BPE (`tokenizer.ggml.model` "gpt2"), with
 * the way that each model cuts text before (`tokenizer.ggml.pre`). The patterns are those of the models' own tokenizer.json.
 */

import { ModelFailure } from "./error.ts";
import { openHuggingFaceTokenizer } from "./tokens.ts";
import type { Tokenizer } from "./types.ts";

const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true };
const cutAt = (pattern: string) => [
  { type: "Split", pattern: { Regex: pattern }, behavior: "Isolated", invert: false },
  { ...byteLevel, use_regex: false },
];
const words = "[^\\r\\n\\p{L}\\p{N}]?\\p{L}+";
const rest = " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

/** How text is cut before its pieces are merged, by the name that llama.cpp gives it. */
const cuts: { [name: string]: object[] } = {
  "gpt-2": [{ ...byteLevel, use_regex: true }],
  default: [{ ...byteLevel, use_regex: true }],
  smollm: [
    { type: "Digits", individual_digits: true },
    { ...byteLevel, use_regex: true },
  ],
  "llama-bpe": cutAt(`(?i:'s|'t|'re|'ve|'m|'ll|'d)|${words}|\\p{N}{1,3}|${rest}`),
  qwen2: cutAt(`(?i:'s|'t|'re|'ve|'m|'ll|'d)|${words}|\\p{N}|${rest}`),
};

/** ggml's kinds of tokens that are written as they are. */
const special = new Set([3, 4]);

/** Opens the tokenizer of a GGUF file's metadata. Throws a ModelFailure for one that is damaged or not supported. */
export async function openGgufTokenizer(path: string, metadata: { [key: string]: unknown }): Promise<Tokenizer> {
  const { file, config, end } = ggufTokenizerFiles(path, metadata);
  try {
    return await openHuggingFaceTokenizer({ path, file, config, end });
  } catch (cause) {
    const reason = `its tokenizer cannot be read (${(cause as Error).message})`;
    throw new ModelFailure({ kind: "damaged", path, reason }, { cause });
  }
}

/** What tokenizer.json and tokenizer_config.json would hold, and the ids that end a text. */
export function ggufTokenizerFiles(
  path: string,
  metadata: { [key: string]: unknown },
): { file: object; config: object; end: number[] } {
  const of = (key: string): unknown => metadata[`tokenizer.${key}`];
  const unsupported = (what: string, value: unknown, known: string) =>
    new ModelFailure({ kind: "unsupported", path, what, value: JSON.stringify(value) ?? "none", supported: known });
  if (of("ggml.model") !== "gpt2") throw unsupported("the tokenizer", of("ggml.model"), "byte-level BPE (gpt2) is");
  const cut = String(of("ggml.pre") ?? "default");
  const pre = Object.hasOwn(cuts, cut) ? cuts[cut] : undefined;
  if (pre === undefined) throw unsupported("the tokenizer's cut", cut, `${Object.keys(cuts).join(", ")} are`);
  const texts = (key: string): string[] => {
    const list = of(key);
    if (!Array.isArray(list) || !list.every((text) => typeof text === "string"))
      throw new ModelFailure({ kind: "damaged", path, reason: `its tokenizer.${key} is no list of texts` });
    return list;
  };
  const tokens = texts("ggml.tokens");
  const merges = texts("ggml.merges");
  const kinds = (of("ggml.token_type") as number[] | undefined) ?? [];
  const flags = { special: true, single_word: false, lstrip: false, rstrip: false, normalized: false };
  const added = tokens.map((content, id) => ({ id, content, ...flags })).filter(({ id }) => special.has(kinds[id]!));
  const named = (key: string): string | undefined => tokens[Number(of(`ggml.${key}`))];
  const vocab = Object.fromEntries(tokens.map((text, id) => [text, id]));
  // Of Llama 3: a piece that is a token stays one, whatever the merges make of it.
  const whole = cut === "llama-bpe";
  const model = { type: "BPE", unk_token: null, fuse_unk: false, byte_fallback: false, ignore_merges: whole };
  const begin = named("bos_token_id");
  const adds = begin !== undefined && Boolean(of("ggml.add_bos_token") ?? whole);
  const ends = [of("ggml.eos_token_id"), of("ggml.eot_token_id")].map(Number);
  return {
    file: {
      version: "1.0",
      added_tokens: added,
      normalizer: null,
      pre_tokenizer: { type: "Sequence", pretokenizers: pre },
      post_processor: adds ? beginWith(begin, Number(of("ggml.bos_token_id"))) : null,
      decoder: { ...byteLevel, use_regex: true },
      model: { ...model, vocab, merges },
    },
    config: {
      tokenizer_class: "GPT2Tokenizer",
      bos_token: begin,
      eos_token: named("eos_token_id"),
      add_prefix_space: false,
      clean_up_tokenization_spaces: false,
      chat_template: of("chat_template"),
    },
    end: [...new Set(ends.filter((id) => Number.isInteger(id) && id < tokens.length))],
  };
}

/** A post-processor that puts one token before each text. */
function beginWith(token: string, id: number): object {
  const [first, text] = [{ SpecialToken: { id: token, type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }];
  return {
    type: "TemplateProcessing",
    single: [first, text],
    pair: [first, text, { Sequence: { id: "B", type_id: 1 } }],
    special_tokens: { [token]: { id: token, ids: [id], tokens: [token] } },
  };
}
