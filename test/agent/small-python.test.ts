/** The small model in Python: an agent lives by it in the locked Python child. */

import assert from "node:assert/strict";
import { type AgentStep, AutonomousLLM } from "../../src/agent/index.ts";
import { models } from "../../src/llm/index.ts";

describe("the small model in Python", () => {
  it("answers an agent of Python in Python", async () => {
    const llm = models.local("tiny-python", { seed: 3, temperature: 0.3 });
    const agent = new AutonomousLLM({ llm, body: "python", query: 'Set self.mood to "happy".' });
    await agent.run({ steps: 1 });
    const [{ program, report }] = agent.history as [AgentStep];
    assert.deepEqual([program.trim(), report.verdict], ['self.mood = "happy"', "survived"]);
    await agent.dispose();
    await llm.dispose();
  });
});
