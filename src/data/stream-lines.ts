/** Lines of a stream as it comes: JSON lines of others, which may hold any letter. Not here: files of ours (`lines.ts`). */

/**
 * The lines of a stream of UTF-8, the last one with or without an end; a mark at its very beginning is none of them. Only a line
 * feed ends a line: Node's `readline` takes U+2028 and U+2029 for ends, too, which a text in JSON may hold as they are.
 */
export async function* streamLines(input: AsyncIterable<Uint8Array | string>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let begun = "";
  for await (const chunk of input) {
    const text = typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true });
    const [first = "", ...others] = text.split("\n");
    const lines = [begun + first, ...others];
    begun = lines.pop()!;
    yield* lines;
  }
  begun += decoder.decode();
  if (begun !== "") yield begun;
}
