import assert from "node:assert/strict";
import { AutonomousLLM, describeLost } from "../../src/agent/index.ts";
import { displaySymbol } from "../../src/display/index.ts";
import { SurvivalEnv } from "../../src/environment/index.ts";
import { models } from "../../src/llm/index.ts";
import { editOf, openRecord, fork as recordFork, replay } from "../../src/record/index.ts";
import { createSandbox, lostNames, type Sandbox } from "../../src/sandbox/index.ts";

const factory = "function counter() { let n = 0; return () => ++n; }\nself.count = counter();";
const story = [
  factory,
  "console.log(self.count(), self.count());",
  "self.seen = new Map([['a', 1]]);",
  "self.execute_code = 0;",
];

describe("what an agent's functions close over", () => {
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await createSandbox({ workers: 2 });
  });
  after(() => sandbox.dispose());
  const tell = "console.log(self.count(), self.seen?.get('a'));";

  it("is kept by a fork of a dead agent, of an earlier step, and of a fork", async () => {
    const agent = new AutonomousLLM({ llm: models.scripted([...story, tell, tell, tell]), query: "go", sandbox });
    await agent.run({ steps: 9 });
    assert.equal(agent.certificate!.verdict, "fatal_self_edit");
    const fork = agent.fork();
    assert.equal((await fork.step(tell)).output, "3 1\n");
    assert.equal(fork.history.length, 1, "what was lived again is no step of the fork");
    const again = fork.fork();
    assert.equal((await again.step(tell)).output, "4 1\n");
    assert.equal((await fork.step(tell)).output, "4 1\n", "a fork's life is its own");
    const early = agent.fork({ step: 1 });
    assert.equal((await early.step("console.log(self.count());")).output, "1\n");
    await Promise.all([agent, fork, again, early].map((one) => one.dispose()));
  });

  it("is kept by a snapshot, also one that went through JSON, and by restore", async () => {
    const agent = new AutonomousLLM({ llm: models.scripted(story), query: "go", sandbox, seed: 3 });
    await agent.run({ steps: 3 });
    const draw = (await agent.fork().step("console.log(Math.random());")).output;
    const snapshot = JSON.parse(JSON.stringify(agent.snapshot())) as ReturnType<typeof agent.snapshot>;
    await agent.run({ steps: 1 });
    assert.equal(agent.alive, false);
    await agent.restore(3);
    const fork = agent.fork();
    assert.equal((await agent.step(tell)).output, "3 1\n");
    assert.equal((await fork.step("console.log(Math.random());")).output, draw, "a restored agent forks where it is");
    const other = new AutonomousLLM({ llm: models.scripted([]), sandbox, ...snapshot, query: "go" });
    assert.equal((await other.step(tell)).output, "3 1\n");
    await other.restore(snapshot);
    assert.equal((await other.step(tell)).output, "3 1\n");
    await other.restore({ genome: snapshot.genome });
    const lost = await other.step(tell);
    const warning = "Methods without what they closed over: self.count (n). A snapshot's `past` brings it back.";
    assert.equal(describeLost(other.lost), warning);
    assert.ok(String(other[displaySymbol]()["text/plain"]).includes(warning));
    assert.deepEqual(agent.lost, []);
    assert.deepEqual(
      [lost.verdict, lost.error!.message],
      ["runtime_error", "n is not defined"],
      "a genome alone has it not",
    );
    await Promise.all([agent, fork, other].map((one) => one.dispose()));
  });

  it("is in the record: a fork's episode replays byte for byte, model answers of its past included", async () => {
    using record = openRecord(":memory:");
    const asking = ["self.said = self.call_LLM('a word');", "'word'", factory, "self.count();"];
    const llm = models.scripted([...asking, "console.log(self.count(), self.said);", "self.x = 1;"]);
    const agent = new AutonomousLLM({ llm, query: "go", sandbox, record, seed: 5 });
    await agent.run({ steps: 3 });
    const fork = agent.fork();
    await fork.run({ steps: 1 });
    assert.equal(fork.history[0]!.report.output, "2 'word'\n");
    await fork.step("process.exit(1)");
    assert.equal(fork.certificate!.effects[0]!.step, 1, "steps are counted from the fork's own first");
    await Promise.all([agent.dispose(), fork.dispose()]);
    assert.deepEqual(
      record.episodes().map(({ id, steps }) => [id, steps]),
      [
        [1, 3],
        [2, 2],
      ],
    );
    assert.deepEqual(editOf(record.episode(2), 0), { added: [], changed: [], deleted: [] });
    for (const id of [1, 2]) assert.equal((await replay(record, id, sandbox)).difference, null);
    const third = await recordFork(
      record,
      2,
      { step: 1, without: "edit", programs: ["console.log(self.count())"] },
      sandbox,
    );
    assert.equal(third.steps.at(-1)!.report!.output, "3\n");
    assert.equal((await replay(record, third.episode, sandbox)).difference, null);
    assert.equal(record.verify().ok, true);
  });

  it("needs a past that is one, and a step that was survived", async () => {
    await assert.rejects(sandbox.open({ past: { steps: [{}] } as never }), {
      message: 'Expected `past` to be what `life.past()` or a snapshot gave, got {"steps":[{}]}',
    });
    const agent = new AutonomousLLM({ llm: models.scripted(["self.a = 1", "for (;;) {}"]), query: "go", sandbox });
    await agent.run({ steps: 2 });
    assert.equal(agent.certificate!.verdict, "timeout");
    const fork = agent.fork({ step: 2 });
    assert.equal((await fork.step("1")).verdict, "fatal_self_edit", "the step left nothing to go on from");
    assert.equal((await agent.fork().step("console.log(self.a)")).output, "1\n");
  });

  it("is gone back to by a fork after a restore: what the last step found, and not what the life before it left", async () => {
    const agent = new AutonomousLLM({ llm: models.scripted([]), query: "go", sandbox, seed: 5 });
    await agent.step(factory);
    await agent.step("self.big = 1; delete self.execute_code;");
    const text = (): string => String(agent[displaySymbol]()["text/html"]);
    const marked = () => [...text().matchAll(/>([^<>]+) <b>•/g)].map(([, name]) => name);
    assert.deepEqual(marked(), ["self.big"]);
    await agent.restore(1);
    await agent.step("self.small = 1; self.execute_code = 5;");
    const { survived, lastLiving, edit, fork: told } = agent.certificate!;
    assert.equal(survived, 1, "one died between");
    assert.deepEqual(lastLiving, agent.history[0]!.report.genome);
    assert.deepEqual(
      [edit.added, edit.changed, edit.deleted],
      [["self.small"], ["self.execute_code"], []],
      "an edit of what it was restored to",
    );
    assert.match(told, /before step 2, with the \d+ members above, asked: go$/);
    assert.deepEqual(marked(), ["self.execute_code", "self.small"]);
    const fork = agent.fork();
    assert.deepEqual(fork.genome, agent.history[0]!.report.genome);
    assert.equal((await fork.step("console.log(self.count());")).output, "1\n", "closures and all");
    await agent.restore(1);
    await agent.step("self.count();");
    assert.match(text(), /alive after 2 steps/);
    await Promise.all([agent.dispose(), fork.dispose()]);
  });

  it("needs a budget: an agent that is restored with none left is dead at its first question, once", async () => {
    const llm = models.scripted([factory, "self.count();", "never"]);
    const agent = new AutonomousLLM({ llm, query: "go", sandbox, budget: { calls: 2 } });
    await agent.run({ steps: 2, live: false });
    await agent.restore(1);
    const { genome } = agent;
    await agent.run({ steps: 3, live: false });
    assert.equal(agent.alive, false);
    assert.deepEqual(
      agent.history.map(({ verdict }) => verdict),
      ["survived", "survived", "budget_exhausted"],
    );
    assert.deepEqual(agent.genome, genome, "it is as it was restored");
    const fork = agent.fork({ budget: {} });
    assert.equal((await fork.step("console.log(self.count());")).output, "1\n");
    await Promise.all([agent.dispose(), fork.dispose()]);
  });

  it("is drawn anew at each step, whatever the agent's seed", async () => {
    for (const seed of [0, -7, 2 ** 33, Date.UTC(2026, 0, 1), Number.MAX_SAFE_INTEGER]) {
      const seeds: number[] = [];
      const llm = models.random({ rates: { harmless: 1, useful: 0, fatal: 0, harmful: 0 } });
      const complete: typeof llm.complete = (prompt) => {
        seeds.push(prompt.seed!);
        return llm.complete(prompt);
      };
      const agent = new AutonomousLLM({ llm: { ...llm, complete }, query: "go", sandbox, seed });
      await agent.run({ steps: 3, live: false });
      await agent.dispose();
      assert.equal(new Set(seeds).size, 3, `${seeds}`);
      assert.ok(seeds.every(Number.isSafeInteger), `${seeds}`);
    }
  });

  it("is there when the host checks a task, and the life that is checked does not notice", async () => {
    const task = {
      id: "count",
      family: "state",
      ask: "add a method count() that counts from 1",
      split: "training" as const,
      check: { call: "count", arguments: [[], [], []], expected: [1, 2, 3] },
    };
    const env = new SurvivalEnv({ sandbox, tasks: [task] });
    await env.reset({ seed: 1 });
    assert.equal((await env.step(factory)).info.solved, true);
    const { info } = await env.step("console.log(self.count());");
    assert.equal(info.report!.output, "1\n");
    await env.reset({ seed: 1 });
    assert.equal((await env.step(factory.replace("++n", "n++"))).info.solved, false);
    await env.reset({ seed: 1 });
    const missing = await env.step("self.count = () => notThere;");
    assert.deepEqual([missing.info.solved, missing.terminated], [false, false]);
    await env.close();
  });
});

describe("the names that the look at a text knows", () => {
  it("are those that an isolate really has", async () => {
    await using sandbox = await createSandbox({ workers: 1 });
    const life = await sandbox.open({ budget: () => ({}) });
    const { output } = await life.step("console.log(Object.getOwnPropertyNames(globalThis).join(' '))");
    await life.close();
    const source = `() => [${output.trim().split(" ").join(", ")}]`;
    assert.deepEqual(lostNames([{ name: "self.m", kind: "method", source }]), [
      { method: "self.m", names: ["__import"] },
    ]);
  });
});

describe("names that a method's text does not hold", () => {
  const missing = (source: string, ...state: string[]) =>
    lostNames([
      { name: "self.m", kind: "method", source },
      ...state.map((name) => ({ name, kind: "attribute" as const, source: "1" })),
    ]).flatMap(({ names }) => names);

  it("are those that nothing in it, in its genome or in its world gives", () => {
    assert.deepEqual(missing("() => ++n"), ["n"]);
    assert.deepEqual(missing("(x) => x * k + Math.max(rate, 1)", "rate"), ["k"]);
    assert.deepEqual(missing("function (a, { b, c: [d] }, ...e) { const f = a + b + d; return { f, e, g } }"), ["g"]);
    assert.deepEqual(missing("twice(n) { return this.once(n) + helper(n) }"), ["helper"]);
    assert.deepEqual(missing("class A extends Base { #x = 1; get x() { return this.#x + y.z } static w = A }"), [
      "Base",
      "y",
    ]);
  });

  it("are none for methods that stand alone", () => {
    for (const source of [
      "function execute_code(code) { try { return exec(code) } catch { return null } }",
      "(xs) => { outer: for (const x of xs) for (let i = 0; ; i++) if (i > x) continue outer; return { xs, key: 1 } }",
      "async (q) => { const { a = 1, ...rest } = JSON.parse(await self.call_LLM(q)); console.log(a, rest, new.target) }",
      "function f(n) { return n < 2 ? 1 : n * f(n - 1) + arguments.length }",
      "(e) => { try { throw e } catch ({ message: m }) { return [m, budget, process.platform] } }",
      "function sum() { return total(); function total() { return 1 } }",
    ])
      assert.deepEqual(missing(source), [], source);
    assert.deepEqual(missing("not a ( function"), []);
  });
});
