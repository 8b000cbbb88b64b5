/** The paper's transcript, as data, lived in the real sandbox: each step must come to what the data says. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { AutonomousLLM } from "../../src/agent/index.ts";
import { models } from "../../src/llm/index.ts";
import { createSandbox } from "../../src/sandbox/index.ts";

interface Transcript {
  query: string;
  steps: { answer: string; verdict: string; added?: string[]; changed?: string[]; output?: string }[];
}

it("the paper's hello_world transcript lives and dies as it is written", async () => {
  const file = join(import.meta.dirname, "../../data/transcripts/hello-world.json");
  const { query, steps } = JSON.parse(readFileSync(file, "utf8")) as Transcript;
  await using sandbox = await createSandbox({ workers: 1 });
  const agent = new AutonomousLLM({ llm: models.scripted(steps.map(({ answer }) => answer)), query, sandbox });
  await agent.run({ steps: steps.length });
  assert.equal(agent.history.length, steps.length);
  for (const [i, { verdict, added = [], changed = [], output = "" }] of steps.entries()) {
    const { report } = agent.history[i]!;
    assert.deepEqual([report.verdict, report.output], [verdict, output], `step ${i + 1}: ${report.cause}`);
    const born = ["self.call_LLM", "self.end", "self.execute_code"]; // what a newborn has is new after its first step
    const edit = agent.diff(i, i + 1);
    const fresh = edit.added.filter((name) => i > 0 || !born.includes(name));
    assert.deepEqual([fresh, edit.changed], [added, changed], `step ${i + 1}`);
  }
});
