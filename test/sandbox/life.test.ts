/** A life whose children fail: what is tried again, alone or not, what is an infrastructure error, and what is never blamed on the agent. */

import assert from "node:assert/strict";
import { newbornGenome } from "../../src/sandbox/bodies/javascript/newborn.ts";
import { createLife } from "../../src/sandbox/host/life/index.ts";
import { defaultLimits } from "../../src/sandbox/host/limits.ts";
import type { Effect } from "../../src/sandbox/types.ts";
import { calmAnswer, type FakeAnswer, type FakeRequest, fakePool } from "./fake.ts";
import { live, useSandbox } from "./shared.ts";

const broke = { phase: "step", ms: 200, limit: 200, outOfMemory: false, cpuMs: 1, message: "" };
/** Replies of a child that had no processor, and of one whose guest hangs. */
const starved = { kind: "stepped", broke };
const hung = { kind: "stepped", broke: { ...broke, cpuMs: 200 } };
/** The same while a life is opened. */
const birth = ({ broke }: typeof starved) => ({ kind: "opened", broke: { ...broke, phase: "birth" } });
const harmed: FakeAnswer = {
  reply: { kind: "opened" },
  effects: [{ kind: "self_harm", api: "process.exit", arguments: [], severity: 2, step: 0 }],
};
const oom = { signal: "SIGABRT", stderr: "Last few GCs" };

/** Who else is, or was, in the children; and which requests fail. */
type Failing = { neighbours?: number; gone?: number; op?: string };

/** A pool whose steps go as the list says, one after the other, then as they should. */
function failing(plan: (FakeAnswer | null)[], options: Failing = {}) {
  const left = [...plan];
  const { op = "step", ...more } = options;
  return fakePool((request: FakeRequest) => (request.op === op ? left.shift() : null) ?? calmAnswer(request), more);
}

const stepOf = async (plan: (FakeAnswer | null)[], options: Failing = {}) => {
  const made = failing(plan, options);
  const life = await createLife(made.pool, {}, defaultLimits);
  return { ...made, life, report: await life.step("self.n = 0") };
};

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

describe("a life that begins from a genome", () => {
  const sandbox = useSandbox({ workers: 1 });

  it("is judged the same by its birth, whether its steps come one by one or many at once", async () => {
    const born = (source: string) => ({
      genome: [...newbornGenome, { name: "self.x", kind: "method" as const, source }],
    });
    for (const [options, verdict] of [
      [born("(process.exit(1), function x() {})"), "attempted_harm"],
      [born("(function () { for (;;); })()"), "timeout"],
      [born("function x() {}"), "survived"],
    ] as const) {
      const many = await live(sandbox(), ["self.n = 1", "self.n = 2"], options);
      const life = await sandbox().open(options);
      const one = await life.step("self.n = 1");
      await life.close();
      assert.deepEqual([many[0]!.verdict, many[0]!.cause], [one.verdict, one.cause]);
      assert.deepEqual([one.verdict, many.length], [verdict, verdict === "survived" ? 2 : 1]);
    }
  }).timeout(20_000);
});

describe("limits of a program", () => {
  const sandbox = useSandbox({ workers: 1 });

  it("are kept at their edge: as many bytes as are allowed run, one more does not", async () => {
    const limits = { sourceBytes: 256 };
    const program = (bytes: number, last = "1") => `self.n = ${last}`.padStart(bytes);
    const [whole] = await live(sandbox(), [program(256)], { limits });
    assert.equal(whole!.verdict, "survived", whole!.cause);
    const [long] = await live(sandbox(), [program(257)], { limits });
    assert.equal(long!.cause, "the program has 257 bytes, more than the 256 that are run");
    const [wide] = await live(sandbox(), [program(256, "'é'")], { limits });
    assert.equal(wide!.cause, "the program has 257 bytes, more than the 256 that are run", "bytes, not characters");
    const together = await live(sandbox(), [program(256), program(256), program(257), "never"], { limits });
    assert.deepEqual(
      together.map(({ verdict }) => verdict),
      ["survived", "survived", "syntax_error"],
    );
  });

  it("cut what is printed at their edge", async () => {
    const [ten, eleven] = await live(sandbox(), ["console.log('123456789')", "console.log('1234567890')"], {
      limits: { outputBytes: 10 },
    });
    assert.equal(ten!.output, "123456789\n");
    assert.equal(eleven!.output.slice(0, 10), "1234567890");
    assert.ok(!eleven!.output.includes("\n"));
  });

  it("say whether a step changed the agent, and not whether it assigned", async () => {
    const programs = [
      "self.a = 1",
      "self.a = self.a",
      "self.a = 1; let b = 2",
      "b = 2",
      "self.a = 3; self.a = 1",
      "delete self.a",
    ];
    const reports = await live(sandbox(), programs);
    assert.deepEqual(
      reports.map(({ changed }) => changed),
      [true, false, true, false, false, true],
    );
    const order = await live(sandbox(), ["self.x = 1; self.y = 2", "delete self.x; self.x = 1"]);
    assert.deepEqual(
      order.map(({ changed }) => changed),
      [true, false],
      "members have no order",
    );
  });
});
