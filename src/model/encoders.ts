/** From texts to token ids, by what a tokenizer's files say: what a process and its thread for long texts (`aside.ts`) share. */

import type { Tokenizer as HuggingFace } from "@huggingface/tokenizers";
import { createMerger } from "./merge.ts";

/** What a text is cut by: a parsed `tokenizer.json` with its `tokenizer_config.json`, or r50k's tokens, of which a model has some. */
export type EncoderParts = { kind: "file"; file: object; config: object } | { kind: "r50k"; ids: readonly number[] };

/** Makes ids of texts. */
export async function openEncoder(parts: EncoderParts): Promise<(text: string) => number[]> {
  return parts.kind === "file" ? encoderOf(await openHuggingFace(parts.file, parts.config)) : r50kEncoder(parts.ids);
}

/** The library's tokenizer of two parsed files. */
export async function openHuggingFace(file: object, config: object): Promise<HuggingFace> {
  const { Tokenizer } = await import("@huggingface/tokenizers");
  return new Tokenizer(withRustDigits(file), config);
}

/** Its ids of a text alone, without what its post-processor adds. */
export function encoderOf(tokenizer: HuggingFace): (text: string) => number[] {
  return (text) => tokenizer.encode(text, { add_special_tokens: false }).ids;
}

/** Digits as Rust's tokenizers have them: every number of Unicode, where JavaScript's package takes 0 to 9 alone. */
function withRustDigits(file: object): object {
  const mended = (part: unknown): unknown => {
    const { type, individual_digits: single, pretokenizers } = (part ?? {}) as { [field: string]: unknown };
    if (type === "Digits")
      return {
        ...{ type: "Split", behavior: "Isolated", invert: false },
        pattern: { Regex: single === true ? "\\p{N}" : "\\p{N}+" },
      };
    return type === "Sequence" && Array.isArray(pretokenizers)
      ? { ...(part as object), pretokenizers: pretokenizers.map(mended) }
      : part;
  };
  return { ...file, pre_tokenizer: mended((file as { pre_tokenizer?: unknown }).pre_tokenizer) };
}

/** r50k's first ids are the 256 bytes, in GPT-2's order: those that print come first. */
const byteIds = 256;

/** A word of more characters is merged here: the package's time for a word grows with the square of its length. */
const longWord = 256;

/**
 * By a table of r50k's ids: id `i` stands for `ids[i]`, and a piece that the table lacks falls back to its bytes. `<|endoftext|>`
 * is text like any other. Throws a RangeError if a byte has no id.
 */
async function r50kEncoder(ids: readonly number[]): Promise<(text: string) => number[]> {
  const { encode } = await import("gpt-tokenizer/encoding/r50k_base");
  const { R50K_TOKEN_SPLIT_REGEX: words } = await import("gpt-tokenizer/encodingParams/constants");
  const bytesOf = await r50kBytes();
  const own = new Map(ids.map((id, i) => [id, i]));
  const byByte = new Map<number, number>();
  for (let id = 0; id < byteIds; id++) {
    const at = own.get(id);
    if (at === undefined)
      throw new RangeError(`Expected a token table with all ${byteIds} bytes, it lacks r50k's id ${id}`);
    byByte.set(bytesOf(id)[0]!, at);
  }
  const spell = (id: number): number[] => bytesOf(id).map((byte) => byByte.get(byte)!);
  const plain = { disallowedSpecial: new Set<string>() };
  let merge: ReturnType<typeof createMerger> | undefined;
  const whole = (text: string): number[] => {
    const found = text.length > longWord ? text.match(words) : null;
    if (!found?.some((word) => word.length > longWord)) return encode(text, plain);
    // Word by word: a part of a text that ends in spaces would be cut otherwise there.
    merge ??= createMerger(Array.from({ length: endOfText }, (_, id) => bytesOf(id)));
    const long = merge;
    return found.flatMap((word) => (word.length > longWord ? long(Buffer.from(word)) : encode(word, plain)));
  };
  return (text) => whole(text).flatMap((id) => own.get(id) ?? spell(id));
}

/** r50k's id of the end of a text. */
export const endOfText = 50256;

/** The bytes of r50k's tokens, by id. */
export async function r50kBytes(): Promise<(id: number) => number[]> {
  const { default: pieces } = await import("gpt-tokenizer/bpeRanks/r50k_base");
  return (id) => {
    const piece = pieces[id]!;
    return typeof piece === "string" ? [...Buffer.from(piece)] : [...piece];
  };
}
