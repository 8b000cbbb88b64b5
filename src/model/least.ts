/**
 * How few tokens a text can have, told from its length and the longest token of a vocabulary, before any of it is cut: what
 * cannot fit is refused at once. Holds only where every character of a text ends up in some token, so files that
 * might leave some out (a normalizer that strips, a character that becomes nothing) say 0.
 */

import { byteLetters } from "./byte-letters.ts";

type Part = { readonly [field: string]: unknown };

/** A number of tokens that a text has at least. */
export type LeastTokens = (text: string) => number;

/** For a vocabulary of bytes of which the longest has so many. */
export function leastOfBytes(longest: number): LeastTokens {
  return (text) => Math.ceil(Buffer.byteLength(text) / longest);
}

/** For a parsed `tokenizer.json` and `tokenizer_config.json`. */
export function leastTokens(file: object, settings: object): LeastTokens {
  const { normalizer, pre_tokenizer: cut, model, added_tokens: added } = file as Part;
  const { remove_space: squeezes, do_lowercase_and_remove_accent: strips } = settings as Part;
  const tokens = (Array.isArray(added) ? added : []) as Part[];
  const normalizers = flat(normalizer, "normalizers");
  const cuts = flat(cut, "pretokenizers");
  const bytes = cuts.some(({ type }) => type === "ByteLevel");
  const vocabulary = (model as Part).vocab as { readonly [text: string]: number };
  const keepsAll =
    squeezes !== true &&
    strips !== true &&
    tokens.every(({ lstrip, rstrip }) => lstrip !== true && rstrip !== true) &&
    normalizers.every(normalizerKeeps) &&
    cuts.every(cutKeeps) &&
    modelKeeps(model as Part, bytes);
  if (!keepsAll) return () => 0;
  // A character of two UTF-16 units may be one token, of no name in the vocabulary.
  let longest = 2;
  for (const text in vocabulary) longest = Math.max(longest, text.length);
  for (const { content } of tokens) longest = Math.max(longest, Buffer.byteLength(String(content)));
  const composes = normalizers.some(({ type }) => type === "NFC");
  return (given) => {
    const text = composes ? given.normalize("NFC") : given;
    return Math.ceil((bytes ? Buffer.byteLength(text) : text.length) / longest);
  };
}

/** A part and, if it is a sequence, those in it. */
function flat(part: unknown, field: string): Part[] {
  if (part === null || part === undefined) return [];
  const { type, [field]: parts } = part as Part;
  return type === "Sequence" && Array.isArray(parts) ? parts.flatMap((one) => flat(one, field)) : [part as Part];
}

function normalizerKeeps({ type, pattern, content }: Part): boolean {
  if (type === "NFC" || type === "Prepend") return true;
  const from = (pattern as Part | undefined)?.String;
  if (type !== "Replace" || typeof from !== "string" || typeof content !== "string") return false;
  return content.length >= from.length && Buffer.byteLength(content) >= Buffer.byteLength(from);
}

function cutKeeps({ type, behavior, invert, str_rep: space, replacement = "\u2581" }: Part): boolean {
  if (type === "Split") return invert === false && String(behavior).toLowerCase() !== "removed";
  if (type === "Metaspace") return String(space ?? replacement).length > 0;
  return type === "ByteLevel" || type === "Digits" || type === "Punctuation" || type === "FixedLength";
}

/** True if a character without a token becomes at least one: of its bytes, or an unknown one of its own. */
function modelKeeps(
  { type, vocab, unk_token: unknown, fuse_unk: fuses, byte_fallback: falls }: Part,
  bytes: boolean,
): boolean {
  if (type !== "BPE" || typeof vocab !== "object" || vocab === null) return false;
  const all = (texts: readonly string[]): boolean => texts.every((text) => Object.hasOwn(vocab, text));
  if (typeof unknown === "string" && fuses !== true) return true;
  const letters = [...byteLetters()];
  if (bytes) return all(letters.map(([letter]) => letter));
  return falls === true && all(letters.map(([, byte]) => `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`));
}
