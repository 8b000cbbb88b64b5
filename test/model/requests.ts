/** What the device is asked to draw, for tests that draw the same by the host. */

import type { DrawHead, DrawRequest } from "../../src/model/index.ts";
import { createRandom } from "../../src/random/index.ts";

/** Prompts as the device takes them, each row's numbers from its own stream. */
export function requestOf(
  prompts: readonly number[][],
  rounds: number,
  temperature: number,
  head: DrawHead,
): DrawRequest {
  const rows = prompts.length;
  const length = Math.max(...prompts.map((ids) => ids.length));
  const tokens = new Int32Array(rows * length);
  const valid = new Uint8Array(rows * length);
  const uniforms = new Float32Array(rounds * rows);
  for (const [row, ids] of prompts.entries()) {
    tokens.set(ids, (row + 1) * length - ids.length);
    valid.fill(1, (row + 1) * length - ids.length, (row + 1) * length);
    const stream = createRandom(1, "row", row);
    for (let at = 0; at < rounds; at++) uniforms[at * rows + row] = stream.uniform();
  }
  return { tokens, valid, rows, rounds, uniforms, temperature, ends: [], head };
}
