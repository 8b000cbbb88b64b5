/** What an agent is asked next: what it asked itself, else what its step said; there again where it is taken back to. */

import assert from "node:assert/strict";
import { AutonomousLLM } from "../../src/agent/index.ts";
import type { AgentOptions } from "../../src/agent/types.ts";
import { models } from "../../src/llm/index.ts";
import { fakeSandbox } from "../sandbox/fake.ts";
import { useSandbox } from "../sandbox/shared.ts";

describe("what an agent is asked", () => {
  const sandbox = useSandbox({ workers: 1 });
  const say = (word: string) => `console.log("${word}")`;

  /** A model that answers with these, and what it was asked. */
  function spy(programs: readonly string[]) {
    const asked: string[] = [];
    const inner = models.scripted(programs);
    const complete: typeof inner.complete = (prompt) => {
      asked.push(prompt.prompt);
      return inner.complete(prompt);
    };
    return { asked, llm: { ...inner, complete } };
  }

  function agentOf(programs: readonly string[], options: Partial<AgentOptions> = { query: "go" }) {
    const { asked, llm } = spy(programs);
    return { asked, agent: new AutonomousLLM({ llm, sandbox: sandbox(), ...options }) };
  }

  it("is what its last step said, also where a person asked the first question", async () => {
    const { agent, asked } = agentOf([say("one"), say("two"), "1", "self.a = 1"], { input: async () => "go" });
    await agent.run({ steps: 4, live: false });
    assert.deepEqual(asked, ["go", "one", "two", "two"]);
    await agent.dispose();
  });

  it("is what its last step said where it is a fork, and what it asked itself for as long as it does", async () => {
    const { agent, asked } = agentOf([
      say("one"),
      say("two"),
      say("three"),
      say("four"),
      "self.query = 'mine'",
      "1",
      "2",
    ]);
    await agent.run({ steps: 2, live: false });
    const fork = agent.fork();
    await fork.run({ steps: 3, live: false });
    assert.deepEqual(asked, ["go", "one", "two", "three", "four"]);
    const again = fork.fork();
    await again.run({ steps: 2, live: false });
    assert.deepEqual(asked.slice(5), ["mine", "mine"]);
    await Promise.all([agent, fork, again].map((one) => one.dispose()));
  });

  it("is what it was after the step that it is taken back to, wherever it was taken before", async () => {
    const { agent, asked } = agentOf([say("one"), say("two"), say("three"), "1", "2", "3"]);
    await agent.run({ steps: 2, live: false });
    await agent.restore(0);
    assert.equal(agent.query, "go");
    await agent.restore(2);
    assert.equal(agent.query, "two", "it was taken back, and is here again");
    await agent.restore(0);
    await agent.run({ steps: 1, live: false });
    for (const [step, query] of ["go", "one", "two", "three"].entries()) {
      assert.equal(agent.fork({ step }).query, query, `after ${step} steps`);
      await agent.restore(step);
      assert.deepEqual([agent.query, agent.snapshot().query], [query, query], `after ${step} steps`);
    }
    await agent.restore(1);
    await agent.run({ steps: 1, live: false });
    assert.deepEqual(asked, ["go", "one", "go", "one"]);
    await agent.dispose();
  });

  it("is what its step said after a restore from a genome alone", async () => {
    const { agent, asked } = agentOf([say("one"), say("two"), "1"]);
    await agent.run({ steps: 1, live: false });
    const { genome, query } = agent.snapshot();
    await agent.restore({ genome, query });
    await agent.run({ steps: 2, live: false });
    assert.deepEqual(asked, ["go", "one", "two"]);
    await agent.restore({ genome });
    assert.equal(agent.query, "two", "a genome without a question changes none");
    await agent.dispose();
  });

  it("is asked of a person where only programs by hand were run, and nothing was said", async () => {
    const { agent, asked } = agentOf(["1", "2"], { input: async (question) => question });
    await agent.step("self.a = 1");
    assert.deepEqual([agent.query, agent.history[0]!.action.prompt], [undefined, ""]);
    await agent.run({ steps: 1, live: false });
    assert.deepEqual(asked, ["What shall the agent be told first?"]);
    await agent.restore(0);
    assert.equal(agent.query, undefined, "nobody had asked anything");
    await agent.restore(1);
    assert.equal(agent.query, asked[0]);
    await agent.dispose();
  });
});

describe("an agent whose steps nobody waits for", () => {
  it("lives them one after the other, in one life, which ends when it is told", async () => {
    const { sandbox, opened, closed } = fakeSandbox((program) => ({ output: program }));
    const agent = new AutonomousLLM({ llm: models.scripted([]), query: "go", sandbox });
    const reports = await Promise.all([agent.step("a"), agent.step("b"), agent.step("c"), agent.dispose()]);
    assert.deepEqual(
      reports.slice(0, 3).map((report) => [report!.step, report!.output]),
      [
        [0, "a"],
        [1, "b"],
        [2, "c"],
      ],
    );
    assert.deepEqual([opened.length, closed()], [1, 1]);
    assert.deepEqual(
      agent.history.map(({ program, action }) => [program, action.prompt]),
      [
        ["a", "go"],
        ["b", "a"],
        ["c", "b"],
      ],
    );
  });

  it("is not stepped on after one that killed it", async () => {
    const { sandbox, opened, closed } = fakeSandbox((program) =>
      program === "b" ? { verdict: "runtime_error", cause: "it threw" } : {},
    );
    const agent = new AutonomousLLM({ llm: models.scripted([]), query: "go", sandbox });
    const ends = await Promise.allSettled(["a", "b", "c"].map((program) => agent.step(program)));
    assert.deepEqual(
      ends.map(({ status }) => status),
      ["fulfilled", "fulfilled", "rejected"],
    );
    assert.match(String((ends[2] as PromiseRejectedResult).reason), /This agent is dead \(runtime_error\)/);
    assert.deepEqual([agent.history.length, opened.length, closed()], [2, 1, 1]);
  });
});
