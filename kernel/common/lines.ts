/** Lines of a pipe between two of the kernel's processes: a JSON message each. */

import { StringDecoder } from "node:string_decoder";

/** What is needed of a stream to read it. */
interface Incoming {
  on(event: "data", listener: (bytes: Buffer) => void): unknown;
}

/**
 * Calls `onLine` with each line, as soon as it is there. Only a line feed ends one: Node's `readline` takes U+2028 and U+2029 for
 * ends, too, which a text in JSON may hold as they are. What comes after the last end is half a message, and is dropped.
 */
export function onLines(stream: Incoming, onLine: (line: string) => void): void {
  const decoder = new StringDecoder("utf8");
  let begun = "";
  stream.on("data", (bytes) => {
    const lines = decoder.write(bytes).split("\n");
    lines[0] = begun + lines[0]!;
    begun = lines.pop()!;
    for (const line of lines) onLine(line);
  });
}
