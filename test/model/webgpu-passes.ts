/** Run in a process of its own: a few passes of the small model on the provider named, printed as JSON. */

import { openPretrained } from "../../src/policy/index.ts";

const decoder = await openPretrained("tiny", { provider: process.argv[2] as "cpu" | "webgpu", threads: 1 });
const found: number[][] = [];
const first = await decoder.forward({ tokens: Int32Array.from([1, 2, 3, 4, 5, 6]), batch: 2 });
const prefix = await decoder.forward({ tokens: Int32Array.from([7, 8]), batch: 1 });
const behind = await decoder.forward({ tokens: Int32Array.from([1, 2]), batch: 1, prefix: prefix.past[0]! });
const next = await decoder.forward({ tokens: Int32Array.from([9, 9]), batch: 2, past: first.past, donate: true });
for (const { logits } of [first, prefix, behind, next]) found.push([...logits]);
process.stdout.write(`\n${JSON.stringify({ device: decoder.device, found })}\n`, () => process.exit(0));
