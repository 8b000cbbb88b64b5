import assert from "node:assert/strict";
import { checkEnv, type Environment, SurvivalEnv, type Transition } from "../../src/environment/index.ts";
import { createSandbox } from "../../src/sandbox/index.ts";
import { fakeSandbox } from "../sandbox/fake.ts";

describe("checkEnv", () => {
  it("passes SurvivalEnv, also when its episode ends", async () => {
    await using sandbox = await createSandbox({ workers: 2 });
    assert.deepEqual(await checkEnv(new SurvivalEnv({ sandbox })), []);
    assert.deepEqual(await checkEnv(new SurvivalEnv({ sandbox, maxSteps: 2 })), []);
    assert.deepEqual(
      await checkEnv(new SurvivalEnv({ sandbox }), { programs: ["self.a = Math.random()", "nope()"] }),
      [],
    );
  });

  it("plays what is harmless in the agents' language where nothing is said", async () => {
    for (const [name, programs] of [
      ["python", ["self.a = 1", "b = 2", "print(b)"]],
      ["javascript", ["self.a = 1;", "let b = 2;", "console.log(b);"]],
    ] as const) {
      const played: string[] = [];
      const { sandbox } = fakeSandbox((program) => {
        played.push(program);
        return {};
      });
      assert.deepEqual(
        await checkEnv(new SurvivalEnv({ sandbox: { ...sandbox, body: { ...sandbox.body, name } } })),
        [],
      );
      assert.deepEqual(played.slice(0, 3), programs);
      assert.deepEqual([...new Set(played)], programs);
    }
  });

  it("has closed what it played in when it is told, also where a step throws", async () => {
    const fake = fakeSandbox();
    assert.deepEqual(await checkEnv(new SurvivalEnv({ sandbox: fake.sandbox })), []);
    assert.equal(fake.closed(), fake.opened.length);
    const { opened, closed, sandbox } = fakeSandbox((program) => {
      if (program === "throw") throw new Error("a fault of its own");
      return {};
    });
    const programs = ["self.a = 1", "throw"];
    await assert.rejects(checkEnv(new SurvivalEnv({ sandbox }), { programs }), { message: "a fault of its own" });
    assert.deepEqual([opened.length, closed()], [1, 1]);
  });

  it("names each way in which an environment breaks the contract", async () => {
    const transition = {
      observation: 0,
      reward: 1,
      terminated: true,
      truncated: false,
      info: { rewards: { all: 1 }, report: null },
    };
    const broken = (change: object, rest: Partial<Environment> = {}): Environment => {
      const env: Environment = {
        reset: async () => [0, { rewards: {}, report: null }],
        step: async () => ({ ...transition, ...change }) as Transition<unknown>,
        clone: () => broken(change, rest),
        close: async () => {},
        ...rest,
      };
      return env;
    };
    const always = ["step() before reset() did not fail", "step() after the end of the episode did not fail"];
    assert.deepEqual(await checkEnv(broken({})), always);
    const said = async (change: object): Promise<string> => (await checkEnv(broken(change))).join("\n");
    assert.match(await said({ reward: Number.NaN }), /gave the reward NaN: it must be a finite number/);
    assert.match(await said({ truncated: undefined }), /must say terminated and truncated/);
    assert.match(await said({ info: { rewards: { a: 3 }, report: null } }), /sum to 3, the reward is 1/);
    for (const info of [{}, undefined, null]) assert.match(await said({ info }), /gave no info\.rewards/);
    assert.match(await said({ reward: Number.POSITIVE_INFINITY }), /gave the reward Infinity: it must be a finite/);
    assert.match(await said({ reward: "1" }), /gave the reward "1": it must be a finite number/);
    assert.match(await said({ reward: [1] }), /gave the reward \[1\]: it must be a finite number/);
    assert.match(await said({ terminated: 1 }), /must say terminated and truncated/);
    assert.match(await said({ info: { rewards: null } }), /gave no info\.rewards/);
    const parts = (sum: number) => said({ info: { rewards: { all: sum }, report: null } });
    assert.doesNotMatch(await parts(1 + 5e-10), /sum to/, "rounding is no fault");
    assert.match(await parts(1 - 2e-9), /sum to 0\.999999998, the reward is 1/);
    const faultsOf = (rest: Partial<Environment>) => checkEnv(broken({}, rest));
    const { observation: _, ...unseen } = transition;
    const blind = await faultsOf({ step: async () => unseen as unknown as Transition<unknown> });
    assert.deepEqual(blind, [always[0], "step() gave no observation", always[1]]);
    for (const begun of [[0], [0, {}, 1], null])
      assert.ok(
        (await faultsOf({ reset: async () => begun as never })).includes("reset() must give [observation, info]"),
      );
    const itself = broken({});
    itself.clone = () => itself;
    assert.ok(
      (await checkEnv(itself)).includes(
        "clone() returned the environment itself: a parallel rollout needs another one",
      ),
    );
    for (const [nothing, told] of [
      [undefined, "undefined"],
      [null, "null"],
      [1, "1"],
    ])
      assert.deepEqual(await faultsOf({ step: async () => nothing as never }), [
        always[0],
        `step() gave ${told}: it must give { observation, reward, terminated, truncated, info }`,
      ]);
    assert.match(await said({ info: { rewards: { a: Number.NaN }, report: null } }), /sum to NaN, the reward is 1/);
    let clones = 0;
    const numbered = (): Environment => {
      const number = clones++;
      return { ...broken({ observation: number }), clone: numbered };
    };
    assert.deepEqual(
      (await checkEnv(numbered())).filter((fault) => !always.includes(fault)),
      ["the same seed (1) and programs gave another episode in a clone"],
    );
    let n = 0;
    const drifting = broken({}, { reset: async () => [n++, { rewards: {}, report: null }] });
    assert.match(
      (await checkEnv(drifting)).join("\n"),
      /same seed \(1\) and programs gave another episode after reset/,
    );
    await assert.rejects(checkEnv(broken({}), { throwing: true }), {
      message: "The environment breaks its contract: step() before reset() did not fail",
    });
  });
});
