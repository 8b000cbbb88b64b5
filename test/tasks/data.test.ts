/** The micro-tasks that ship: how many, of what, and that what is held out is in no other part. */

import assert from "node:assert/strict";
import { drawTask } from "../../corpus/index.ts";
import { drawTasks } from "../../scripts/tasks/draw.ts";
import { families } from "../../scripts/tasks/grammar.ts";
import { contentsOf } from "../../scripts/tasks/split.ts";
import { createRandom } from "../../src/random/index.ts";
import { type MicroTask, microTasks, type TaskSplit, taskSplits } from "../../src/tasks/index.ts";
import { checksOf } from "../../src/tasks/micro/checks.ts";
import { plainBoundaries } from "../../src/tasks/micro/inputs.ts";
import { referenceOf } from "../../src/tasks/micro/reference.ts";

describe("the micro-tasks that ship", () => {
  let all: MicroTask[] = [];
  const of = (split: TaskSplit): MicroTask[] => all.filter((task) => task.split === split);
  before(async () => {
    all = await microTasks();
  });

  it("are at least 500 to train on, 160 held out in two parts, and some to validate with", async () => {
    assert.ok(of("training").length >= 500);
    assert.ok(of("known").length + of("unseen").length >= 160);
    assert.ok(of("known").length >= 80 && of("unseen").length >= 80 && of("validation").length >= 60);
    assert.deepEqual(await microTasks({ split: "held-out" }), [...of("known"), ...of("unseen")]);
    assert.deepEqual(await microTasks({ split: "validation" }), of("validation"));
  });

  it("all differ in words and in check: no function, and no set of attributes, is asked for twice", () => {
    assert.equal(new Set(all.map(({ ask }) => ask)).size, all.length);
    const contents = all.flatMap((task) => contentsOf(checksOf(task)));
    assert.equal(new Set(contents).size, contents.length);
  });

  it("know their operation, and unseen families are in no other part", () => {
    const familiesOf = (split: TaskSplit) => new Set(of(split).map(({ family }) => family));
    for (const split of ["validation", "known"] as const)
      assert.ok([...familiesOf(split)].every((family) => familiesOf("training").has(family)));
    const seen = new Set(["training", "validation", "known"].flatMap((split) => [...familiesOf(split as TaskSplit)]));
    assert.ok([...familiesOf("unseen")].every((family) => !seen.has(family)));
    assert.equal(familiesOf("unseen").size, families.filter(({ unseen }) => unseen).length);
    for (const split of taskSplits) {
      const operations = new Set(of(split).map(({ operation }) => operation));
      assert.ok(!operations.has(undefined));
      assert.ok(operations.size >= of(split).length / 2, `${split}: ${operations.size} operations`);
    }
    const rows = (split: TaskSplit) =>
      new Set(of(split).flatMap(({ operation }) => (operation!.includes(" > ") ? [operation!] : [])));
    assert.deepEqual(
      [...rows("known")].filter((row) => rows("training").has(row) || rows("validation").has(row)),
      [],
      "known rows of stages are new as rows",
    );
  });

  it("ask for stages with constants that these have, and try them where it is plain what is meant, boundaries first", () => {
    for (const check of all.flatMap((task) => checksOf(task)).filter((one) => "does" in one)) {
      const reference = referenceOf(check.does);
      const told = JSON.stringify(check.does);
      for (const { stage, constants } of reference.steps)
        assert.ok(
          constants.every((one, i) => stage.constants[i]!.includes(one)),
          told,
        );
      const inputs = check.inputs!;
      assert.deepEqual(
        inputs.filter((values) => reference.trace(values) === null),
        [],
        told,
      );
      const first = plainBoundaries(reference).slice(0, 3);
      assert.deepEqual(inputs.slice(0, first.length), first, told);
    }
  });

  it("that are held out are asked nowhere in what the small model was pretrained on", () => {
    const random = createRandom(6, "training");
    const asked = new Set(Array.from({ length: 8000 }, () => drawTask(random, { typed: false }, "training").ask));
    assert.deepEqual(
      [...of("known"), ...of("unseen")].filter(({ ask }) => asked.has(ask)),
      [],
    );
  });

  it("are drawn the same by the same seed, and others by another", () => {
    const counts = { training: 12, validation: 3, known: 4, unseen: 4 };
    const draw = (seed: number) => drawTasks({ seed, counts, corpus: 500 });
    const first = draw(5);
    assert.deepEqual(
      taskSplits.map((split) => first.filter((task) => task.split === split).length),
      [12, 3, 4, 4],
    );
    assert.deepEqual(draw(5), first);
    assert.notDeepEqual(draw(6), first);
  });
});
