/** The small model in Python: an agent lives by it, and REINFORCE teaches it to live longer, in the locked Python child. */

import assert from "node:assert/strict";
import { type AgentStep, AutonomousLLM } from "../../src/agent/index.ts";
import { SurvivalEnv } from "../../src/environment/index.ts";
import { models } from "../../src/llm/index.ts";
import { policies } from "../../src/policy/index.ts";
import { rollout } from "../../src/rollout/index.ts";
import { microTasks } from "../../src/tasks/index.ts";
import { train } from "../../src/training/index.ts";

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

  it("lives longer after REINFORCE on its head, on lives that training did not see", async () => {
    const tasks = await microTasks({ split: "training", body: "python" });
    const env = new SurvivalEnv({ body: "python", maxSteps: 4, tasks });
    const policy = await policies.fromPretrained("tiny-python", { seed: 1 });
    const survived = async () => {
      const { episodes } = await rollout(env, policy, { episodes: 96, seed: 77 });
      return episodes.reduce((sum, { survival }) => sum + survival, 0) / episodes.length;
    };
    const before = await survived();
    const head = { klCoef: 0.02, entropyBonus: 0, lrSchedule: "linear", learningRate: 0.1 } as const;
    await train({ env, policy, updates: 12, episodes: 48, group: 8, ...head, seed: 1, panel: false }).run();
    const after = await survived();
    assert.ok(after > before + 0.3, `${after} steps of 4, before ${before}`);
    await policy.dispose?.();
    await env.close();
  });
});
