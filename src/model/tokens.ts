/**
 * Tokenizers: a Hugging Face `tokenizer.json`, or a small table of r50k's ids (GPT-2's byte-pair encoding) for the models
 * that this project trains. In such a table every single byte has an id, so that any text can be written; a piece that the
 * table lacks falls back to its bytes. Format: docs/formats.md.
 */

import type { Tokenizer as HuggingFace } from "@huggingface/tokenizers";
import { encodeAside } from "./aside.ts";
import { byteLetters } from "./byte-letters.ts";
import { type EncoderParts, encoderOf, endOfText, openEncoder, openHuggingFace, r50kBytes } from "./encoders.ts";
import { leastOfBytes, leastTokens } from "./least.ts";
import { openChatTemplate, templateSource } from "./template.ts";
import type { Tokenizer } from "./types.ts";

/** The file `tokens.json`: id `i` of the model stands for r50k's id `ids[i]`. */
export interface TokenTable {
  encoding: "r50k_base";
  ids: readonly number[];
  /** The model's own id of the end-of-text token, r50k's 50256. */
  end: number;
  /** The prompt design that the model was trained on, by its name in `data/prompts/`. @default "base" */
  prompt?: string;
}

/** Opens a table. Throws a RangeError that names what is wrong with it. */
export async function openTokenTable({ encoding, ids, end, prompt = "base" }: TokenTable): Promise<Tokenizer> {
  if (encoding !== "r50k_base") throw new RangeError(`Expected a token table of r50k_base, got one of ${encoding}`);
  if (!Array.isArray(ids) || ids[end] !== endOfText)
    throw new RangeError(`Expected token ${end} to be r50k's ${endOfText}, got ${ids?.[end]}`);
  const parts: EncoderParts = { kind: "r50k", ids };
  const encode = await openEncoder(parts);
  const bytesOf = await r50kBytes();
  const bytes = ids.map((id: number) => (id === endOfText ? Buffer.of() : Buffer.from(bytesOf(id))));
  const longest = Math.max(1, ...bytes.map(({ length }) => length));
  return {
    size: ids.length,
    end: [end],
    prompt,
    encode,
    encodeAll: encodeAside(encode, parts),
    least: leastOfBytes(longest),
    // Not the package's own: what a text ends with in the middle of a character would stand at the next one's beginning.
    decode: (all) => Buffer.concat(all.map((id) => bytes[id]!)).toString(),
    piece(id) {
      if (id === end) return { name: "<|endoftext|>", bytes: null };
      return { name: bytes[id]!.toString(), bytes: bytes[id]! };
    },
  };
}

/** What a `tokenizer.json` is opened with. */
export interface TokenizerFiles {
  /** Of the model, for errors. */
  path: string;
  /** The parsed `tokenizer.json`. */
  file: object;
  /** The parsed `tokenizer_config.json`. */
  config: object;
  /** Ids that end a text, beside the config's `eos_token`. */
  end: readonly number[];
  /** The chat template, where it is a file of its own. @default the config's */
  template?: string | undefined;
}

/** Opens a Hugging Face tokenizer. */
export async function openHuggingFaceTokenizer({
  path,
  file,
  config,
  end: given,
  template: own,
}: TokenizerFiles): Promise<Tokenizer> {
  const tokenizer = await openHuggingFace(file, config);
  const { chat_template: template, ...settings } = config as { [field: string]: unknown };
  const marks = Object.fromEntries(
    ["bos_token", "eos_token", "unk_token", "pad_token"].map((name) => [name, tokenText(settings[name])]),
  );
  const ending = marks.eos_token === undefined ? undefined : tokenizer.token_to_id(marks.eos_token);
  const end = [...new Set([...given, ...(ending === undefined ? [] : [ending])])];
  const hidden = new Set(end);
  const added = (file as { added_tokens?: { content?: unknown; special?: unknown }[] }).added_tokens ?? [];
  const special = added.flatMap(({ content, special: is }) =>
    is === true && typeof content === "string" ? [content] : [],
  );
  const bytesOf = byteReader(file);
  const source = own ?? templateSource(template);
  const encode = encoderOf(tokenizer);
  return {
    chat: source === undefined ? undefined : await openChatTemplate(path, source, marks, special),
    size: tokenizer.get_vocab().size,
    end,
    special,
    begin: beginOf(tokenizer, settings, marks.bos_token && tokenizer.token_to_id(marks.bos_token)),
    encode,
    encodeAll: encodeAside(encode, { kind: "file", file, config: settings }),
    least: leastTokens(file, settings),
    decode(ids) {
      const shown = ids.filter((id) => !hidden.has(id));
      const options = { skip_special_tokens: false, clean_up_tokenization_spaces: false };
      return shown.length === 0 ? "" : tokenizer.decode(shown, options);
    },
    piece(id) {
      const name = tokenizer.id_to_token(id);
      if (name === undefined) return { name: `token_id:${id}`, bytes: null };
      return { name, bytes: hidden.has(id) ? null : bytesOf(name) };
    },
  };
}

/** A token in a `tokenizer_config.json`: a text, or an object with one. */
function tokenText(value: unknown): string | undefined {
  const text = typeof value === "object" && value !== null ? (value as { content?: unknown }).content : value;
  return typeof text === "string" ? text : undefined;
}

/** What tokens stand for, by their names, as the file's decoder has it. */
function byteReader(file: object): (name: string) => Uint8Array {
  const {
    decoder,
    model,
    added_tokens: added = [],
  } = file as {
    decoder?: unknown;
    model?: { byte_fallback?: unknown };
    added_tokens?: readonly { content?: unknown }[];
  };
  const plain = new Set(added.map(({ content }) => content));
  const letters = JSON.stringify(decoder ?? null).includes('"ByteLevel"') ? byteLetters() : null;
  return (name) => {
    if (plain.has(name)) return Buffer.from(name);
    const bytes = letters && [...name].map((letter) => letters.get(letter));
    if (bytes?.every((byte) => byte !== undefined)) return Uint8Array.from(bytes);
    const [, byte] = (model?.byte_fallback === true && /^<0x([0-9A-F]{2})>$/.exec(name)) || [];
    return byte === undefined ? Buffer.from(name.replaceAll("\u2581", " ")) : Uint8Array.of(Number.parseInt(byte, 16));
  };
}

/** What the post-processor puts before a text; Llama's class of tokenizers asks `add_bos_token` instead. */
function beginOf(
  tokenizer: HuggingFace,
  { tokenizer_class: name, add_bos_token: adds }: { [field: string]: unknown },
  beginning: string | number | undefined,
): number[] {
  if (/^(Code)?Llama/.test(String(name)) && typeof adds === "boolean")
    return adds && typeof beginning === "number" ? [beginning] : [];
  const [plain, whole] = [false, true].map((add) => tokenizer.encode("a", { add_special_tokens: add }).ids) as [
    number[],
    number[],
  ];
  const at = whole.findIndex((_, i) => plain.every((id, j) => whole[i + j] === id));
  return whole.slice(0, Math.max(0, at));
}
