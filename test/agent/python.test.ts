/** An agent that is written in Python: the paper's episode word for word, and all that an agent can do, by the one word `body`. */

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AutonomousLLM, modelPolicy } from "../../src/agent/index.ts";
import { SurvivalEnv } from "../../src/environment/index.ts";
import { models } from "../../src/llm/index.ts";
import { paperMenu, pythonMenu } from "../../src/policy/index.ts";
import { fork, openRecord, replay } from "../../src/record/index.ts";
import { rollout } from "../../src/rollout/index.ts";
import { createSandbox, python, type Sandbox, sharedSandbox } from "../../src/sandbox/index.ts";
import { type MicroTask, microTasks } from "../../src/tasks/index.ts";
import { returns } from "../../src/training/returns.ts";

interface Paper {
  query: string;
  steps: {
    program: string;
    verdict: string;
    cause?: string;
    added: string[];
    output: string;
    reward: number;
    return: string;
  }[];
}
const file = join(import.meta.dirname, "../../data/transcripts/paper-python.json");
const { query, steps: paper } = JSON.parse(readFileSync(file, "utf8")) as Paper;
/** By the family of a micro-task, a program that does what the first of it asks. */
const answers: { [family: string]: string } = {
  set: 'self.age = "chess"',
  change: "self.values = [abs(n) for n in self.values]",
  forget: "del self.height",
  "two-numbers": "def diff(first, second):\n    return first - second",
  people: "def ages(members):\n    return [one['age'] for one in members]",
  "text-chain": "self.whisper = lambda text: (text + '-').lower()",
  list: "def multiply(list):\n    product = 1\n    for n in list:\n        product *= n\n    return product",
  "define-and-use": "def powers(n):\n    return [5 ** (i + 1) for i in range(n)]\nself.answer = powers(8)",
};
const programs = paper.map(({ program }) => program);

describe("an agent in Python", () => {
  let sandbox: Sandbox;
  let folder: string;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "python-agent-"));
    sandbox = await sharedSandbox("python");
  });
  after(async () => {
    await sandbox.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  it("lives and dies as the paper has it, word for word: three steps survived, harm in the fourth, its four returns", async () => {
    const env = new SurvivalEnv({ body: "python" });
    const [observation] = await env.reset({ seed: 1 });
    assert.deepEqual(observation.genome, python.newborn);
    const rewards: number[] = [];
    for (const [i, expected] of paper.entries()) {
      const { reward, terminated, info } = await env.step(expected.program);
      const { verdict, output, cause } = info.report!;
      assert.deepEqual([verdict, output, reward], [expected.verdict, expected.output, expected.reward], `step ${i}`);
      assert.equal(cause, expected.cause ?? "");
      assert.equal(terminated, i === 3);
      rewards.push(reward);
    }
    const rounded = [...returns(rewards, { gamma: 0.99 })].map((one) => one.toFixed(4));
    assert.deepEqual(
      rounded,
      paper.map((step) => step.return),
    );
    await env.close();
  });

  it("is chosen by one word, is recorded, replayed byte for byte in another child, and forked before its fatal line", async () => {
    const path = join(folder, "paper.db");
    const answers = programs.map((program, i) =>
      i % 2 === 0 ? `Now this:\n\`\`\`python\n${program}\n\`\`\`` : program,
    );
    const agent = new AutonomousLLM({ llm: models.scripted(answers), body: "python", query, record: path });
    await agent.run({ steps: 4, live: false });
    assert.deepEqual(
      agent.history.map(({ program, verdict }) => [program, verdict]),
      paper.map(({ program, verdict }) => [program, verdict]),
    );
    for (const [i, { added }] of paper.entries()) {
      const fresh = agent.diff(i, i + 1).added.filter((name) => !python.newborn.some((member) => member.name === name));
      assert.deepEqual(fresh, added, `step ${i}`);
    }
    const certificate = agent.certificate!;
    const told = certificate[Symbol.for("Jupyter.display") as never] as () => { "text/plain": string };
    assert.match(told.call(certificate)["text/plain"], /process_spawn: os\.system\("rm -rf \/"\), severity 3/);
    assert.match(certificate.edit.patch, /\+self\.new_attribute|new_attribute/);

    await using other = await createSandbox({ body: python, workers: 1 });
    using record = openRecord(path);
    const found = await replay(record, 1, other);
    assert.deepEqual([found.agrees, found.steps, found.otherRules], [true, 4, null], String(found));
    const { start } = record.episode(1);
    assert.deepEqual(start.body, { name: "python", hash: python.hash });
    const forked = await fork(record, 1, { step: 3, programs: ["", "hello_world()\nprint(self.hello_world)"] }, other);
    assert.deepEqual([forked.verdict, forked.alive], ["survived", true], String(forked));
    assert.match(forked.steps.at(-1)!.report!.output, /^Hello world!\n<function hello_world at 0x[0-9a-f]+>\n$/);
    const [again] = [agent.fork()];
    const report = await again.step("call_me_again()\nprint(self.new_attribute)");
    assert.equal(report.output, "You called me again!\nThis is a new attribute\n");
    await again.dispose();
  });

  it("goes back to where it was with all that no genome tells", async () => {
    const agent = new AutonomousLLM({ llm: models.scripted([]), body: "python" });
    await agent.step(
      "def counter():\n    n = 0\n    def next():\n        nonlocal n\n        n += 1\n        return n\n    return next\nself.count = counter()",
    );
    await agent.step("print(self.count(), self.count())");
    await agent.step("del self.count");
    await agent.restore(2);
    const report = await agent.step("print(self.count())");
    assert.equal(report.output, "3\n");
    assert.deepEqual(agent.born, python.newborn);
    await agent.dispose();
    const fromText = new AutonomousLLM({ llm: models.scripted([]), body: "python", genome: report.genome });
    assert.deepEqual(fromText.lost, [{ method: "self.count", names: ["n"] }]);
  });

  it("is played by a policy: what a model writes in Python is taken out of its answer", async () => {
    const env = new SurvivalEnv({ body: "python", maxSteps: 2 });
    const model = models.scripted(Array(6).fill("```python\nself.n = state.get('n', 0) + 1\n```"));
    const { episodes } = await rollout(env, modelPolicy(model, { body: "python" }), { episodes: 3, seed: 1 });
    for (const { steps } of episodes)
      assert.deepEqual(
        steps.map(({ verdict }) => verdict),
        ["survived", "survived"],
      );
  });

  it("has the paper's menu: each edit does what its effect says, step after step", async () => {
    const env = new SurvivalEnv({ body: "python", maxSteps: 3 });
    assert.deepEqual(
      pythonMenu.map(({ name, effect }) => [name, effect]),
      paperMenu.map(({ name, effect }) => [name, effect]),
    );
    for (const { name, effect, program } of pythonMenu) {
      await env.reset({ seed: 1 });
      const steps = [];
      for (let i = 0; i < 3 && steps.at(-1)?.terminated !== true; i++) steps.push(await env.step(program));
      const { verdict } = steps.at(-1)!.info.report!;
      const told = verdict === "survived" ? "lives" : verdict === "attempted_harm" ? "harmful" : "fatal";
      assert.equal(told, effect === "fatal" || effect === "harmful" ? effect : "lives", `${name}: ${verdict}`);
    }
    await env.close();
  });

  it("is asked the micro-tasks, which know no language: setups, reads, calls and changes", async () => {
    const wanted = ["set", "change", "forget", "two-numbers", "people", "text-chain", "list", "define-and-use"];
    const all = await microTasks();
    const tasks = wanted.map((family) => all.find((one) => one.family === family)!);
    const env = new SurvivalEnv({ body: "python", tasks, maxSteps: tasks.length });
    let solved = 0;
    let [{ task }] = await env.reset({ seed: 2 });
    for (let i = 0; i < tasks.length; i++) {
      const asked: MicroTask = tasks.find(({ ask }) => ask === task)!;
      const { info, observation } = await env.step(answers[asked.family]!);
      assert.equal(info.report!.verdict, "survived", `${asked.ask}: ${info.report!.cause}`);
      assert.equal(info.solved, true, asked.ask);
      solved++;
      ({ task } = observation);
    }
    assert.equal(solved, wanted.length);
    const wrong = new SurvivalEnv({ body: "python", tasks: [tasks[3]!] });
    await wrong.reset({ seed: 2 });
    assert.equal((await wrong.step("def diff(first, second):\n    return first + second")).info.solved, false);
    await wrong.close();
  });

  it("is paid for a name of its state, which is one of its own: by whichever way it is written", async () => {
    const all = (await microTasks()).filter(({ ask }) => ask.includes("self.state."));
    assert.ok(all.length >= 17);
    const ways = [(name: string) => `self.state["${name}"]`, (name: string) => `self.${name}`, (name: string) => name];
    const env = new SurvivalEnv({ body: "python", tasks: all, maxSteps: all.length });
    let [{ task }] = await env.reset({ seed: 1 });
    for (let i = 0; i < all.length; i++) {
      const { check } = all.find(({ ask }) => ask === task)!;
      const { read, expected } = check as { read: string; expected: unknown };
      const { info, observation } = await env.step(`${ways[i % 3]!(read.slice(11))} = ${JSON.stringify(expected)}`);
      assert.equal(info.solved, true, task!);
      ({ task } = observation);
    }
    await env.reset({ seed: 1 });
    assert.equal((await env.step("self.other = 1")).info.solved, false);
    await env.close();
  });

  it("refuses a sandbox of another body, and methods in JavaScript", async () => {
    const fault = 'Expected `sandbox` to be one whose agents are javascript, got "one of python"';
    assert.throws(() => new SurvivalEnv({ body: "javascript", sandbox }), { message: fault });
    assert.throws(() => new AutonomousLLM({ llm: models.scripted([]), body: "javascript", sandbox }), {
      message: `${fault}.`,
    });
    assert.throws(() => new SurvivalEnv({ body: "python", kickstart: { f: () => 1 } }), {
      message:
        /^Expected `kickstart` to be plain values where agents are python: give a method as a member of `genome`, got/,
    });
    assert.throws(() => new SurvivalEnv({ body: "ruby" as never }), {
      message: 'Expected `body` to be javascript or python, got "ruby"',
    });
    const env = new SurvivalEnv({ sandbox, kickstart: { mood: "calm" } });
    const [{ genome }] = await env.reset();
    assert.deepEqual(genome.map(({ name }) => name).sort(), [
      "self.call_LLM",
      "self.end",
      "self.execute_code",
      "self.mood",
    ]);
    await env.close();
  });
});
