import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SurvivalEnv } from "../../src/environment/index.ts";
import type { createRandom } from "../../src/random/index.ts";
import { openRecord, replay } from "../../src/record/index.ts";
import { rollout } from "../../src/rollout/index.ts";
import { useSandbox } from "../sandbox/shared.ts";
import { drawLife } from "./programs.ts";

describe("recorded rewards", () => {
  const sandbox = useSandbox();
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
    using record = openRecord(join(folder, "rollout.db"), { create: true });
    const env = new SurvivalEnv({ maxSteps: 6, sandbox: sandbox() });
    for (const openLoop of [true, false]) {
      const { episodes } = await rollout(env, { ...policy, openLoop } as never, { episodes: 5, seed: 3, record });
      for (const { id, steps } of episodes) {
        const recorded = record.episode(id!);
        assert.deepEqual(
          recorded.steps.map(({ program, rewards }) => ({ program, rewards })),
          steps.map(({ program, rewards }) => ({ program, rewards })),
        );
        assert.equal((await replay(record, id!, sandbox())).agrees, true);
      }
    }
  });

  it("that are no number, because a step cannot be scored, are kept as that, and the step with them", async () => {
    using record = openRecord(join(folder, "nan.db"), { create: true });
    const odd = { name: "odd", score: ({ report }: { report: { step: number } }) => (report.step === 1 ? null : 1) };
    const env = new SurvivalEnv({ maxSteps: 3, sandbox: sandbox(), rewards: [odd] });
    const calm = { name: "calm", act: async () => [{ program: "1", logProb: 0, choice: 0, label: "x" }] };
    const { episodes } = await rollout(env, calm, { episodes: 1, record });
    const { steps, return: total } = record.episode(1);
    assert.deepStrictEqual(
      steps.map(({ rewards, reward }) => [rewards.odd, reward]),
      [
        [1, 1],
        [Number.NaN, Number.NaN],
        [1, 1],
      ],
    );
    assert.ok(Number.isNaN(total) && Number.isNaN(episodes[0]!.return));
    assert.equal(record.verify().ok, true);
  });
});
