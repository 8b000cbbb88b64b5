/** Learning again from what went well: what is kept, what is drawn of it, and what it does to the odds. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { SurvivalEnv } from "../../src/environment/index.ts";
import type { Episode } from "../../src/episode/index.ts";
import { type Action, editMenu, policies, type TokenPolicy, tf } from "../../src/policy/index.ts";
import type { Task } from "../../src/tasks/index.ts";
import { readCheckpoint, type TrainOptions } from "../../src/training/index.ts";
import { checkReplay, openReplay } from "../../src/training/replay.ts";
import { temporaryFolder, writeFolder, writingModel } from "../model/shared.ts";
import { fakeSandbox } from "../sandbox/fake.ts";
import { nameEnv, updatesOf } from "./fixtures.ts";

/** A step that was asked a task. */
const step = (task: string, program: string, { solved = true, cut = false } = {}) => ({
  ...{ task, solved, program },
  action: { choice: [...program].map((letter) => letter.charCodeAt(0)), cut },
});
const lived = (...steps: object[]) => [{ steps }] as unknown as Episode[];

/** Reads programs as if a model did, and keeps what it was asked. */
function opened({ replay = 4, seed = 1, asks = ["a", "b", "c"] } = {}) {
  const reads: unknown[] = [];
  const policy = {
    async read(observations: readonly unknown[], written: readonly { ids: readonly number[]; text: string }[]) {
      reads.push([...observations, ...written]);
      return written.map(({ ids, text }) => ({ action: { program: text, choice: ids } as unknown as Action }));
    },
  };
  const env = { tasks: asks.map((id) => ({ id, ask: `do ${id}` })) };
  return { reads, ...openReplay({ replay, seed, env, policy } as unknown as Parameters<typeof openReplay>[0]) };
}
const programsOf = (actions: readonly Action[]) => actions.map(({ program }) => program);

describe("what is learned from again", () => {
  it("is whole programs that did what they were asked, each once, eight of a task at most, the newest", async () => {
    const replay = opened();
    assert.deepEqual(await replay.draw(0), []);
    replay.hear(lived(step("a", "one"), step("a", "two", { solved: false }), step("b", "cut", { cut: true })));
    replay.hear(
      lived(step("a", "one"), { ...step("c", "a menu's"), action: { choice: 3 } }, { program: "no task", action: {} }),
    );
    assert.deepEqual(replay.state(), { a: [{ program: "one", ids: [111, 110, 101] }] });
    replay.hear(lived(...Array.from({ length: 9 }, (_, i) => step("a", `new ${i}`))));
    assert.deepEqual(
      replay.state()!.a!.map(({ program }) => program),
      Array.from({ length: 8 }, (_, i) => `new ${i + 1}`),
    );
  });

  it("is drawn evenly over tasks, by seed and update alone, and each program is read once, as an answer to its ask", async () => {
    const replay = opened({ replay: 600 });
    replay.hear(lived(...Array.from({ length: 5 }, (_, i) => step("a", `a${i}`)), step("b", "b0")));
    const drawn = programsOf(await replay.draw(7));
    assert.equal(drawn.length, 600);
    const ofB = drawn.filter((program) => program === "b0").length;
    assert.ok(Math.abs(ofB - 300) < 4 * Math.sqrt(150), `${ofB} of 600`);
    assert.equal(new Set(drawn).size, 6);
    assert.deepEqual(programsOf(await replay.draw(7)), drawn);
    assert.notDeepEqual(programsOf(await replay.draw(8)), drawn);
    assert.equal(replay.reads.length, 6);
    assert.deepEqual(
      replay.reads.find((read) => JSON.stringify(read).includes("b0")),
      [{ task: "do b" }, { ids: [98, 48], text: "b0", cut: false }],
    );
    const other = opened({ replay: 600, seed: 2 });
    other.restore(replay.state());
    assert.notDeepEqual(programsOf(await other.draw(7)), drawn);
    const again = opened({ replay: 600 });
    again.restore(JSON.parse(JSON.stringify(replay.state())));
    assert.deepEqual(programsOf(await again.draw(7)), drawn);
  });

  it("is drawn as it would have been without a break, also where the tasks' ids are numbers", async () => {
    const asks = ["10", "9", "x"];
    const replay = opened({ replay: 40, asks });
    for (const task of asks) replay.hear(lived(step(task, `for ${task}`)));
    const again = opened({ replay: 40, asks });
    again.restore(JSON.parse(JSON.stringify(replay.state())));
    assert.deepEqual(programsOf(await again.draw(1)), programsOf(await replay.draw(1)));
  });

  it("leaves out tasks that are asked no more, and is nothing where nothing is asked for", async () => {
    const replay = opened({ asks: ["b"] });
    replay.restore({ a: [{ program: "gone", ids: [1] }] });
    assert.deepEqual(await replay.draw(0), []);
    const none = opened({ replay: 0 });
    none.hear(lived(step("a", "one")));
    assert.equal(none.state(), null);
    assert.deepEqual(await none.draw(1), []);
  });

  it("is refused where nobody could tell what went well, or read it again", () => {
    const policy = { read: async () => [] } as unknown as TokenPolicy;
    const tasks = [{ id: "a", ask: "do a" }];
    const check = (options: object) =>
      checkReplay({ replay: 4, policy, env: { tasks }, gradients: "whole batch", ...options });
    check({});
    check({ replay: 0, env: {}, policy: editMenu() });
    assert.throws(() => check({ env: nameEnv() }), {
      message:
        "Expected `replay` to be 0 where the environment has no tasks: nothing tells which programs did what they were asked, got 4",
    });
    assert.throws(() => check({ env: { tasks: [{ id: "a" }] } }), /0 where the environment has no tasks/);
    assert.throws(() => check({ policy: editMenu() }), /0 for a policy that cannot read programs again, .* got 4/);
    assert.throws(() => check({ gradients: { part: 8 } }), /0 with `gradients` of parts, .* got 4/);
  });
});

const prompt = {
  ...{ name: "letters", version: 1, examples: [{ ask: "abc", program: "eee" }], before: "(", after: ")" },
  ...{ separator: ";", primed: "", stop: [";"], maxTokens: 6 },
};
/** Done by a program of an even number of letters. */
const tasks: Task[] = Array.from({ length: 6 }, (_, i) => ({
  ...{ id: `task ${i}`, ask: `ab${"cd".repeat(i)}` },
  score: ({ report }) => Number(report.output),
}));
const evenPrograms = fakeSandbox((program) => ({ output: String(1 - (program.length % 2)) }));
const env = new SurvivalEnv({ sandbox: evenPrograms.sandbox, tasks, maxSteps: 1 });

describe("a training that learns again from what went well", () => {
  const folder = temporaryFolder();
  before(() => writeFolder(folder.path, writingModel()));
  after(() => folder[Symbol.dispose]());

  const open = (adapter: object | "head") =>
    policies.fromPretrained(folder.path, {
      ...{ adapter, prompt, threads: 1, batch: 16, temperature: 1, seed: 3 },
      ...(adapter === "head" && { asks: tasks.map(({ ask }) => ask), samples: 16 }),
    } as Parameters<typeof policies.fromPretrained>[1]);
  const learn = (policy: TokenPolicy, options: Partial<TrainOptions> = {}) =>
    updatesOf({
      ...{ env, policy, updates: 4, episodes: 16, group: 8, learningRate: 0.02, lrSchedule: "none", replay: 12 },
      ...{ backend: "wasm", panel: false, ...options },
    });
  const weightsOf = (policy: TokenPolicy) => policy.variables.map((variable) => [...variable.dataSync()]);
  const close = async (policy: TokenPolicy) => {
    policy.dispose();
    await policy.decoder.dispose();
  };

  for (const adapter of [{ blocks: 1, rank: 4 }, "head"] as const)
    it(`is the same to the bit after a break, and another than without: ${adapter === "head" ? "a head" : "an adapter"}`, async () => {
      using at = temporaryFolder();
      const save = join(at.path, "run.safetensors");
      const [straight, half, resumed, without] = await Promise.all([adapter, adapter, adapter, adapter].map(open));
      const updates = await learn(straight!);
      assert.deepEqual(
        updates.map(({ replayed }) => replayed),
        [0, 12, 12, 12],
      );
      for (const { tokens, episodes } of updates)
        assert.equal(
          tokens.drawn,
          episodes.flatMap(({ steps }) => steps).reduce((sum, { action }) => sum + action.tokens!, 0),
        );
      await learn(half!, { updates: 2, save });
      const resume = await readCheckpoint(save);
      assert.ok(Object.values(resume.replay!).flat().length > 0);
      await learn(resumed!, { resume });
      assert.deepEqual(weightsOf(resumed!), weightsOf(straight!));
      await assert.rejects(learn(resumed!, { resume, replay: 3 }), /`replay` was 12 and is 3/);
      await learn(without!, { replay: 0 });
      assert.notDeepEqual(weightsOf(without!), weightsOf(straight!));
      await Promise.all([straight, half, resumed, without].map((policy) => close(policy!)));
    });

  it("raises the odds of these programs where an update's own lives teach nothing", async () => {
    const policy = await open({ blocks: 1, rank: 4 });
    const same = [{ name: "nothing", score: () => 0 }];
    const paid = new SurvivalEnv({ sandbox: evenPrograms.sandbox, tasks, maxSteps: 1, rewards: same });
    using at = temporaryFolder();
    const save = join(at.path, "run.safetensors");
    const first = weightsOf(policy);
    await learn(policy, { env: paid, updates: 1, save, replay: 24, entropyBonus: 0 });
    assert.deepEqual(weightsOf(policy), first, "lives that all earned the same, and nothing to learn from again");
    const kept = Object.entries((await readCheckpoint(save)).replay!);
    const asks = new Map(tasks.map(({ id, ask }) => [id, ask]));
    const actions: Action[] = [];
    for (const [task, programs] of kept)
      for (const { program, ids } of programs)
        actions.push((await policy.read([{ task: asks.get(task)! }], [{ ids, text: program, cut: false }]))[0]!.action);
    const odds = () => tf.tidy(() => tf.sum(policy.evaluate(actions).logProbs).dataSync()[0]!);
    const before = odds();
    await learn(policy, { env: paid, updates: 5, replay: 24, entropyBonus: 0, resume: save });
    assert.ok(odds() > before + 1, `${before} before, ${odds()} after`);
    await close(policy);
  });
});
