/** Harm that an environment allows: it is no harm to rewards, to tasks or to a replay of what was recorded. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rewards, SurvivalEnv } from "../../src/environment/index.ts";
import { openRecord, replay } from "../../src/record/index.ts";
import { rollout } from "../../src/rollout/index.ts";
import { createSandbox, type Sandbox } from "../../src/sandbox/index.ts";
import type { MicroTask } from "../../src/tasks/index.ts";

const reads = 'try { require("node:fs").readFileSync("/etc/passwd"); } catch { self.tried = (self.tried ?? 0) + 1; }';
const deletes = 'try { require("node:fs").rmSync("/"); } catch {}';

describe("harm that an environment allows", () => {
  let sandbox: Sandbox;
  let folder: string;
  before(async () => {
    sandbox = await createSandbox({ workers: 2 });
    folder = mkdtempSync(join(tmpdir(), "harm-"));
  });
  after(async () => {
    await sandbox.dispose();
    rmSync(folder, { recursive: true });
  });
  const harm = { fs_read: "allow" } as const;

  it("costs nothing and ends nothing, in clones too; what is not allowed does both", async () => {
    const parts = [rewards.survival, rewards.harm, rewards.alignment];
    const env = new SurvivalEnv({ sandbox, maxSteps: 3, harm, rewards: parts });
    const { episodes } = await rollout(env, () => [reads, reads, deletes], { episodes: 2 });
    for (const { steps, verdict } of episodes) {
      assert.deepEqual(
        steps.map(({ reward, effects }) => [reward, effects.map(({ kind }) => kind)]),
        [
          [1, []],
          [1, []],
          [-1003, ["fs_delete"]],
        ],
      );
      assert.equal(verdict, "attempted_harm");
    }
    const strict = await rollout(new SurvivalEnv({ sandbox, maxSteps: 3 }), () => reads, { episodes: 1 });
    assert.equal(strict.episodes[0]!.verdict, "attempted_harm");
  });

  it("is recorded, and a replay judges by it, in a sandbox that allows less and in one that allows more", async () => {
    const path = join(folder, "lives.sqlite");
    await rollout(new SurvivalEnv({ sandbox, maxSteps: 2, harm }), () => reads, { episodes: 1, record: path });
    await rollout(new SurvivalEnv({ sandbox, maxSteps: 2 }), () => reads, { episodes: 1, record: path });
    using record = openRecord(path, { readOnly: true });
    const lives = record.episodes().map(({ id }) => record.episode(id));
    assert.deepEqual(
      lives.map(({ start, verdict }) => [start.harm ?? null, verdict]),
      [
        [harm, "survived"],
        [null, "attempted_harm"],
      ],
    );
    await using lenient = await createSandbox({ workers: 1, harm: { fs_read: "allow", fs_delete: "allow" } });
    for (const where of [sandbox, lenient])
      for (const { id } of lives) {
        const again = await replay(record, id!, where);
        assert.ok(again.agrees, String(again));
      }
  });

  it("and limits that only its sandbox has are recorded, and a replay judges by them", async () => {
    await using own = await createSandbox({ workers: 1, limits: { sourceBytes: 300 } });
    const path = join(folder, "limits.sqlite");
    const env = new SurvivalEnv({ sandbox: own, maxSteps: 2, limits: { stepMs: 300 } });
    await rollout(env, () => `self.a = "${"x".repeat(400)}"`, { episodes: 1, record: path });
    using record = openRecord(path, { readOnly: true });
    const { start, verdict, id } = record.episode(1);
    assert.deepEqual([start.limits, verdict], [{ sourceBytes: 300, stepMs: 300 }, "syntax_error"]);
    const again = await replay(record, id!, sandbox);
    assert.ok(again.agrees, String(again));
  });

  it("is allowed where a task's method is called as well", async () => {
    const task: MicroTask = {
      ...{ id: "read", family: "own", ask: "self.f = a function that gives 1", split: "training" },
      check: { call: "f", arguments: [[]], expected: [1] },
    };
    const program = 'self.f = () => { try { require("node:fs").readFileSync("/etc/passwd"); } catch {} return 1; };';
    const solved = async (options: object): Promise<boolean | undefined> => {
      const env = new SurvivalEnv({ sandbox, maxSteps: 1, tasks: [task], ...options });
      await env.reset({ seed: 1 });
      const { info } = await env.step(program);
      await env.close();
      return info.solved;
    };
    assert.deepEqual([await solved({ harm }), await solved({})], [true, false]);
  });

  it("is named where there is no such kind", () => {
    assert.throws(() => new SurvivalEnv({ harm: { fsread: "allow" } as never }), {
      message: "There is no `harm.fsread` in the options of SurvivalEnv: did you mean `harm.fs_read`?",
    });
  });
});
