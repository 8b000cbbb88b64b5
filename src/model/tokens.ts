/**
 * Tokenizers: a Hugging Face `tokenizer.json`, or a small table of r50k's ids (GPT-2's byte-pair encoding) for the models
 * that this project trains. In such a table every single byte has an id, so that any text can be written; a piece that the
 * table lacks falls back to its bytes. Format: docs/formats.md.
 */

import type { Tokenizer } from "./types.ts";

/** The file `tokens.json`: id `i` of the model stands for r50k's id `ids[i]`. */
export interface TokenTable {
  encoding: "r50k_base";
  ids: readonly number[];
  /** The model's own id of the end-of-text token, r50k's 50256. */
  end: number;
}

const endOfText = 50256;
/** r50k's first ids are the 256 bytes, in GPT-2's order: those that print come first. */
const byteIds = 256;

/** Opens a table. Throws a RangeError that names what is wrong with it. */
export async function openTokenTable({ encoding, ids, end }: TokenTable): Promise<Tokenizer> {
  if (encoding !== "r50k_base") throw new RangeError(`Expected a token table of r50k_base, got one of ${encoding}`);
  if (!Array.isArray(ids) || ids[end] !== endOfText)
    throw new RangeError(`Expected token ${end} to be r50k's ${endOfText}, got ${ids?.[end]}`);
  const { encode, decode } = await import("gpt-tokenizer/encoding/r50k_base");
  const { default: pieces } = await import("gpt-tokenizer/bpeRanks/r50k_base");
  const bytesOf = (id: number): number[] => {
    const piece = pieces[id]!;
    return typeof piece === "string" ? [...Buffer.from(piece)] : [...piece];
  };
  const own = new Map((ids as number[]).map((id, i) => [id, i]));
  const byByte = new Map<number, number>();
  for (let id = 0; id < byteIds; id++) {
    const at = own.get(id);
    if (at === undefined)
      throw new RangeError(`Expected a token table with all ${byteIds} bytes, it lacks r50k's id ${id}`);
    byByte.set(bytesOf(id)[0]!, at);
  }
  const spell = (id: number): number[] => bytesOf(id).map((byte) => byByte.get(byte)!);
  return {
    size: ids.length,
    end: [end],
    prompt: "base",
    encode: (text) => encode(text, { disallowedSpecial: new Set() }).flatMap((id) => own.get(id) ?? spell(id)),
    decode: (all) => decode(all.filter((id) => id !== end).map((id) => ids[id]!)),
  };
}

/** Opens a parsed `tokenizer.json` with its `tokenizer_config.json`. `end`: ids that end a text. */
export async function openHuggingFaceTokenizer(
  file: object,
  config: object,
  end: readonly number[],
): Promise<Tokenizer> {
  const { Tokenizer: HuggingFace } = await import("@huggingface/tokenizers");
  const tokenizer = new HuggingFace(file, config);
  const special = new Set(end);
  const { chat_template: template } = config as { chat_template?: unknown };
  return {
    chatTemplate: typeof template === "string" ? template : undefined,
    size: tokenizer.get_vocab().size,
    end,
    encode: (text) => tokenizer.encode(text, { add_special_tokens: false }).ids,
    decode(ids) {
      const own = ids.filter((id) => !special.has(id));
      const options = { skip_special_tokens: false, clean_up_tokenization_spaces: false };
      return own.length === 0 ? "" : tokenizer.decode(own, options);
    },
  };
}
