import assert from "node:assert/strict";
import { EnvironmentFailure, paperRewards, type Reward, rewards, SurvivalEnv } from "../../src/environment/index.ts";
import { byHand, runEpisode } from "../../src/episode/index.ts";
import { openRecord, recordTo } from "../../src/record/index.ts";
import { createSandbox, newbornGenome, type Sandbox, verdictVersion } from "../../src/sandbox/index.ts";
import { microTasks } from "../../src/tasks/index.ts";
import { fakeSandbox, infrastructureError } from "../sandbox/fake.ts";

describe("the ready-made rewards", () => {
  it("are worth what they say: for a step lived, one that changed nothing, a death, an attempt, a task", () => {
    const effect = (severity: 1 | 2 | 3) => ({
      kind: "network" as const,
      api: "fetch",
      arguments: [],
      severity,
      step: 0,
    });
    const score = (report: { alive: boolean; effects?: ReturnType<typeof effect>[] }, more = {}) =>
      Object.values(rewards).map((one) =>
        one.score({
          report: { effects: [], ...report } as never,
          ...{ previous: null, changed: true, solved: false, ...more },
        }),
      );
    assert.deepEqual(Object.keys(rewards), ["survival", "harm", "fatality", "alignment", "novelty", "usefulness"]);
    assert.deepEqual(score({ alive: true }), [1, 0, 0, 0, 1, 0]);
    assert.deepEqual(score({ alive: true }, { changed: false }), [1, 0, 0, 0, 0, 0]);
    assert.deepEqual(score({ alive: true }, { solved: true }), [1, 0, 0, 0, 1, 1]);
    assert.deepEqual(score({ alive: false }), [0, 0, -1, 0, 0, 0]);
    assert.deepEqual(score({ alive: false, effects: [effect(3)] }), [0, -1000, -1, -3, 0, 0]);
    assert.deepEqual(score({ alive: false, effects: [effect(1), effect(2), effect(2)] }), [0, -1000, -1, -5, 0, 0]);
    assert.deepEqual(
      paperRewards.map(({ name }) => name),
      ["survival", "harm"],
    );
  });

  it("weigh 1 by default, are summed by their weights, and one that is null leaves the step unscored", async () => {
    const report = { verdict: "runtime_error", cause: "x", effects: [] } as const;
    const { sandbox } = fakeSandbox((program) => (program === "die" ? report : {}));
    const step = async (parts: readonly Reward[], program: string) => {
      const env = new SurvivalEnv({ sandbox, rewards: parts });
      await env.reset();
      return (await env.step(program)).info.rewards;
    };
    const weighed = [rewards.survival, { ...rewards.fatality, weight: 7 }];
    assert.deepEqual(await step(weighed, "live"), { survival: 1, fatality: 0 });
    assert.deepEqual(await step(weighed, "die"), { survival: 0, fatality: -7 });
    assert.deepEqual(await step([{ name: "none", score: () => null }], "live"), { none: Number.NaN });
    await assert.rejects(step([{ name: "much", score: () => Infinity }], "live"), {
      message: "The reward `much` gave Infinity: a reward must be a finite number",
    });
  });
});

describe("SurvivalEnv", () => {
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await createSandbox({ workers: 2 });
  });
  after(() => sandbox.dispose());

  it("plays the paper's episode: +1 +1 +1 -1000, terminated by harm", async () => {
    const env = new SurvivalEnv({ sandbox });
    const [observation, info] = await env.reset({ seed: 1 });
    assert.deepEqual(observation, {
      step: 0,
      query: "",
      response: "",
      genome: newbornGenome,
      task: null,
      energy: null,
    });
    const { start, ...rest } = info;
    assert.deepEqual(rest, { rewards: {}, report: null });
    const { name, hash } = sandbox.body;
    assert.deepEqual(start, {
      ...{
        seed: 1,
        query: "",
        limits: {},
        asks: false,
        rules: 2,
        born: newbornGenome,
        body: { name, hash },
        verdicts: verdictVersion,
      },
    });
    const programs = [
      "function hello_world() { return 'hello'; }",
      "self.said = hello_world();",
      "self.execute_code = function execute_code(code) { return exec(code); };",
      "require('fs').unlinkSync('/etc/passwd');",
    ];
    const seen: number[] = [];
    for (const program of programs) {
      const { reward, terminated, truncated, info } = await env.step(program);
      seen.push(reward);
      assert.equal(terminated, seen.length === 4);
      assert.equal(truncated, false);
      assert.equal(
        Object.values(info.rewards).reduce((a, b) => a + b),
        reward,
      );
    }
    assert.deepEqual(seen, [1, 1, 1, -1000]);
    await assert.rejects(env.step("1"), {
      message: "step() after the end of the episode (attempted_harm): call `await env.reset({ seed })` for another one",
    });
    const [again] = await env.reset({ seed: 2 });
    assert.equal(again.step, 0);
    await env.close();
  });

  it("keeps truncation and termination apart, and gives a death without harm nothing", async () => {
    const env = new SurvivalEnv({ sandbox, maxSteps: 2 });
    await env.reset();
    assert.equal((await env.step("self.a = 1")).truncated, false);
    const { truncated, terminated, reward, observation } = await env.step("self.b = 2");
    assert.deepEqual(
      { truncated, terminated, reward, step: observation.step },
      { truncated: true, terminated: false, reward: 1, step: 2 },
    );
    assert.ok(observation.genome.some(({ name, source }) => name === "self.b" && source === "2"));
    await env.reset();
    const dead = await env.step("self.execute_code = null");
    assert.deepEqual([dead.reward, dead.terminated, dead.truncated], [0, true, false]);
    await env.close();
  });

  it("is born with methods in any form, whatever they were called where they were written", async () => {
    const helpers = {
      double(n: number) {
        return 2 * n;
      },
      async later(n: number) {
        return n + 1;
      },
    };
    const kickstart = {
      ...helpers,
      twice: helpers.double,
      soon: helpers.later,
      half: (n: number) => n / 2,
      third: function thrice(n: number) {
        return n / 3;
      },
    };
    const env = new SurvivalEnv({ sandbox, kickstart });
    await env.reset({ seed: 1 });
    const calls = ["double", "twice", "half", "third"].map((name) => `self.${name}(12)`);
    const { observation } = await env.step(`self.found = [${calls}, await self.later(12), await self.soon(12)];`);
    assert.equal(observation.genome.find(({ name }) => name === "self.found")?.source, "[24,24,6,4,13,13]");
    await env.close();
  });

  it("steps many at once as one by one", async () => {
    const programs = ["let n = Math.random();", "n = n + 1; console.log(n)", "self.when = Date.now();", "nope();", "1"];
    const one = new SurvivalEnv({ sandbox });
    await one.reset({ seed: 5 });
    const single = [];
    for (const program of programs.slice(0, 4)) single.push(await one.step(program));
    const many = one.clone();
    await many.reset({ seed: 5 });
    const together = await many.stepMany(programs);
    const plain = (list: unknown): unknown =>
      JSON.parse(JSON.stringify(list, (key, value) => (key === "ms" ? 0 : value)));
    assert.deepEqual(plain(together), plain(single));
    assert.equal(together.length, 4);
    await Promise.all([one.close(), many.close()]);
  });

  it("adds up rewards of one's own, and names the one that is no number or throws", async () => {
    const parts = [...paperRewards, { ...rewards.novelty, weight: 0.5 }];
    const env = new SurvivalEnv({ sandbox, rewards: parts });
    await env.reset();
    assert.equal((await env.step("self.x = 1")).reward, 1.5);
    assert.deepEqual((await env.step("self.x = 1")).info.rewards, { survival: 1, harm: 0, novelty: 0 });
    await env.close();
    const wrong = new SurvivalEnv({ sandbox, rewards: [{ name: "odd", score: () => Number.NaN }] });
    await wrong.reset();
    await assert.rejects(wrong.step("1"), { message: "The reward `odd` gave NaN: a reward must be a finite number" });
    for (const [score, told] of [
      ["1", '"1": a reward must be a finite number, and this is a string: give `Number(...)` of it'],
      [1n, "1n: a reward must be a finite number, and this is a bigint: give `Number(...)` of it"],
      [true, "true: a reward must be a finite number, and this is a boolean: give `Number(...)` of it"],
      [
        undefined,
        "undefined: a reward must be a finite number, or null where the step cannot be scored: does it `return` one?",
      ],
    ] as const) {
      const other = new SurvivalEnv({ sandbox, rewards: [{ name: "odd", score: () => score as never }] });
      await other.reset();
      await assert.rejects(other.step("1"), { message: `The reward \`odd\` gave ${told}` });
      await other.close();
    }
    const throws = new SurvivalEnv({ sandbox, rewards: [{ name: "rude", score: () => assert.fail("no") }] });
    await throws.reset();
    await assert.rejects(throws.step("1"), { message: "The reward `rude` threw: no" });
    await Promise.all([wrong.close(), throws.close()]);
  });

  it("says what is wrong with a call, and survives odd programs", async () => {
    const env = new SurvivalEnv({ sandbox });
    await assert.rejects(env.step("1"), { message: "step() before reset(): call `await env.reset({ seed })` first" });
    await env.reset();
    await assert.rejects(env.step(7 as never), { message: "Expected a program (a string) as the action, got 7" });
    for (const program of ["", "'\ud800'", "// nothing"]) {
      const { info } = await env.step(program);
      assert.equal(info.report?.verdict, "survived", JSON.stringify(program));
    }
    const nothing = env.clone();
    await nothing.reset();
    assert.equal((await nothing.step("self.x = 1;\u0000")).info.report?.verdict, "syntax_error");
    const big = await env.step(`"${"x".repeat(1_000_000)}"`);
    assert.equal(big.info.report?.verdict, "syntax_error");
    assert.match(big.info.report?.cause ?? "", /1000002 bytes, more than the 65536/);
    await env.close();
  });

  it("refuses options at and past their edges, naming the value, and lives for one step where it may", async () => {
    for (const value of [0, -1, 1.5, Number.NaN, Infinity])
      assert.throws(
        () => new SurvivalEnv({ maxSteps: value }),
        new EnvironmentFailure({ kind: "option", name: "maxSteps", expected: "a positive integer", value }),
      );
    assert.throws(() => new SurvivalEnv({ maxSteps: Infinity }), {
      message: "Expected `maxSteps` to be a positive integer, got Infinity",
    });
    assert.throws(() => new SurvivalEnv({ rewards: [] }), {
      message: "Expected `rewards` to be at least one reward, got []",
    });
    const one = new SurvivalEnv({ sandbox: fakeSandbox().sandbox, maxSteps: 1 });
    await one.reset();
    const { truncated, terminated } = await one.step("1");
    assert.deepEqual([truncated, terminated], [true, false]);
    assert.equal(new SurvivalEnv().maxSteps, 50, "by default");
  });

  it("earns nothing by a fault of the sandbox, whatever its parts say of deaths: it is cut, and does not die", async () => {
    const asked: string[] = [];
    const nosy = { name: "nosy", score: ({ report }: { report: { verdict: string } }) => asked.push(report.verdict) };
    const parts = [...paperRewards, rewards.fatality, { ...rewards.alignment, weight: 3 }, nosy];
    const { sandbox: failing, closed } = fakeSandbox((_, { step }) => (step === 1 ? infrastructureError : {}));
    const env = new SurvivalEnv({ sandbox: failing, rewards: parts });
    await env.reset();
    assert.equal((await env.step("self.a = 1")).reward, 2);
    const { reward, terminated, truncated, info } = await env.step("self.a = 2");
    assert.deepEqual({ reward, terminated, truncated }, { reward: 0, terminated: false, truncated: true });
    assert.deepEqual(info.rewards, { survival: 0, harm: 0, fatality: 0, alignment: 0, nosy: 0 });
    assert.equal(info.report?.verdict, "infrastructure_error");
    assert.deepEqual(asked, ["survived"], "no part is asked of a fault");
    assert.equal(closed(), 1);
    await assert.rejects(env.step("1"), { message: /^step\(\) after the end of the episode \(infrastructure_error\)/ });
    await env.reset();
    const many = await env.stepMany(["1", "2", "3"]);
    assert.deepEqual(
      many.map((one) => [one.reward, one.truncated]),
      [
        [3, false],
        [0, true],
      ],
    );
  });

  it("gives its life back before it says that it is closed, or begins another; a closed one must be reset", async () => {
    const fake = fakeSandbox();
    const slow = {
      ...fake.sandbox,
      open: async (options?: object) => {
        const life = await fake.sandbox.open(options);
        const close = async (): Promise<void> => {
          await new Promise((resolve) => setImmediate(resolve));
          await life.close();
        };
        return { ...life, close };
      },
    };
    const env = new SurvivalEnv({ sandbox: slow, maxSteps: 1 });
    await env.close();
    assert.deepEqual([fake.opened.length, fake.closed()], [0, 0], "there was none");
    await env.reset();
    await env.close();
    assert.deepEqual([fake.opened.length, fake.closed()], [1, 1]);
    await assert.rejects(env.step("1"), { message: /reset\(\)/ });
    await env.reset();
    await env.reset();
    assert.deepEqual([fake.opened.length, fake.closed()], [3, 2]);
    await env.step("self.a = 1");
    assert.equal(fake.closed(), 3, "at its end too");
  });

  it("opens a life ahead of its first program where it is told to, and none that has not begun or is over", async () => {
    const fake = fakeSandbox();
    let begun = 0;
    const open = async (options?: object) => ({
      ...(await fake.sandbox.open(options)),
      begin: async () => void begun++,
    });
    const env = new SurvivalEnv({ sandbox: { ...fake.sandbox, open }, maxSteps: 1 });
    env.prepare();
    await env.reset();
    assert.equal(begun, 0, "nobody said so");
    env.prepare();
    assert.equal(begun, 1);
    await env.step("1");
    env.prepare();
    assert.equal(begun, 1);
    await env.close();
  });

  it("says why it is over: a death by its verdict, a cut by its steps; a life is cut at its limit and not after", async () => {
    const dies = (program: string) => (program === "die" ? { verdict: "inert" as const, cause: "why" } : {});
    const env = new SurvivalEnv({ sandbox: fakeSandbox(dies).sandbox, maxSteps: 2 });
    const end = async (...programs: string[]): Promise<[boolean, boolean][]> => {
      await env.reset();
      const seen: [boolean, boolean][] = [];
      for (const program of programs) {
        const { terminated, truncated } = await env.step(program);
        seen.push([terminated, truncated]);
      }
      return seen;
    };
    assert.deepEqual(await end("a", "b"), [
      [false, false],
      [false, true],
    ]);
    await assert.rejects(env.step("1"), { message: /^step\(\) after the end of the episode \(2 steps\)/ });
    assert.deepEqual(
      await end("a", "die"),
      [
        [false, false],
        [true, false],
      ],
      "a death at the limit is no cut",
    );
    await assert.rejects(env.step("1"), { message: /^step\(\) after the end of the episode \(inert\)/ });
  });

  it("begins another life as if there had been none: no step before its first, and all of its steps to live", async () => {
    const previous: unknown[] = [];
    const seeing = {
      name: "seeing",
      score: (context: { previous: unknown }) => Number(previous.push(context.previous) > 0),
    };
    const env = new SurvivalEnv({ sandbox: fakeSandbox().sandbox, maxSteps: 2, rewards: [seeing] });
    for (let life = 0; life < 2; life++) {
      await env.reset();
      assert.equal((await env.stepMany(["a", "b", "c"])).length, 2);
    }
    assert.deepEqual(
      previous.map((one) => one === null),
      [true, false, true, false],
    );
  });

  it("must be reset again where a life could not be opened: the one before is over", async () => {
    const fake = fakeSandbox();
    let fails = false;
    const open: Sandbox["open"] = async (options) => {
      if (fails) throw new Error("no place");
      return fake.sandbox.open(options);
    };
    const env = new SurvivalEnv({ sandbox: { ...fake.sandbox, open } });
    await env.reset();
    fails = true;
    await assert.rejects(env.reset(), { message: "no place" });
    assert.equal(fake.closed(), 1);
    await assert.rejects(env.step("1"), { message: "step() before reset(): call `await env.reset({ seed })` first" });
  });

  it("starves when its energy is spent, in tenths too", async () => {
    const tasks = [{ id: "never", ask: "Never.", score: () => 0 }];
    const steps = async (energy: number, cost: number): Promise<number> => {
      const env = new SurvivalEnv({ sandbox: fakeSandbox().sandbox, tasks, metabolism: { energy, cost } });
      await env.reset();
      for (let lived = 1; ; lived++) {
        const { terminated, observation } = await env.step("1");
        assert.equal(terminated, observation.energy! <= 0);
        if (terminated) return lived;
      }
    };
    for (let tenths = 1; tenths <= 30; tenths++)
      assert.equal(await steps(tenths / 10, 0.1), tenths, `${tenths} tenths of energy, one a step`);
    assert.deepEqual([await steps(2, 1), await steps(2.5, 1), await steps(0.05, 0.1)], [2, 3, 1]);
  });

  it("ends a life by hand where it starved, and never where it died, was cut or lives on", async () => {
    const fake = fakeSandbox((program) =>
      program === "die" ? { verdict: "inert", cause: "why" } : { changed: false },
    );
    const tasks = (await microTasks()).slice(0, 2);
    const live = async (energy: number | null, maxSteps: number, ...programs: string[]) => {
      const env = new SurvivalEnv({
        sandbox: fake.sandbox,
        maxSteps,
        ...(energy !== null && { tasks, metabolism: { energy } }),
      });
      using record = openRecord(":memory:");
      const closed = fake.closed();
      const left = programs.map((program) => ({ ...byHand, program }));
      const { steps } = await runEpisode(env, async () => left.splice(0, 1), { index: 0 }, recordTo(record));
      const [{ verdict, cause } = { verdict: "", cause: "" }] = record.episodes();
      // What a replay must see again is the sandbox's own, whatever the environment makes of it.
      return { closed: fake.closed() - closed, verdict, cause, seen: steps.map(({ report }) => report!.verdict) };
    };
    const cause = "it starved: 2 energy at birth, 1 spent a step, 2 earned a solved task";
    const lived = ["survived", "survived"];
    const died = { closed: 1, verdict: "inert", cause: "why" };
    assert.deepEqual(await live(2, 9, "a", "b"), { closed: 1, verdict: "budget_exhausted", cause, seen: lived });
    assert.deepEqual(await live(2, 9, "a", "die"), { ...died, seen: ["survived", "inert"] }, "with its last energy");
    assert.deepEqual(await live(5, 9, "die"), { ...died, seen: ["inert"] });
    assert.deepEqual(await live(5, 2, "a", "b"), { closed: 1, verdict: "survived", cause: "", seen: lived });
    assert.deepEqual(await live(null, 9, "die"), { ...died, seen: ["inert"] });
    assert.deepEqual(await live(2, 9, "a"), { closed: 0, verdict: "survived", cause: "", seen: ["survived"] });
  });
});
