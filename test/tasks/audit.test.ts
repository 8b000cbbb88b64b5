/** The audit, on a sample that the day does not change: no trivial program is taken, right ones are. And it finds what is wrong. */

import assert from "node:assert/strict";
import { type Audit, auditTasks } from "../../scripts/tasks/audit.ts";
import { createRandom } from "../../src/random/index.ts";
import { type MicroTask, microTasks, taskSplits } from "../../src/tasks/index.ts";
import { useSandbox } from "../sandbox/shared.ts";

const faultsOf = ({ right, taken }: Audit): string[] =>
  [...right, ...taken].flatMap(({ kind, wrong }) => wrong.map(({ task, program }) => `${task}, ${kind}: ${program}`));

describe("the audit of the micro-tasks", () => {
  const sandbox = useSandbox();

  it("takes right programs in three ways of writing, and no trivial one, other task's or mutant, of 32 tasks", async () => {
    const all = await microTasks();
    const random = createRandom("audited in CI");
    const chosen = taskSplits.flatMap((split) => {
      const own = all.filter((task) => task.split === split);
      return Array.from({ length: 8 }, () => own.splice(random.integer(own.length), 1)[0]!);
    });
    const audit = await auditTasks(chosen, { sandbox: sandbox(), all, mistakes: 5, trivial: 14 });
    assert.deepEqual(faultsOf(audit), []);
    const count = (counts: Audit["right"]): number => counts.reduce((sum, { programs }) => sum + programs, 0);
    assert.ok(count(audit.right) >= 80 && count(audit.taken) >= 400, `${count(audit.right)}, ${count(audit.taken)}`);
    for (const kind of [
      "identity",
      "constant",
      "the ask's words",
      "another task's reference",
      "mutant of the reference",
    ])
      assert.ok(
        audit.taken.some((one) => one.kind === kind && one.programs > 5),
        kind,
      );
  });

  it("finds what was wrong with tasks: short lists, one digit, half an ask, an answer that is always the same", async () => {
    const flawed = (id: string, ask: string, check: MicroTask["check"]): MicroTask => ({
      ...{ id, family: "any", split: "training", ask, check },
    });
    const lists = [[[3, 1, 2]], [[5, 8]], [[9]]];
    const tasks = [
      flawed("take", "self.take(list) should return the first 10 items of list", {
        ...{ call: "take", arguments: lists, expected: lists.map(([list]) => list) },
      }),
      flawed("sort", "self.sort(list) should return list from smallest to largest", {
        ...{ call: "sort", arguments: lists, expected: [[1, 2, 3], [5, 8], [9]] },
      }),
      flawed("big", "self.big(list) should return whether list has more than 100 items", {
        ...{ call: "big", arguments: lists, expected: [false, false, false] },
      }),
      flawed("half", 'Set self.a to "salt" and self.b to the length of "tea"', { read: "self.b", expected: 3 }),
    ];
    const found = faultsOf(await auditTasks(tasks, { sandbox: sandbox() }));
    for (const fault of [
      "take, identity: self.take = (x) => x;",
      "sort, sort: self.sort = (x) => [...x].sort();",
      "big, constant: self.big = () => false;",
    ])
      assert.ok(found.includes(fault), `${fault}\n${found.join("\n")}`);
    assert.ok(!found.some((fault) => fault.startsWith("half")), "what the ask names as a value is no trivial answer");
  });
});
