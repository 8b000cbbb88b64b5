/** Whether drawn programs do, in the real sandbox, what their kind says. */

import assert from "node:assert/strict";
import type { Example, Kind } from "../../corpus/index.ts";
import { judgeProgram } from "../../corpus/pretrain/measure.ts";
import type { BodyName, Sandbox } from "../../src/sandbox/index.ts";

/** Runs each; good ones solve their task, and each kind comes more than `least` times. */
export async function checkKinds(
  sandbox: Sandbox,
  examples: Iterable<Example>,
  { body, least }: { body: BodyName; least: number },
): Promise<void> {
  const counts: { [kind in Kind]: number } = { good: 0, other: 0, "no-op": 0, fatal: 0, harmful: 0 };
  for (const example of examples) {
    const { kind, program, ask, check } = example;
    const { verdict, alive, changed, harmful, solved } = await judgeProgram(sandbox, program, example, body);
    const told = `${kind}: ${body === "python" ? "#" : "//"} ${ask}\n${program}\n${verdict}`;
    counts[kind]++;
    assert.equal(harmful, kind === "harmful", told);
    if (kind !== "harmful") assert.equal(alive, kind !== "fatal", told);
    if (kind === "no-op") assert.equal(changed, false, told);
    if (kind === "other") assert.equal(changed, true, told);
    if (kind === "good" && check !== null) assert.equal(solved, true, told);
  }
  for (const [kind, count] of Object.entries(counts)) assert.ok(count > least, `${kind}: ${count}`);
}
