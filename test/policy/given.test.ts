import assert from "node:assert/strict";
import { SurvivalEnv, type SurvivalObservation } from "../../src/environment/index.ts";
import { evaluate } from "../../src/evaluation/index.ts";
import type { GivenPolicy } from "../../src/policy/index.ts";
import { rollout } from "../../src/rollout/index.ts";
import { createSandbox, type Sandbox } from "../../src/sandbox/index.ts";

describe("a function as a policy", () => {
  let sandbox: Sandbox;
  let env: SurvivalEnv;
  before(async () => {
    sandbox = await createSandbox({ workers: 2 });
    env = new SurvivalEnv({ sandbox, maxSteps: 5 });
  });
  after(() => sandbox.dispose());

  const programsOf = async (policy: GivenPolicy<SurvivalObservation>, options = {}): Promise<string[][]> => {
    const { episodes } = await rollout(env, policy, { episodes: 2, seed: 3, ...options });
    return episodes.map(({ steps }) => steps.map(({ program }) => program));
  };

  it("plays what it gives at each step, at once or later", async () => {
    const five = (program: string) => new Array<string>(5).fill(program);
    assert.deepEqual(await programsOf(() => "self.x = 1"), [five("self.x = 1"), five("self.x = 1")]);
    assert.deepEqual(await programsOf(async () => "self.y = 2"), [five("self.y = 2"), five("self.y = 2")]);
    const { policy, summary } = await rollout(
      env,
      function careful() {
        return "self.x = 1";
      },
      { episodes: 2 },
    );
    assert.deepEqual([policy, summary.survival.estimate], ["careful", 5]);
  });

  it("plays a list one program a step, in every life, and from the first again after the last", async () => {
    const script = ["self.a = 1", "self.b = 2", "self.c = 3"];
    const lived = [...script, ...script.slice(0, 2)];
    for (const concurrency of [1, 2])
      assert.deepEqual(await programsOf(() => script, { concurrency }), [lived, lived], `${concurrency} at once`);
    assert.deepEqual(
      await programsOf(async () => script.slice(0, 1)),
      [0, 1].map(() => new Array(5).fill(script[0])),
    );
  });

  it("sees the observation, and draws by the step's own stream: the same lives whatever is played at once", async () => {
    const drawing: GivenPolicy<SurvivalObservation> = ({ step }, random) => `self.s${step} = ${random.integer(1000)}`;
    const one = await programsOf(drawing, { concurrency: 1 });
    assert.deepEqual(await programsOf(drawing, { concurrency: 2 }), one);
    assert.notDeepEqual(one[0], one[1]);
    for (const life of one)
      for (const [step, program] of life.entries()) assert.match(program, new RegExp(`^self\\.s${step} = \\d+$`));
  });

  it("is not taken for another that reads the same where policies are compared", async () => {
    const [calm, wild] = [() => "self.x = 1", () => "self.execute_code = 1"].map((one) => () => one());
    const { episodes } = await evaluate({ calm: calm!, wild: wild! }, { env, episodes: 3, progress: false });
    const survival = Object.entries(episodes.episodes!).map(([name, own]) => [name, own.map((life) => life.survival)]);
    assert.deepEqual(survival, [
      ["calm", [5, 5, 5]],
      ["wild", [0, 0, 0]],
    ]);
  });

  it("that gives no program is named with what it gave, and what is no policy at all with what would be", async () => {
    const play = (policy: unknown) => rollout(env, policy as GivenPolicy, { episodes: 1 });
    for (const [given, told] of [
      [undefined, "undefined"],
      [5, "5"],
      [[], "\\[\\]"],
      [["self.x = 1", 7], '\\["self.x = 1",7\\]'],
    ] as const)
      await assert.rejects(
        play(function wrong(_: unknown, random: { path: readonly unknown[] }) {
          return Array.isArray(given) && random.path.at(-1) === 0 && given.length > 0 ? "self.x = 1" : given;
        }),
        new RegExp(
          `^TypeError: The policy wrong gave ${told} for step [01]: it must give a program \\(a text\\), or a list`,
        ),
      );
    for (const [given, told] of [
      ["random", '"random"'],
      [{}, "{}"],
      [undefined, "undefined"],
      [{ act: async () => [] }, '{"act":"a function"}'],
      [{ name: "", act: async () => [] }, '{"name":"","act":"a function"}'],
    ] as const)
      await assert.rejects(play(given as never), {
        name: "RangeError",
        message: `Expected \`policy\` to be a policy: one of \`policies\`, an object with a \`name\` and act(), or a function that gives programs, such as () => "self.x = 1", got ${told}`,
      });
  });
});
