/** Validation: lives on other tasks while a policy learns, the best weights, and an end where nothing becomes better. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { editMenu } from "../../src/policy/index.ts";
import { createRandom } from "../../src/random/index.ts";
import { rollout } from "../../src/rollout/index.ts";
import { metricsOf, readCheckpoint, type TrainOptions, type Update } from "../../src/training/index.ts";
import { panelBundle, panelRow } from "../../src/training/panel.ts";
import { temporaryFolder } from "../model/shared.ts";
import { altered, menu, nameEnv, updatesOf, weightsOf } from "./fixtures.ts";

/** It pays to die, so that what is learned makes lives shorter: the best was before any update. */
const deadly = altered((program) => (program === "fatal" ? 5 : program === "good" ? -5 : 0));

interface Run {
  updates: Update[];
  weights: number[];
  /** Weights after each update, as they were drawn with next. */
  passed: number[][];
}

async function learn(options: Partial<TrainOptions> = {}): Promise<Run> {
  const policy = editMenu(menu);
  const passed: number[][] = [];
  const updates = await updatesOf({
    ...{ env: nameEnv(), policy, episodes: 8, updates: 7, seed: 3, learningRate: 0.3, panel: false },
    ...{ validate: { env: { known: nameEnv(), unseen: nameEnv(2) }, every: 2, episodes: 10 } },
    onUpdate: () => void passed.push(weightsOf(policy)),
    ...options,
  });
  const weights = weightsOf(policy);
  policy.dispose();
  return { updates, weights, passed };
}

const courseOf = ({ updates }: Run) => updates.at(-1)!.validation!.course;

describe("a training that is validated", () => {
  it("plays the same lives before the first update, every so many, and after the last: what a rollout of those weights finds", async () => {
    const run = await learn();
    assert.deepEqual(
      courseOf(run).map(({ updates }) => updates),
      [0, 2, 4, 6, 7],
    );
    const seed = createRandom(3, "validation").integer(2 ** 31);
    for (const { updates, values } of courseOf(run)) {
      const policy = editMenu(menu, { logits: updates === 0 ? [0, 0, 0] : run.passed[updates - 1]! });
      for (const [name, env] of Object.entries({ known: nameEnv(), unseen: nameEnv(2) })) {
        const { episodes } = await rollout(env, policy, { episodes: 10, seed });
        const mean = episodes.reduce((sum, { survival }) => sum + survival, 0) / 10;
        assert.ok(Math.abs(values[name]! - mean) < 1e-9, `${name} after ${updates}: ${values[name]}, ${mean}`);
      }
      policy.dispose();
    }
    const { best, course } = run.updates.at(-1)!.validation!;
    assert.ok(best!.value > course[0]!.values.known!, "it learned to live");
  });

  it("leaves the policy with the weights that were best, those before any update among them", async () => {
    const run = await learn();
    const { best } = run.updates.at(-1)!.validation!;
    assert.deepEqual(run.weights, run.passed[best!.updates - 1]);
    const worse = await learn({ env: deadly });
    assert.equal(worse.updates.at(-1)!.validation!.best!.updates, 0);
    assert.deepEqual(worse.weights, [0, 0, 0]);
    assert.notDeepEqual(worse.passed.at(-1), [0, 0, 0]);
    const plain = await learn({ validate: undefined as never });
    assert.equal(plain.updates[0]!.validation, null);
    assert.deepEqual(plain.weights, run.passed.at(-1), "validation changes nothing of what is learned");
  });

  it("goes by tasks done where there are tasks, else by steps survived; every four updates, 32 lives; and keeps no weights of what nobody can tell", async () => {
    let lives = 0;
    const counted = (tasks?: { id: string }[]): ReturnType<typeof nameEnv> => ({
      ...nameEnv(),
      ...(tasks && { tasks: tasks as never }),
      reset: (options) => {
        lives++;
        return nameEnv().reset(options);
      },
      clone: () => counted(tasks),
    });
    const usual = (await learn({ updates: 5, validate: { env: { known: counted() } } })).updates.at(-1)!.validation!;
    assert.deepEqual([usual.by, usual.course.map(({ updates }) => updates), lives], ["survival", [0, 4, 5], 3 * 32]);
    const asked = (await learn({ updates: 1, validate: { env: { known: counted([]) } } })).updates[0]!.validation!;
    assert.equal(asked.by, "survival", "no tasks are none");
    const run = await learn({
      updates: 2,
      validate: { env: { known: counted([{ id: "a" }]) }, every: 1, episodes: 2 },
    });
    const { by, best, course } = run.updates.at(-1)!.validation!;
    assert.deepEqual([by, best, course.map(({ values }) => values.known)], ["successRate", null, [null, null, null]]);
    assert.deepEqual(run.weights, run.passed.at(-1));
  });

  it("ends where none is better for as long as it was told to wait, and resumed from a file as a straight run does", async () => {
    using folder = temporaryFolder();
    const save = join(folder.path, "run.safetensors");
    const how = { env: deadly, validate: { env: { known: nameEnv() }, every: 1, episodes: 10, patience: 3 } };
    const straight = await learn(how);
    assert.equal(straight.updates.length, 3);
    const half = await learn({ ...how, updates: 2, save });
    assert.deepEqual(half.weights, [0, 0, 0]);
    const kept = await readCheckpoint(save);
    assert.deepEqual(kept.validation!.weights[0]!.values, [0, 0, 0]);
    assert.deepEqual(kept.weights[0]!.values.map(Math.fround), half.passed[1]);
    const resumed = await learn({ ...how, save, resume: kept });
    assert.deepEqual(
      resumed.updates.map(({ update }) => update),
      [2],
    );
    assert.deepEqual(courseOf(resumed), courseOf(straight));
    assert.deepEqual(resumed.passed[0], straight.passed[2]);
    assert.deepEqual(resumed.weights, [0, 0, 0]);
    assert.equal((await learn({ ...how, resume: save })).updates.length, 0, "it had ended");
  });

  it("shows a line for each environment in the panel, and what was kept; logs name them", async () => {
    const { updates } = await learn({ env: deadly });
    const panel = String(panelBundle(updates.map(panelRow), { updates: 7, name: "menu", ended: false })["text/plain"]);
    for (const name of ["known", "unseen"]) assert.match(panel, new RegExp(`validation, ${name}: steps survived`));
    assert.match(panel, /best known, kept: before any update/);
    const [first, second] = updates.map(metricsOf);
    assert.equal(first!["validation/known"], undefined);
    assert.equal(second!["validation/known"], updates[1]!.validation!.course.at(-1)!.values.known);
  });

  it("says what it cannot go by", async () => {
    const refused = (validate: object, message: RegExp) =>
      assert.rejects(learn({ validate: validate as never }), message);
    await refused({ env: {} }, /`validate.env` to be environments by name, such as { known: env }/);
    await refused(
      { env: { known: nameEnv() }, by: "success" },
      /`validate.by` to be the name of a metric, such as successRate/,
    );
    await refused(
      { env: { known: nameEnv() }, evry: 2 },
      /There is no `validate.evry` in the options of train: did you mean `validate.every`\?/,
    );
    using folder = temporaryFolder();
    const save = join(folder.path, "run.safetensors");
    await learn({ updates: 1, save });
    await assert.rejects(
      learn({ resume: save, validate: { env: { known: nameEnv() }, by: "return" } }),
      /`validate.by` to be "survival", by which the checkpoint's run chose, got "return"/,
    );
  });
});
