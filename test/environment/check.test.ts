import assert from "node:assert/strict";
import { checkEnv, type Environment, SurvivalEnv, type Transition } from "../../src/environment/index.ts";
import { createSandbox } from "../../src/sandbox/index.ts";

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
    assert.match(await said({ info: {} }), /gave no info\.rewards/);
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
