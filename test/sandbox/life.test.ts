/** A life whose children die between its steps, is asked for a method, or is begun ahead of its first step. */

import assert from "node:assert/strict";
import { newbornGenome } from "../../src/sandbox/bodies/javascript/newborn.ts";
import { createLife } from "../../src/sandbox/host/life/index.ts";
import { defaultLimits } from "../../src/sandbox/host/limits.ts";
import { birth, broke, failing, fakePool, harmed, hung, oom, starved, stepOf } from "./fake.ts";

describe("a life whose child died between two steps", () => {
  it("is opened in another and plays again what it has lived, and no more", async () => {
    const plan = [null, null, { death: { signal: "SIGKILL" } }];
    const { pool, requests } = failing(plan);
    const life = await createLife(pool, { seed: 4 }, defaultLimits);
    for (const program of ["a", "b", "c"]) assert.equal((await life.step(program)).verdict, "survived");
    const told = requests.map(({ op, child, program, step }) => [child, op, program, step]);
    assert.deepEqual(told, [
      [0, "open", undefined, undefined],
      [0, "step", "a", 0],
      [0, "step", "b", 1],
      [0, "step", "c", 2],
      [1, "open", undefined, undefined],
      [1, "step", "a", 0],
      [1, "step", "b", 1],
      [1, "step", "c", 2],
    ]);
    const opened = requests.filter(({ op }) => op === "open");
    assert.deepEqual(opened[0]!.settings, opened[1]!.settings, "with the same seed");
  });

  it("that cannot be opened, or played again, is an infrastructure error after three tries: a newborn is no agent's fault", async () => {
    const dead = { death: { signal: "SIGKILL" } };
    const { report, taken } = await stepOf([dead, dead, dead], { op: "open" });
    assert.equal(report.verdict, "infrastructure_error");
    assert.match(report.cause, /agent: the child could not bring the life to this step\. Program: self\.n = 0$/);
    assert.equal(taken.length, 3);
    const born = [{ name: "self.k", kind: "method" as const, source: "function k() {}" }];
    const { pool } = failing([{ reply: birth(hung) }], { op: "open" });
    const life = await createLife(pool, { genome: born }, defaultLimits);
    assert.equal((await life.step("1")).verdict, "timeout", "a genome that hangs when it is restored is its own fault");
  });

  it("or could not be opened is not taken for one that is there when its steps come many at once", async () => {
    for (const failed of [{ fault: "no" }, { reply: birth(starved) }, { death: { signal: "SIGKILL" } }, harmed]) {
      const { pool, requests } = failing([failed], { op: "open" });
      const life = await createLife(pool, {}, defaultLimits);
      await life.steps(["a", "b"]);
      assert.deepEqual(
        requests.filter(({ op }) => op.startsWith("step")).filter(({ child }) => child === 0),
        [],
        JSON.stringify(failed),
      );
    }
  });

  it("is asked for a method in another child, too, and says when none would answer", async () => {
    const dead = { death: { signal: "SIGKILL" } };
    const { pool } = failing([dead, dead], { op: "call" });
    const life = await createLife(pool, {}, defaultLimits);
    assert.deepEqual(await life.call("f", [[]]), { answers: [{ value: 1 }], effects: [] });
    const never = failing([dead, dead, dead], { op: "call" });
    const other = await createLife(never.pool, {}, defaultLimits);
    const failed = "the machine was too busy, or its children died of other causes";
    assert.deepEqual(await other.call("f", [[]]), { failed, effects: [], fault: true });
  });

  it("is asked for a method in a child of its own where one that others were in ran out of memory", async () => {
    const once = failing([{ death: oom }], { op: "call", gone: 1 });
    const life = await createLife(once.pool, {}, defaultLimits);
    assert.deepEqual(await life.call("f", [[]]), { answers: [{ value: 1 }], effects: [] });
    assert.deepEqual(once.taken, [{ alone: false }, { alone: true, fresh: true }]);
    const own = await createLife(failing([{ death: oom }], { op: "call" }).pool, {}, defaultLimits);
    const failed = "the call used more than 32 MiB: its process ended with SIGABRT";
    assert.deepEqual(await own.call("f", [[]]), { failed, effects: [] });
  });

  it("is asked for a method in another child where one could not do it by its own account", async () => {
    const once = failing([{ fault: "no memory" }], { op: "call" });
    const life = await createLife(once.pool, {}, defaultLimits);
    assert.deepEqual(await life.call("f", [[]]), { answers: [{ value: 1 }], effects: [] });
    assert.deepEqual(once.given, [{ doubt: true }]);
    const faults = new Array(3).fill({ fault: "no memory" });
    const other = await createLife(failing(faults, { op: "call" }).pool, {}, defaultLimits);
    assert.deepEqual(await other.call("f", [[]]), { failed: "the agent could not be brought back", effects: [] });
  });

  it("that has no processor while a method runs is asked once more with three times the limit, and that time counts", async () => {
    const told = '{"kind":"answers","answers":[{"kind":"waits"},{"kind":"uncalled"}],"given":[null,null]}';
    const busy = { reply: { kind: "called", broke: { ...broke, phase: "after" }, told } };
    const once = failing([busy], { op: "call" });
    const life = await createLife(once.pool, {}, defaultLimits);
    assert.deepEqual(await life.call("f", [[]]), { answers: [{ value: 1 }], effects: [] });
    const asked = once.requests.filter(({ op }) => op === "call");
    assert.deepEqual(
      asked.map(({ stepMs }) => stepMs),
      [200, 600],
    );
    const other = await createLife(failing([busy, busy], { op: "call" }).pool, {}, defaultLimits);
    assert.deepEqual(await other.call("f", [[], []]), {
      answers: [
        { failed: "it did not return within 200 ms" },
        { failed: "it was not called: a call before it did not return" },
      ],
      effects: [],
    });
  });
});

describe("a life that is begun ahead of its first step", () => {
  const opsOf = ({ requests }: ReturnType<typeof fakePool>) => requests.map(({ op }) => op);

  it("is opened at once, and not again by the step", async () => {
    const made = fakePool();
    const life = await createLife(made.pool, {}, defaultLimits);
    assert.deepEqual(opsOf(made), []);
    await life.begin();
    assert.deepEqual(opsOf(made), ["open"]);
    assert.equal((await life.step("1")).output, "step 0");
    await life.begin();
    assert.deepEqual([opsOf(made), made.taken.length], [["open", "step"], 1]);
  });

  it("is left to its step where the guest's own code runs at the birth, and alone where it is over", async () => {
    const born = failing([harmed], { op: "open" });
    const life = await createLife(born.pool, { genome: newbornGenome }, defaultLimits);
    await life.begin();
    assert.deepEqual(opsOf(born), []);
    const { verdict, effects } = await life.step("1");
    assert.deepEqual([verdict, effects.length, opsOf(born)], ["attempted_harm", 1, ["open"]]);
    const lived = fakePool();
    const past = { seed: 1, query: "", steps: [{ program: "1", answers: [], setup: null, budget: null }] };
    await (await createLife(lived.pool, { past }, defaultLimits)).begin();
    const closed = await createLife(lived.pool, {}, defaultLimits);
    await closed.close();
    await closed.begin();
    assert.deepEqual(opsOf(lived), []);
  });

  it("is in no child where that failed: the step has all its tries, and another child", async () => {
    const made = failing([{ death: { code: 1 } }, { fault: "no isolate" }], { op: "open" });
    const life = await createLife(made.pool, {}, defaultLimits);
    await life.begin();
    assert.deepEqual(made.given, [{ doubt: true }]);
    await life.begin();
    assert.equal((await life.step("1")).verdict, "survived");
    assert.deepEqual(opsOf(made), ["open", "open", "open", "step"]);
    assert.deepEqual(made.taken, [{ alone: false }, { alone: false }, { alone: false }]);
    const none = fakePool();
    const cancelled = new AbortController();
    const over = await createLife(none.pool, { signal: cancelled.signal }, defaultLimits);
    none.pool.acquire = () => Promise.reject(new Error("no child starts"));
    await over.begin();
    assert.deepEqual(none.given, []);
  });
});
