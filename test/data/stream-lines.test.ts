/** Lines of a stream, wherever its pieces end and whatever letters they hold. */

import assert from "node:assert/strict";
import { streamLines } from "../../src/data/stream-lines.ts";

async function linesOf(pieces: (string | Uint8Array)[]): Promise<string[]> {
  async function* coming() {
    yield* pieces;
  }
  return Array.fromAsync(streamLines(coming()));
}

describe("the lines of a stream", () => {
  const text = '{"a":"é\u{1f600}"}\n\n{"b":"\u2028\u2029\u0085\u000b"}\r\nlast';
  const lines = ['{"a":"é\u{1f600}"}', "", '{"b":"\u2028\u2029\u0085\u000b"}\r', "last"];

  it("end at line feeds and nowhere else, however the stream is cut", async () => {
    const bytes = new TextEncoder().encode(text);
    for (const size of [1, 2, 3, 7, bytes.length]) {
      const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
        bytes.subarray(i * size, (i + 1) * size),
      );
      assert.deepEqual(await linesOf(pieces), lines, `in pieces of ${size}`);
    }
    assert.deepEqual(await linesOf([text.slice(0, 4), text.slice(4)]), lines);
  });

  it("are as many as begin: an end after the last begins no other, and a mark of the encoding is none", async () => {
    assert.deepEqual(await linesOf([]), []);
    assert.deepEqual(await linesOf(["a\n"]), ["a"]);
    assert.deepEqual(await linesOf(["\n\n"]), ["", ""]);
    assert.deepEqual(await linesOf([new TextEncoder().encode("\ufeffa\nb")]), ["a", "b"]);
  });
});
