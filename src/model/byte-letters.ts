/** GPT-2's letters for bytes, which byte-level vocabularies and decoders are written in. */

/** Letter to byte, in the order of the bytes: those that print stand for themselves, the others for what follows 255. */
export function byteLetters(): Map<string, number> {
  const prints = (byte: number) => (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
  let next = 256;
  return new Map(Array.from({ length: 256 }, (_, byte) => [String.fromCodePoint(prints(byte) ? byte : next++), byte]));
}
