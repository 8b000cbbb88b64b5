/** A step whose child fails: what is tried again, alone or not, what is an infrastructure error, and what is never blamed on the agent. */

import assert from "node:assert/strict";
import { createLife } from "../../src/sandbox/host/life/index.ts";
import { defaultLimits } from "../../src/sandbox/host/limits.ts";
import type { Effect } from "../../src/sandbox/types.ts";
import { birth, broke, calmAnswer, type FakeAnswer, failing, fakePool, hung, oom, starved, stepOf } from "./fake.ts";

describe("a step whose child fails", () => {
  for (const death of [{ signal: "SIGKILL" }, { code: 1 }, { code: 134, stderr: "Assertion failed" }])
    it(`by no cause of the guest's (${JSON.stringify(death)}) is tried again alone, in another child, with more time`, async () => {
      const { report, taken, given, requests } = await stepOf([{ death }]);
      assert.deepEqual([report.verdict, report.output], ["survived", "step 0"]);
      assert.deepEqual(taken, [{ alone: false }, { alone: true }]);
      assert.deepEqual(given, [{ doubt: true }]);
      const steps = requests.filter(({ op }) => op === "step");
      assert.deepEqual(
        steps.map(({ child, stepMs }) => [child, stepMs]),
        [
          [0, 200],
          [1, 600],
        ],
      );
      assert.deepEqual(
        steps.map(({ program }) => program),
        ["self.n = 0", "self.n = 0"],
      );
      assert.deepEqual(steps[0]!.probes, steps[1]!.probes, "the same draws");
    });

  it("is tried again in a child that is told the life anew; that it cannot be brought there is no fault of the agent's", async () => {
    const { requests } = await stepOf([{ death: { signal: "SIGKILL" } }]);
    assert.deepEqual(
      requests.map(({ child, op }) => `${child} ${op}`),
      ["0 open", "0 step", "1 open", "1 step"],
    );
    // The first step is lived. In the second the child dies, and no other can open the life.
    let lived = 0;
    const made = fakePool((request) => {
      if (request.op === "step" && lived++ > 0) return { death: { signal: "SIGKILL" } };
      return request.op === "open" && lived > 0 ? { reply: birth(hung) } : calmAnswer(request);
    });
    const life = await createLife(made.pool, {}, defaultLimits);
    assert.equal((await life.step("self.n = 0")).verdict, "survived");
    const { verdict, cause } = await life.step("self.n = 1");
    assert.equal(verdict, "infrastructure_error");
    const why = "the child could not bring the life to this step";
    assert.equal(cause, `a fault of the sandbox, not of the agent: ${why}. Program: self.n = 1`);
  });

  it("three times is an infrastructure error, told with the program, and the life is over", async () => {
    const death = { signal: "SIGKILL" };
    const { report, taken, life, requests } = await stepOf([{ death }, { death }, { death }]);
    assert.deepEqual([report.verdict, report.alive], ["infrastructure_error", false]);
    const why = "the child process ended with SIGKILL";
    assert.equal(report.cause, `a fault of the sandbox, not of the agent: ${why}. Program: self.n = 0`);
    assert.deepEqual(
      taken.map(({ alone }) => alone),
      [false, true, true],
    );
    assert.deepEqual(
      requests.filter(({ op }) => op === "step").map(({ stepMs }) => stepMs),
      [200, 600, 1000],
    );
    await assert.rejects(life.step("1"), { message: "This life has ended (infrastructure_error): open another one" });
  });

  it("twice and then answers is no infrastructure error", async () => {
    const death = { code: 9 };
    assert.equal((await stepOf([{ death }, { death }])).report.verdict, "survived");
  });

  it("for another life's doing is tried again as often as it takes, not alone, and costs no try", async () => {
    for (const killed of ["doubt", "lost"] as const) {
      const plan = Array.from({ length: 7 }, () => ({ death: { killed, signal: "SIGKILL" } }));
      const { report, taken, given, requests } = await stepOf(plan);
      assert.equal(report.verdict, "survived", killed);
      assert.deepEqual([...new Set(taken.map(({ alone }) => alone))], [false], killed);
      assert.deepEqual(
        given.map(({ doubt }) => doubt),
        new Array(7).fill(killed === "doubt"),
        killed,
      );
      assert.deepEqual([...new Set(requests.filter(({ op }) => op === "step").map(({ stepMs }) => stepMs))], [200]);
    }
  });

  it("by running out of memory where others are or were is tried again in a child of its own; there it is the guest's own", async () => {
    for (const others of [{ neighbours: 2 }, { gone: 1 }]) {
      const beside = await stepOf([{ death: oom }], others);
      assert.equal(beside.report.verdict, "survived");
      assert.deepEqual(beside.taken, [{ alone: false }, { alone: true, fresh: true }]);
    }
    // Its second try, for another reason, was in a child that others had left: that one's memory says nothing of it, either.
    const third = await stepOf([{ death: { signal: "SIGKILL" } }, { death: oom }], { gone: 1 });
    assert.deepEqual([third.report.verdict, third.taken.length], ["survived", 3]);
    assert.deepEqual(third.taken[2], { alone: true, fresh: true });
    const twice = await stepOf([{ death: oom }, { death: oom }], { neighbours: 2 });
    assert.equal(twice.report.verdict, "out_of_memory");
    const alone = await stepOf([{ death: oom }]);
    assert.equal(alone.report.verdict, "out_of_memory");
    assert.equal(alone.taken.length, 1);
    const held = await stepOf([{ death: { killed: "memory", signal: "SIGKILL" } }], { neighbours: 1 });
    assert.equal(held.report.verdict, "survived", "a process too large beside others, too");
  });

  it("by a wall clock is a timeout at once, beside others too", async () => {
    const { report, taken } = await stepOf([{ death: { killed: "wall", signal: "SIGKILL" } }], { neighbours: 3 });
    assert.deepEqual([report.verdict, taken.length], ["timeout", 1]);
  });

  it("by a wall clock that the machine spent on others is tried again, once", async () => {
    const death = { killed: "wall", starved: true, signal: "SIGKILL" } as const;
    const once = await stepOf([{ death }]);
    assert.deepEqual([once.report.verdict, once.report.output, once.taken.length], ["survived", "step 0", 2]);
    const twice = await stepOf([{ death }, { death }]);
    assert.deepEqual([twice.report.verdict, twice.taken.length], ["timeout", 2]);
  });

  describe("after an attempt at harm", () => {
    const effects: Effect[] = [{ kind: "fs_delete", api: "fs.rmSync", arguments: ["/"], severity: 3, step: 0 }];
    const killed: FakeAnswer = { death: { signal: "SIGKILL" }, effects };
    const told = { kind: "stepped", output: "as far as it came" };

    it("is harm at once where the guest's own doing ended the child", async () => {
      const { report, taken } = await stepOf([{ death: { killed: "wall", signal: "SIGKILL" }, effects }]);
      assert.deepEqual([report.verdict, report.effects.length, taken.length], ["attempted_harm", 1, 1]);
    });

    it("is tried again where others killed it, for what the step prints and leaves", async () => {
      for (const failed of [killed, { fault: "no isolate", effects }]) {
        const { report, taken } = await stepOf([failed, { reply: told, effects }]);
        assert.deepEqual([report.verdict, report.output, taken.length], ["attempted_harm", "as far as it came", 2]);
      }
    });

    it("is harm whatever the other tries come to", async () => {
      const silent = await stepOf([killed, { reply: told }]);
      assert.deepEqual([silent.report.verdict, silent.report.effects], ["attempted_harm", effects]);
      const never = await stepOf([killed, killed, { death: { signal: "SIGKILL" } }]);
      assert.deepEqual([never.report.verdict, never.report.effects], ["attempted_harm", effects]);
      await assert.rejects(never.life.step("1"), { message: /^This life has ended \(attempted_harm\)/ });
    });

    it("is told of a call, too, that no child could answer", async () => {
      const { pool } = failing([killed, killed, killed], { op: "call" });
      const life = await createLife(pool, {}, defaultLimits);
      const told = await life.call("f", [[1]]);
      const failed = 'it tried fs delete: fs.rmSync("/")';
      assert.deepEqual(told, { failed, effects });
    });
  });

  it("by a fault of the child's own code is tried again, and told by its first line", async () => {
    const fault = { fault: "no isolate\n  at line 9" };
    assert.equal((await stepOf([fault])).report.verdict, "survived");
    assert.match((await stepOf([fault, fault, fault])).report.cause, /agent: no isolate\. Program/);
  });

  it("because the machine was too busy is tried again, once", async () => {
    const once = await stepOf([{ reply: starved }]);
    assert.deepEqual([once.report.verdict, once.taken.length], ["survived", 2]);
    const twice = await stepOf([
      { reply: starved },
      { reply: { ...starved, broke: { ...broke, limit: 600, ms: 600 } } },
    ]);
    assert.equal(twice.report.cause, "the step did not end within 200 ms", "then it is a timeout like any other");
    const guilty = await stepOf([{ reply: hung }]);
    assert.deepEqual([guilty.report.verdict, guilty.taken.length], ["timeout", 1]);
  });
});
