import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AutonomousLLM, hashGenome } from "../../src/agent/index.ts";
import { displaySymbol } from "../../src/display/index.ts";
import { byHand } from "../../src/episode/index.ts";
import { budget, models } from "../../src/llm/index.ts";
import { openRecord, replay } from "../../src/record/index.ts";
import { createSandbox, extractProgram, type Sandbox } from "../../src/sandbox/index.ts";

const story = [
  "```ts\nfunction hello_world(name: string): string { return 'hello, ' + name; }\n```",
  "self.greeting = hello_world('world'); console.log(self.greeting);",
  "self.execute_code = function execute_code(code) { return exec(code); };",
  "self.execute_code = 42;",
  "console.log('never');",
];

describe("AutonomousLLM", () => {
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await createSandbox({ workers: 1 });
  });
  after(() => sandbox.dispose());

  it("lives the paper's story: defines, calls, replaces its executor by itself, dies of the fatal line", async () => {
    const agent = new AutonomousLLM({ llm: models.scripted(story), query: "hello", sandbox });
    await agent.run({ steps: 10 });
    assert.equal(agent.alive, false);
    assert.deepEqual(
      agent.history.map(({ report }) => report.verdict),
      ["survived", "survived", "survived", "fatal_self_edit"],
    );
    assert.equal(agent.history[1]!.report.output, "hello, world\n");
    const { verdict, cause, program, survived, lastLiving } = agent.certificate!;
    assert.deepEqual([verdict, program, survived], ["fatal_self_edit", "self.execute_code = 42;", 3]);
    assert.equal(cause, "self.execute_code is a number, no longer a function");
    assert.ok(lastLiving.some(({ name }) => name === "self.greeting"));
    assert.deepEqual(agent.diff(1, 2).added, ["self.greeting"]);
    assert.deepEqual(agent.diff(2, 3).changed, ["self.execute_code"]);
    await assert.rejects(agent.step("1"), /This agent is dead \(fatal_self_edit\): fork\(\) it, or make another/);
  });

  it("feeds what a step said to the model as the next query", async () => {
    const asked: string[] = [];
    const inner = models.scripted(["console.log('first words')", "self.query = 'a question of my own'", "1"]);
    const llm = {
      name: "spy",
      complete: (p: { prompt: string }) => {
        asked.push(p.prompt);
        return inner.complete(p);
      },
    };
    const agent = new AutonomousLLM({ llm, query: "begin", sandbox });
    await agent.run({ steps: 3 });
    assert.deepEqual(asked, ["begin", "first words", "a question of my own"]);
    await agent.dispose();
  });

  it("lets executed code call the model and run its answer in the same step, to a bounded depth", async () => {
    const llm = models.scripted([
      "self.execute_code(self.call_LLM('more'))",
      "self.deep = 1; self.execute_code(self.call_LLM('again'))",
      "self.deeper = 2",
    ]);
    const agent = new AutonomousLLM({ llm, query: "go", sandbox });
    await agent.run({ steps: 1 });
    const names = agent.genome.map(({ name }) => name);
    assert.ok(names.includes("self.deep") && names.includes("self.deeper"), names.join());
    await agent.dispose();
    const endless = {
      name: "loop",
      complete: async () => ({
        text: "self.execute_code(self.call_LLM('x'))",
        model: "loop",
        usage: { promptTokens: 0, completionTokens: 0 },
      }),
    };
    const looping = new AutonomousLLM({ llm: endless, query: "go", sandbox });
    await looping.run({ steps: 1 });
    assert.equal(looping.certificate!.verdict, "runtime_error");
    assert.match(looping.certificate!.cause, /more than 3 calls deep/);
  });

  it("can be forked from its last living genome, and the fork lives", async () => {
    const agent = new AutonomousLLM({ llm: models.scripted(story), query: "hello", sandbox });
    await agent.run({ steps: 10 });
    const fork = agent.fork({ llm: models.scripted(["console.log(hello_world('again'))"]) });
    await fork.run({ steps: 1 });
    assert.equal(fork.alive, true);
    assert.equal(fork.history[0]!.report.output, "hello, again\n");
    await fork.dispose();
  });

  it("asks a person for the first query, and says what to do where nobody can be asked", async () => {
    const questions: string[] = [];
    const input = async (question: string) => {
      questions.push(question);
      return "from a person";
    };
    const agent = new AutonomousLLM({ llm: models.scripted(["1"]), input, sandbox });
    await agent.run({ steps: 1 });
    assert.deepEqual(questions, ["What shall the agent be told first?"]);
    assert.equal(agent.history[0]!.action.prompt, "from a person");
    await agent.dispose();
    await assert.rejects(new AutonomousLLM({ llm: models.scripted([]) }).run({ steps: 1 }), {
      message: "The agent needs a first query: give `query`, or run it in a notebook, which asks for one.",
    });
    assert.throws(() => new AutonomousLLM({} as never), /Expected `llm` to be a language model/);
  });

  it("shows itself as HTML without scripts, and as text that says the same", async () => {
    const agent = new AutonomousLLM({
      llm: models.scripted(["self.x = '<script>alert(1)</script>'"]),
      query: "q",
      sandbox,
    });
    await agent.run({ steps: 1 });
    const bundle = agent[displaySymbol]();
    assert.doesNotMatch(String(bundle["text/html"]), /<script/);
    assert.match(String(bundle["text/plain"]), /alive after 1 steps/);
    await agent.dispose();
  });

  it("ends with budget_exhausted when its budget is spent, between two steps and inside one", async () => {
    const llm = models.scripted(["self.a = 1", "self.b = 2", "self.c = 3"]);
    const agent = new AutonomousLLM({ llm, query: "go", sandbox, budget: { calls: 2, onSpend: () => {} } });
    await agent.run({ steps: 10 });
    const { verdict, cause, survived, lastLiving } = agent.certificate!;
    assert.deepEqual([verdict, survived, agent.alive], ["budget_exhausted", 2, false]);
    assert.equal(
      cause,
      "the budget of the language model is spent: The budget of 2 calls is spent (2 calls): give a larger one to go on.",
    );
    assert.ok(lastLiving.some(({ name }) => name === "self.b"));
    assert.match(agent[displaySymbol]()["text/plain"] as string, /cost: 2 calls of 2, \d+ tokens/);
    const asking = models.scripted(["self.x = 1; self.call_LLM('one'); self.call_LLM('two');", "1", "never"]);
    const other = new AutonomousLLM({ llm: asking, query: "go", sandbox, budget: { calls: 2, onSpend: () => {} } });
    await other.run({ steps: 3 });
    assert.equal(other.certificate!.verdict, "budget_exhausted");
    assert.equal(other.history.length, 1);
    // The same budget for another agent, which may ask nothing at all.
    const shared = budget({ calls: 1, onSpend: () => {} });
    const [first, late] = [1, 2].map(
      () => new AutonomousLLM({ llm: models.scripted(["self.a = 1"]), query: "go", sandbox, budget: shared }),
    );
    await first!.run({ steps: 1 });
    await late!.run({ steps: 3 });
    assert.deepEqual([late!.certificate!.verdict, late!.certificate!.survived], ["budget_exhausted", 0]);
    assert.deepEqual([late!.history.length, late!.genome], [1, [...sandbox.body.newborn]]);
    await first!.dispose();
  });

  it("can read its budget and not change it", async () => {
    const record = openRecord(":memory:");
    const attempts = [
      "console.log(JSON.stringify(budget.calls))",
      "budget.calls.limit = 1e9; budget.calls.spent = 0; console.log(budget.calls.limit, budget.calls.spent)",
      "budget = { calls: { limit: 1e9 } }; globalThis.budget = 7; console.log(typeof budget, budget.calls.spent)",
      "try { Object.defineProperty(globalThis, 'budget', { value: 1 }) } catch (e) { console.log(e.name) }",
      "delete globalThis.budget; console.log(budget.calls.spent)",
      "self.budget = { calls: { limit: 1e9, spent: 0 } }; JSON.parse = () => ({ calls: { limit: 1e9 } });",
      "console.log(budget.calls.limit, budget.calls.spent)",
    ];
    const llm = models.scripted([...attempts, "1", "1"]);
    const budget = { calls: attempts.length, onSpend: () => {} };
    const agent = new AutonomousLLM({ llm, query: "go", sandbox, record, budget });
    await agent.run({ steps: 20 });
    assert.deepEqual(
      agent.history.map(({ report }) => report.output),
      ['{"spent":1,"limit":7}\n', "7 2\n", "object 3\n", "TypeError\n", "5\n", "", "7 7\n", ""],
    );
    assert.equal(agent.certificate!.verdict, "budget_exhausted");
    const [life] = record.episodes();
    assert.deepEqual([life!.verdict, life!.complete], ["budget_exhausted", true]);
    assert.equal((await replay(record, 1, sandbox)).toString(), "Episode 1: 7 steps agree byte for byte");
    record.close();
  });

  it("keeps one tree of all that it and its forks lived, and can be taken back", async () => {
    const llm = models.scripted(["self.a = 1", "self.b = 2", "self.execute_code = 0", "self.c = 3", "self.d = 4"]);
    const agent = new AutonomousLLM({ llm, query: "go", sandbox });
    assert.equal(String(agent.lineage), "born  ← here");
    await agent.run({ steps: 3 });
    const fork = agent.fork({ step: 1 });
    await fork.run({ steps: 1 });
    await agent.restore(2);
    assert.equal(agent.alive, true);
    await agent.run({ steps: 1 });
    assert.deepEqual(
      agent.genome.map(({ name }) => name),
      ["self.a", "self.b", "self.call_LLM", "self.d", "self.end", "self.execute_code"],
    );
    assert.equal(agent.history.length, 4);
    const tree = [
      "born",
      "1 self.a = 1",
      "├ 2 self.b = 2",
      "│ ├ 3 self.execute_code = 0 ✗ fatal self edit",
      "│ └ 3 restore(2)",
      "│   4 self.d = 4  ← here",
      "└ 2 self.c = 3",
    ];
    assert.equal(String(agent.lineage), tree.join("\n"));
    assert.equal(String(fork.lineage).match(/.*← here/)?.[0], "└ 2 self.c = 3  ← here");
    const { nodes } = agent.lineage;
    assert.equal(nodes[1]!.genome, hashGenome(agent.history[0]!.report.genome));
    assert.throws(() => Object.assign(nodes[1]!, { cause: "x" }), TypeError, "a node is never changed");
    const bundle = agent.lineage[displaySymbol]();
    assert.ok("application/vnd.plotly.v1+json" in bundle);
    const snapshot = fork.snapshot();
    await fork.restore(snapshot);
    assert.deepEqual(fork.genome, snapshot.genome);
    for (const wrong of [{}, { genome: "none" }])
      await assert.rejects(agent.restore(wrong as never), {
        message: "Expected a step's number, or what `snapshot()` gave, with a `genome`.",
      });
    assert.deepEqual(agent.diff(0, 1).added, ["self.a"]);
    assert.deepEqual(agent.diff(2, 1).deleted, ["self.b"]);
    assert.match(agent.diff(0, 1).patch, /--- after 0 steps\n\+\+\+ after 1 step\n/);
    for (const [from, to] of [
      [0, 5],
      [5, 0],
    ] as const)
      assert.throws(() => agent.diff(from, to), {
        message: "There is nothing after 5 steps: this agent has lived 4.",
      });
    await assert.rejects(agent.restore(9), { message: "There is nothing after 9 steps: this agent has lived 4." });
    await Promise.all([agent.dispose(), fork.dispose()]);
  });

  it("writes in its certificate what the fatal step changed, and what a fork would do", async () => {
    const llm = models.scripted(["self.a = 1; self.query = 'and then?'", "self.execute_code = 0"]);
    const agent = new AutonomousLLM({ llm, query: "go", sandbox });
    await agent.run({ steps: 5 });
    const certificate = agent.certificate!;
    assert.deepEqual(certificate.edit.changed, ["self.execute_code"]);
    assert.equal(
      certificate.fork,
      "agent.fork() begins again before step 1, with the 4 members above, asked: and then?",
    );
    const text = certificate[displaySymbol]()["text/plain"] as string;
    assert.match(text, /what it changed {5}-self\.execute_code = function|what it changed/);
    assert.match(text, /\+self\.execute_code = 0/);
    const reading = new AutonomousLLM({ llm: models.scripted(["process.env.KEY"]), query: "go", sandbox });
    await reading.run({ steps: 1 });
    const { cause, [displaySymbol]: show } = reading.certificate!;
    assert.equal(cause, "it tried secret read: process.env.KEY");
    assert.match(show()["text/plain"] as string, /attempted +secret_read: process\.env\.KEY, severity 2/);
  });

  it("has its questions, answers and tokens in the record, where there is one", async () => {
    using record = openRecord(":memory:");
    const llm = models.scripted(["```js\nself.a = 1\n```", "self.b = 2"]);
    const agent = new AutonomousLLM({ llm, query: "hello world", sandbox, record, seed: 2 });
    await agent.run({ steps: 2 });
    await agent.dispose();
    const [first, second] = record.episode(1).steps.map(({ action }) => action);
    assert.deepEqual(first, {
      ...byHand,
      prompt: "hello world",
      output: "```js\nself.a = 1\n```",
      promptTokens: 2,
      tokens: agent.history[0]!.action.tokens,
      seeds: { model: 2000006 },
    });
    assert.equal(second!.output, "self.b = 2");
    assert.equal((await replay(record, 1, sandbox)).agrees, true);
  });

  it("keeps its record in a file where that is given by its path, as its fork does, each life an episode", async () => {
    const folder = mkdtempSync(join(tmpdir(), "agent-record-"));
    const path = join(folder, "lives.sqlite");
    const llm = models.scripted(["self.a = 1", "self.execute_code = 0", "self.b = 2"]);
    const agent = new AutonomousLLM({ llm, query: "go", sandbox, record: path });
    await agent.run({ steps: 2 });
    const fork = agent.fork({ step: 1 });
    await fork.run({ steps: 1 });
    await Promise.all([agent.dispose(), fork.dispose()]);
    using record = openRecord(path, { readOnly: true });
    assert.deepEqual(
      record.episodes().map(({ steps, verdict, complete }) => [steps, verdict, complete]),
      [
        [2, "fatal_self_edit", true],
        [1, "survived", true],
      ],
    );
    for (const id of [1, 2]) assert.equal((await replay(record, id, sandbox)).difference, null);
    assert.equal(record.verify().ok, true);
    rmSync(folder, { recursive: true });
  });

  it("lives through odd answers: empty, a megabyte, lone surrogates, null bytes, another language", async () => {
    const answers: [string, string][] = [
      ["", "survived"],
      ["x".repeat(1_000_000), "syntax_error"],
      ["self.s = '\ud800'", "survived"],
      ["self.z = 1;\0", "syntax_error"],
      ["```python\nprint('hi')\n```", "runtime_error"],
      ["```python\nx = 1\n```\n```ts\nconst t: number = 1\n```", "survived"],
      ["I cannot do that.", "syntax_error"],
    ];
    for (const [answer, verdict] of answers) {
      const agent = new AutonomousLLM({ llm: models.scripted([answer]), query: "go", sandbox });
      await agent.run({ steps: 1 });
      const { report } = agent.history[0]!;
      assert.equal(report.verdict, verdict, `${answer.slice(0, 40)}: ${report.cause}`);
      assert.ok(String(agent[displaySymbol]()["text/plain"]).length < 2000);
      await agent.dispose();
    }
  });
});

describe("the program in an answer", () => {
  it("is the first fenced block of JavaScript or TypeScript, else the answer", () => {
    assert.equal(extractProgram("Sure!\n```bash\nls\n```\n```ts\nlet a = 1;\n```\ndone"), "let a = 1;");
    assert.equal(extractProgram("```\nx\n```"), "x");
    assert.equal(extractProgram("```js\nunclosed"), "unclosed");
    assert.equal(extractProgram("a + b"), "a + b");
  });
});
