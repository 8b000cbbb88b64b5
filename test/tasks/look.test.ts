/** What a task sees of an agent: which copies of it are opened, and that each is closed. The lives are fakes at the sandbox's seam. */

import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import type { CallResult, GenomeMember, Life, LifeOptions, Sandbox, StepReport } from "../../src/sandbox/types.ts";
import { contextOf, isSolved, setupOf } from "../../src/tasks/look.ts";
import { stage } from "../../src/tasks/micro/stages/stage.ts";

interface Play {
  /** What copies answer when they are called, one after the other. */
  calls?: CallResult[];
  reads?: CallResult[];
  step?: Partial<StepReport>;
  genome?: GenomeMember[];
}

const value = (one: unknown): CallResult => ({ answers: [{ value: one }], effects: [] }) as unknown as CallResult;
const thrown = (failed: string): CallResult => ({ answers: [{ failed }], effects: [] }) as unknown as CallResult;
const failed = { failed: "it died", effects: [] } as unknown as CallResult;
const member = (kind: string, source: string): GenomeMember => ({ name: "a", kind, source }) as GenomeMember;

/** The context of a step, and all that was done to copies. */
function looked({ calls = [], reads = [], step = {}, genome = [] }: Play) {
  const opened: LifeOptions[] = [];
  const done: unknown[] = [];
  const copy = {
    async call(...given: unknown[]) {
      done.push(["call", ...given]);
      return calls.shift()!;
    },
    async read(name: string) {
      done.push(["read", name]);
      return reads.shift()!;
    },
    async step(...given: unknown[]) {
      done.push(["step", ...given]);
      return { verdict: "survived", alive: true, effects: [], ...step };
    },
    async close() {
      await setImmediate(); // who does not wait for it is seen
      done.push("close");
    },
  };
  const sandbox = {
    body: {},
    async open(options: LifeOptions) {
      opened.push(options);
      return copy;
    },
  };
  const past = { seed: 5, steps: [{ program: "first" }, { program: "last" }] };
  const life = { past: () => past, read: async (name: string) => value(name) };
  const context = contextOf({
    ...{
      task: { id: "t" } as never,
      before: [],
      changed: true,
      again: false,
      seed: 3,
      terms: { harm: "reported" as never },
    },
    ...{
      report: { genome } as unknown as StepReport,
      life: life as unknown as Life,
      sandbox: sandbox as unknown as Sandbox,
    },
  });
  return { context, opened, done, past };
}

describe("a task's look at an agent", () => {
  it("calls a copy made of the members, under the same terms, and closes it", async () => {
    const genome = [member("method", "() => 1"), member("attribute", '[1,"a"]')];
    const { context, opened, done } = looked({ calls: [value(1)], genome });
    assert.deepEqual(await context.call("f", [[1]]), value(1));
    assert.deepEqual(opened, [{ genome, seed: 3, harm: "reported" }]);
    assert.deepEqual(done, [["call", "f", [[1]]], "close"]);
  });

  it("lives the whole life again where a member is more than its text, or the copy lacks something", async () => {
    for (const source of ["{}", '{"a":1}', "[[{}]]", '"2026-11-28T05:00:00.000Z"', "undefined", "new Map()"]) {
      const { context, opened, past } = looked({ calls: [value(1)], genome: [member("attribute", source)] });
      await context.call("f", []);
      assert.deepEqual(opened, [{ past, harm: "reported" }], source);
    }
    for (const source of ["null", '"2026"', "3", '["a",[true]]']) {
      const { context, opened } = looked({ calls: [value(1)], genome: [member("attribute", source)] });
      await context.call("f", []);
      assert.ok("genome" in opened[0]! && opened.length === 1, source);
    }
    for (const [error, times] of [
      ["it threw ReferenceError: x is not defined", 2],
      ["it threw NameError: x", 2],
      ["it threw Error: no", 1],
      ["it ran longer than 50 ms", 1],
    ] as const) {
      const { context, opened, done } = looked({ calls: [thrown(error), value(2)] });
      assert.deepEqual(await context.call("f", []), times === 2 ? value(2) : thrown(error));
      assert.deepEqual([opened.length, done.filter((one) => one === "close").length], [times, times], error);
    }
  });

  it("plays the last program again after another setup, on the life before it, and reads each name in turn", async () => {
    const { context, opened, done, past } = looked({ reads: [value(1), value(2)] });
    const { answers } = (await context.rerun("setup", ["a", "b"])) as { answers: unknown[] };
    assert.deepEqual(answers, [{ value: 1 }, { value: 2 }]);
    assert.deepEqual(opened, [{ past: { seed: 5, steps: [past.steps[0]] }, harm: "reported" }]);
    assert.deepEqual(done, [["step", "last", "setup"], ["read", "a"], ["read", "b"], "close"]);
  });

  it("tells of a program that ended the copy, of a fault of the machine's, and of a name that cannot be read", async () => {
    const rerun = (play: Play) => looked(play).context.rerun("", ["a", "b"]);
    const dead = { alive: false, cause: "it died" };
    assert.deepEqual(await rerun({ step: dead }), { failed: "it died", effects: [] });
    assert.deepEqual(await rerun({ step: { ...dead, verdict: "infrastructure_error" } }), {
      ...{ failed: "it died", effects: [], fault: true },
    });
    assert.deepEqual(await rerun({ reads: [value(1), failed] }), failed);
    const { context, done } = looked({ reads: [failed] });
    await context.rerun("", ["a", "b"]);
    assert.deepEqual(done.slice(1), [["read", "a"], "close"]);
  });

  it("draws by the episode's seed and the task's name, the same for its setup", () => {
    const { context } = looked({});
    const drawn = [context.random().uniform(), context.random().uniform()];
    assert.equal(drawn[0], drawn[1]);
    assert.equal(setupOf({ id: "t", setup: (random) => `${random.uniform()}` }, 3), `${drawn[0]}`);
    assert.notEqual(setupOf({ id: "u", setup: (random) => `${random.uniform()}` }, 3), `${drawn[0]}`);
    assert.deepEqual([setupOf({ id: "t", setup: "x" }, 3), setupOf({ id: "t" }, 3)], ["x", undefined]);
    assert.deepEqual([0, 0.99, 1, 2].map(isSolved), [false, false, true, true]);
  });
});

describe("a stage of which the least is told", () => {
  it("has no later step, no loop, no constants, one phrase, and no input that it does not take", () => {
    const run = (x: number): number => x;
    const { needs, ...least } = stage(["number"], "number", { names: "same own", phrase: "{0}", code: "{0}", run });
    assert.deepEqual(least, {
      ...{ takes: ["number"], gives: "number", constants: [], names: ["same", "own"], phrases: ["{0}"] },
      ...{ next: null, code: "{0}", loop: null, run },
    });
    assert.equal(needs(Number.NaN), true);
    assert.deepEqual(stage([], "text", { names: "a", phrase: ["a", "b"], code: "", run }).phrases, ["a", "b"]);
  });
});
