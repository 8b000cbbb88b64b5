/** The thread that long texts are cut into tokens in. `aside.ts` is the other end. Importing it elsewhere does nothing. */

import { parentPort, workerData } from "node:worker_threads";
import { openEncoder } from "./encoders.ts";

/** What it is begun with: an encoder's parts as JSON, in memory that is shared and not copied. */
export interface ThreadData {
  parts: SharedArrayBuffer;
}

/** What it answers to a list of texts. */
export type Encoded = { ids: Int32Array<ArrayBuffer>[] } | { error: string };

if (parentPort !== null) {
  const port = parentPort;
  const { parts } = workerData as ThreadData;
  const encode = await openEncoder(JSON.parse(Buffer.from(parts).toString()));
  port.on("message", (texts: readonly string[]) => {
    let answer: Encoded;
    try {
      answer = { ids: texts.map((text) => Int32Array.from(encode(text))) };
    } catch (error) {
      answer = { error: (error as Error).message };
    }
    port.postMessage(answer, "ids" in answer ? answer.ids.map(({ buffer }) => buffer) : []);
  });
}
