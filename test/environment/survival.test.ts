import assert from "node:assert/strict";
import { EnvironmentFailure, paperRewards, rewards, SurvivalEnv } from "../../src/environment/index.ts";
import { createSandbox, newbornGenome, type Sandbox } from "../../src/sandbox/index.ts";

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
    assert.deepEqual(info, { rewards: {}, report: null });
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
    assert.throws(
      () => new SurvivalEnv({ maxSteps: 0 }),
      new EnvironmentFailure({ kind: "option", name: "maxSteps", expected: "a positive integer", value: 0 }),
    );
    await env.close();
  });
});
