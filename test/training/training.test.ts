import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { displaySymbol } from "../../src/display/index.ts";
import { compareRuns, type TrainingPoint } from "../../src/plot/index.ts";
import { editMenu } from "../../src/policy/index.ts";
import { panelRow, type StudyOptions, study, type TrainOptions, train } from "../../src/training/index.ts";
import { menu, nameEnv, updatesOf, weightsOf } from "./fixtures.ts";

describe("a training", () => {
  const options = (more: Partial<TrainOptions> = {}): TrainOptions => ({
    ...{ env: nameEnv(), policy: editMenu(menu), updates: 4, episodes: 4, panel: false, ...more },
  });

  it("that is run gives its last update, the same as the loop's", async () => {
    const [run, looped] = [options(), options()];
    const last = await train(run).run();
    const all = await updatesOf(looped);
    assert.deepEqual([last?.update, last?.episodesSoFar], [3, 16]);
    assert.equal(last?.return, all.at(-1)?.return);
    assert.deepEqual(weightsOf(run.policy as never), weightsOf(looped.policy as never));
  });

  it("that was begun by hand runs what is left, and has nothing to give when nothing is", async () => {
    const training = train(options());
    assert.equal((await training.next()).value?.update, 0);
    assert.equal((await training.run())?.update, 3);
    assert.equal(await training.run(), null);
  });

  it("says that nothing has run where it is awaited or shown instead of run, and nothing has", async () => {
    const one = options();
    const before = weightsOf(one.policy as never);
    const cure =
      "`for await (const update of train({ ... }))` runs it and gives each update, `await train({ ... }).run()` runs it and gives the last one";
    await assert.rejects(async () => await train(one), {
      message: `Nothing has run: a training is not awaited itself. ${cure}`,
    });
    const training = train(one);
    const shown = training[displaySymbol]();
    assert.equal(shown["text/plain"], `Nothing has run yet: ${cure}`);
    assert.match(String(shown["text/html"]), /^<p>Nothing has run yet: `for await/);
    assert.equal(inspect(training), `Nothing has run yet: ${cure}`);
    assert.deepEqual(weightsOf(one.policy as never), before);
    await training.next();
    assert.equal(inspect(training), `This training has begun: ${cure}`);
    await training.return();
  });

  it("names a wrong option when it is called, not when it is run, and the one that was meant", () => {
    for (const [more, message] of [
      [{ learning_rate: 1 }, "There is no `learning_rate` in the options of train: did you mean `learningRate`?"],
      [{ learningrate: 1 }, "There is no `learningrate` in the options of train: did you mean `learningRate`?"],
      [{ update: 3 }, "There is no `update` in the options of train: did you mean `updates`?"],
      [{ updates: "3" }, 'Expected `updates` to be a positive integer, got "3"'],
      [{ loss: "mse" }, 'Expected `loss` to be a function from evaluated actions to a TF.js scalar, got "mse"'],
      [
        { estimator: 5 },
        "Expected `estimator` to be raw-return, mean, leave-one-out, reinforce++, learned or a function, got 5",
      ],
      [
        { env: { step: () => 1 } },
        'Expected `env` to be an environment, with reset(), step(), clone() and close(), such as `new SurvivalEnv()`, got {"step":"a function"}',
      ],
      [
        { policy: () => "self.x = 1" },
        'Expected `policy` to be a policy that can be trained, such as `policies.editMenu()` or `await policies.fromPretrained("tiny")`, got the function policy',
      ],
      [{ record: 5 }, "Expected `record` to be an open record, or the path of one, got 5"],
      [
        { resume: {} },
        "Expected `resume` to be the path of a checkpoint, or one that `readCheckpoint` or `update.checkpoint()` gave, got {}",
      ],
    ] as const)
      assert.throws(() => train({ ...options(), ...(more as object) }), { name: "RangeError", message });
  });

  it("goes on from the path of a checkpoint as from the checkpoint itself, and equals a run without a break", async () => {
    const folder = mkdtempSync(join(tmpdir(), "training-"));
    try {
      const save = join(folder, "run.safetensors");
      const [straight, first, then] = [options(), options({ updates: 4, save }), options({ resume: save })];
      await train(straight).run();
      for await (const { update } of train(first)) if (update === 1) break;
      const rest = await updatesOf(then);
      assert.deepEqual(
        rest.map(({ update }) => update),
        [2, 3],
      );
      assert.deepEqual(weightsOf(then.policy as never), weightsOf(straight.policy as never));
      await assert.rejects(train(options({ resume: join(folder, "none") })).run(), {
        name: "CheckpointFailure",
        message: `There is no checkpoint ${join(folder, "none")}: \`train({ save })\` writes one`,
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("runs side by side", () => {
  it("are drawn from updates as from their rows, and a list of something else is named", async () => {
    const updates = await updatesOf({ env: nameEnv(), policy: editMenu(menu), updates: 3, episodes: 4, panel: false });
    const drawn = (points: unknown) => compareRuns({ a: points as TrainingPoint[] })[displaySymbol]();
    assert.deepEqual(drawn(updates), drawn(updates.map(panelRow)));
    assert.match(String(drawn(updates)["text/plain"]), /\na: return, mean -?[\d.]+, steps survived/);
    const expected = "a list of updates, as `train` gives them, or of their rows, as `panelRow` does";
    for (const [points, message] of [
      [updates[0], `Expected \`a\` to be ${expected}, got {`],
      [[updates[0], 5], `Expected \`a[1]\` to be ${expected}, got 5`],
      [[{ survival: 1 }], `Expected \`a[0]\` to be ${expected}, got {"survival":1}`],
    ] as const)
      assert.throws(
        () => drawn(points),
        (error: Error) => error.message.startsWith(message),
      );
  });
});

describe("the options of a study", () => {
  it("are refused by name, those of a variant too, before anything is trained", async () => {
    const common = { env: nameEnv(), makePolicy: () => editMenu(menu), variants: { a: { updates: 1 } }, seeds: [1] };
    for (const [more, message] of [
      [
        { variants: { a: { learningrate: 1 } } },
        "There is no `variants.a.learningrate` in the options of study: did you mean `variants.a.learningRate`?",
      ],
      [{ variants: { a: { seed: 1 } } }, "There is no `variants.a.seed` in the options of study: there are "],
      [
        { variants: {} },
        'Expected `variants` to be what is compared, by name, such as { ours: {}, literal: { estimator: "raw-return" } }, got {}',
      ],
      [{ seeds: [] }, "Expected `seeds` to be a list of at least one seed, got []"],
      [{ seeds: [1, 0.5] }, "Expected `seeds[1]` to be an integer, got 0.5"],
      [{ policy: editMenu(menu) }, "There is no `policy` in the options of study: did you mean `makePolicy`?"],
      [
        { makePolicy: editMenu(menu) },
        "Expected `makePolicy` to be a function that makes a fresh policy for every run, such as () => policies.editMenu(), got {",
      ],
    ] as const)
      await assert.rejects(study({ ...common, ...(more as object) } as StudyOptions), (error: Error) => {
        assert.ok(error.message.startsWith(message), error.message);
        return true;
      });
  });
});
