/** Hostile programs in Python, at every level that holds them here: each ends as it must, and the next life is a clean one. */

import assert from "node:assert/strict";
import { createSandbox, type Level, python, sandboxLevel } from "../../src/sandbox/index.ts";
import { leaveOut } from "../support.ts";
import { readPython } from "./corpus/index.ts";
import { live } from "./shared.ts";

const cases = [...readPython("python.txt"), ...readPython("python-more.txt")];

describe("hostile programs in Python", () => {
  it("are 238 of our own, each with its own name and text", () => {
    assert.equal(cases.length, 238);
    for (const part of ["name", "steps"] as const)
      assert.equal(new Set(cases.map((one) => String(one[part]))).size, cases.length, part);
  });

  for (const level of [2, 3] as const)
    it(`end as they must at level ${level}, and leave nothing behind`, async function () {
      const reached = sandboxLevel({ body: python });
      if (reached.level < level) leaveOut(this, `this machine reaches level ${reached.level}: ${reached.reason}`);
      assert.deepEqual(await wrongAt(level), []);
    });
});

/** Lives every case, two at a time; what did not come to a verdict that is right. */
async function wrongAt(level: Level): Promise<string[]> {
  await using sandbox = await createSandbox({ body: python, workers: 2, maximumLevel: level });
  assert.equal(sandbox.level, level);
  const clean = "print(sorted(k for k in state if k[0] != '_'), __import__('os').getcwd())";
  const newborn = "['call_LLM', 'end', 'execute_code', 'query', 'response', 'self', 'state'] /\n";
  const wrong: string[] = [];
  const left = [...cases];
  const lane = async (): Promise<void> => {
    for (let one = left.shift(); one !== undefined; one = left.shift()) {
      const last = (await live(sandbox, one.steps, { seed: one.seed, limits: { stepMs: 300 } })).at(-1)!;
      if (!one.expected.includes(last.verdict)) wrong.push(`${one.name}: ${last.verdict}, ${last.cause}`);
      const [next] = await live(sandbox, [clean], { seed: one.seed });
      if (next!.output !== newborn) wrong.push(`after ${one.name}: ${next!.verdict}, ${next!.output}`);
    }
  };
  await Promise.all([lane(), lane()]);
  return wrong;
}
