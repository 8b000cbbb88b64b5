import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SurvivalEnv } from "../../src/environment/index.ts";
import type { createRandom } from "../../src/random/index.ts";
import { openRecord, RecordFailure, recording, recordRewards, replay } from "../../src/record/index.ts";
import { rollout } from "../../src/rollout/index.ts";
import { createSandbox } from "../../src/sandbox/index.ts";
import { drawLife } from "./programs.ts";

describe("recorded rewards", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "autoagent-rewards-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const policy = {
    name: "test menu",
    act: async (observations: readonly unknown[], streams: ReturnType<typeof createRandom>[]) =>
      observations.map((_, i) => {
        const program = streams[i]!.choice(drawLife(1).concat("require('fs').rmSync('/x')"));
        return { program, logProb: 0, choice: 0, label: "x" };
      }),
  };

  it("are those of the rollout, step by step, with and without drawing ahead", async () => {
    using record = openRecord(join(folder, "rollout.db"));
    await using sandbox = recording(await createSandbox({ workers: 1 }), record);
    const env = recordRewards(new SurvivalEnv({ maxSteps: 6, sandbox }), sandbox);
    assert.equal(env.maxSteps, 6);
    for (const openLoop of [true, false]) {
      const { episodes } = await rollout(env, { ...policy, openLoop } as never, { episodes: 5, seed: 3 });
      for (const { seed, steps } of episodes) {
        const recorded = record.episode(record.episodes().findLast((one) => one.seed === seed)!.id);
        assert.deepEqual(
          recorded.list.map(({ program, parts }) => ({ program, rewards: parts.rewards })),
          steps.map(({ action, rewards }) => ({ program: action.program, rewards })),
        );
        assert.equal((await replay(record, recorded.id, sandbox)).agrees, true);
      }
    }
  });

  it("that are no number are refused, and the step stays recorded", async () => {
    using record = openRecord(join(folder, "nan.db"));
    await using sandbox = recording(await createSandbox({ workers: 1 }), record);
    const life = await sandbox.open();
    const step = async (program: string) => ({
      info: { rewards: { odd: Number.NaN }, report: await life.step(program) },
    });
    const env = { step, clone: () => env };
    await assert.rejects(
      recordRewards(env, sandbox).step("self.n = 1"),
      (error) =>
        error instanceof RecordFailure &&
        error.message === "Expected `parts.rewards.odd` to be a finite number, got NaN",
    );
    assert.equal(record.episode(life.episode).steps, 1);
    await life.close();
  });
});
