/** An agent that was disposed of: its place in the sandbox is free, what it lived stays, and a later step goes on from there. */

import assert from "node:assert/strict";
import { AutonomousLLM } from "../../src/agent/index.ts";
import { models } from "../../src/llm/index.ts";
import { openRecord, replay } from "../../src/record/index.ts";
import { fakeSandbox } from "../sandbox/fake.ts";
import { useSandbox } from "../sandbox/shared.ts";

const story = [
  "function counter() { let n = 0; return () => ++n; }\nself.count = counter(); self.count();",
  "self.drawn = Math.random(); self.query = 'and then?'; self.count();",
];
const tell = "console.log(self.count(), self.drawn);";

/** What a reader sees of an agent without a step, as data. */
const readings = (agent: AutonomousLLM) =>
  JSON.stringify({
    genome: agent.genome,
    snapshot: agent.snapshot(),
    query: agent.query,
    certificate: agent.certificate,
    lost: agent.lost,
    alive: agent.alive,
    diff: agent.diff(0, agent.history.length),
    lineage: String(agent.lineage),
  });

describe("an agent that was disposed of", () => {
  const sandbox = useSandbox({ workers: 1 });

  it("goes on from where it was, as one that was not, what its functions close over included", async () => {
    const lives = async (between: (agent: AutonomousLLM) => Promise<void>) => {
      const agent = new AutonomousLLM({
        llm: models.scripted([...story, tell, tell]),
        query: "go",
        sandbox: sandbox(),
        seed: 4,
      });
      await agent.run({ steps: 2, live: false });
      await between(agent);
      await agent.step(tell);
      await between(agent);
      await agent.run({ steps: 1, live: false });
      await agent.dispose();
      const steps = agent.history.map(({ program, action, report }) => [
        ...[program, action.prompt, action.seeds, report.verdict, report.output, report.genome],
      ]);
      return { steps, lineage: String(agent.lineage), query: agent.query, genome: agent.genome };
    };
    const whole = await lives(async () => {});
    assert.match(String(whole.steps[2]![4]), /^3 0\.\d+\n$/);
    const parted = await lives(async (agent) => {
      const before = readings(agent);
      await agent.dispose();
      await agent.dispose();
      assert.equal(readings(agent), before, "all that is read of it stays");
    });
    assert.deepEqual(parted, whole);
  });

  it("goes on from where it was restored to, before and after its next step", async () => {
    const agent = new AutonomousLLM({ llm: models.scripted([...story]), query: "go", sandbox: sandbox() });
    await agent.run({ steps: 2, live: false });
    await agent.restore(1);
    await agent.dispose();
    assert.equal((await agent.step(tell)).output, "2 undefined\n");
    await agent.dispose();
    assert.equal((await agent.step(tell)).output, "3 undefined\n");
    await agent.dispose();
  });

  it("still says which methods had lost what they closed over, as its forks do and as where it is restored to", async () => {
    const { born } = new AutonomousLLM({ llm: models.scripted([]), sandbox: sandbox() });
    const genome = [...born, { name: "self.count", kind: "method" as const, source: "() => ++n" }];
    const agent = new AutonomousLLM({ llm: models.scripted([]), query: "go", sandbox: sandbox(), genome });
    const lost = [{ method: "self.count", names: ["n"] }];
    await agent.step("self.a = 7");
    await agent.dispose();
    assert.deepEqual(agent.lost, lost);
    assert.equal((await agent.step("console.log(self.a)")).output, "7\n");
    assert.deepEqual(agent.lost, lost);
    assert.deepEqual(agent.fork().lost, lost);
    await agent.restore(1);
    assert.deepEqual(agent.lost, lost);
    await agent.dispose();
  });

  it("begins as it was made where it had lived no step, and stays dead where it had died", async () => {
    const { sandbox: fake, opened, closed } = fakeSandbox((program) => ({ output: program, alive: program !== "die" }));
    const agent = new AutonomousLLM({ llm: models.scripted([]), query: "go", sandbox: fake });
    await agent.dispose();
    await agent.step("a");
    assert.deepEqual([opened.length, opened[0]!.past, opened[0]!.genome], [1, undefined, undefined]);
    await agent.step("die");
    await agent.dispose();
    await assert.rejects(agent.step("b"), { name: "AgentFailure", message: /^This agent is dead \(/ });
    assert.deepEqual([opened.length, closed()], [1, 1]);
  });

  it("is an episode of its own in the record after that, which replays", async () => {
    using record = openRecord(":memory:");
    const agent = new AutonomousLLM({ llm: models.scripted(story), query: "go", sandbox: sandbox(), record });
    await agent.run({ steps: 2, live: false });
    await agent.dispose();
    await agent.step(tell);
    await agent.dispose();
    const told = record.episodes().map(({ id, steps }) => [id, steps]);
    assert.deepEqual(told, [
      [1, 2],
      [2, 1],
    ]);
    for (const id of [1, 2]) assert.equal((await replay(record, id, sandbox())).difference, null);
  });
});
