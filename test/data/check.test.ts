import assert from "node:assert/strict";
import {
  byKey,
  callable,
  checkOptions,
  describeFault,
  faultOf,
  having,
  integer,
  integerFrom,
  listOf,
  numberFrom,
  OptionFailure,
  oneOf,
  only,
  optional,
  positiveInteger,
  positiveNumber,
  type Schema,
  someOf,
  text,
} from "../../src/data/check.ts";
import { nearestName } from "../../src/data/nearest.ts";

/** The sentence about a value; null where it is as expected. */
function said(schema: Schema<unknown>, value: unknown, of = "the options of play"): string | null {
  const fault = faultOf(schema, value, of);
  return fault && describeFault(fault);
}

describe("a check", () => {
  const schema = only<{ steps: number; learningRate?: number; limits?: { stepMs?: number } }>({
    steps: positiveInteger,
    learningRate: optional(positiveNumber),
    limits: optional(only<{ stepMs?: number }>({ stepMs: optional(positiveInteger) })),
  });

  it("lets pass what is as expected, and what is left out or undefined", () => {
    assert.equal(said(schema, { steps: 1 }), null);
    assert.equal(said(schema, { steps: 1, learningRate: undefined, limits: { stepMs: undefined } }), null);
  });

  it("names the value, what was expected and what was given; a text stands in quotes", () => {
    assert.equal(said(schema, { steps: "3" }), 'Expected `steps` to be a positive integer, got "3"');
    assert.equal(said(schema, {}), "Expected `steps` to be a positive integer, got undefined");
    assert.equal(
      said(schema, { stepz: 3 }),
      "There is no `stepz` in the options of play: did you mean `steps`?",
      "the key that nobody reads, not the one that is missing for it",
    );
    assert.equal(said(schema, { steps: 0, stepz: 3 }), "Expected `steps` to be a positive integer, got 0");
    assert.equal(
      said(schema, { steps: 1, limits: { stepMs: 0 } }),
      "Expected `limits.stepMs` to be a positive integer, got 0",
    );
    assert.equal(said(schema, { steps: 1, limits: 5 }), "Expected `limits` to be an object of options, got 5");
    for (const [value, told] of [
      [null, "null"],
      ["steps", '"steps"'],
      [[1], "[1]"],
      [7n, "7n"],
      [Number.NaN, "NaN"],
      [() => 1, "a function"],
      [new Map(), "a Map"],
      [new (class Own {})(), "an Own"],
    ] as const)
      if (!(value instanceof Object) || Array.isArray(value) || typeof value === "function")
        assert.equal(said(schema, value), `Expected \`the options of play\` to be an object of options, got ${told}`);
      else assert.equal(said(positiveInteger, value, "n"), `Expected \`n\` to be a positive integer, got ${told}`);
  });

  it("shows an object without a prototype as any other", () => {
    const value = Object.assign(Object.create(null), { a: 1 });
    assert.equal(said(positiveInteger, value, "n"), 'Expected `n` to be a positive integer, got {"a":1}');
  });

  it("refuses a key that nobody reads with the nearest name, at any depth, else with all that there are", () => {
    for (const [given, sentence] of [
      [{ step: 1 }, "did you mean `steps`?"],
      [{ learningrate: 1 }, "did you mean `learningRate`?"],
      [{ learning_rate: 1 }, "did you mean `learningRate`?"],
      [{ rate: 1 }, "did you mean `learningRate`?"],
      [{ colour: 1 }, "there are steps, learningRate, limits"],
    ] as const)
      assert.equal(
        said(schema, { steps: 2, ...given }),
        `There is no \`${Object.keys(given)[0]}\` in the options of play: ${sentence}`,
      );
    assert.equal(
      said(schema, { steps: 2, limits: { stepMS: 1 } }),
      "There is no `limits.stepMS` in the options of play: did you mean `limits.stepMs`?",
    );
    assert.equal(said(only<object>({}), { a: 1 }), "There is no `a` in the options of play: there are none");
  });

  it("says where in a list it is, and asks for at least one where there must be", () => {
    const list = only<{ steps: readonly string[] }>({ steps: someOf(text, "a list of at least one program") });
    assert.equal(said(list, { steps: ["a", 5] }), "Expected `steps[1]` to be a text, got 5");
    assert.equal(said(list, { steps: [] }), "Expected `steps` to be a list of at least one program, got []");
    assert.equal(said(list, { steps: "a" }), 'Expected `steps` to be a list of at least one program, got "a"');
    assert.equal(said(listOf(text, "a list of texts"), []), null);
  });

  it("knows numbers at their edges, choices, functions and parts by their methods", () => {
    const takes = (one: Schema<unknown>, right: unknown[], wrong: unknown[]): void => {
      for (const value of right) assert.equal(said(one, value), null, String(value));
      for (const value of wrong) assert.notEqual(said(one, value), null, String(value));
    };
    takes(positiveInteger, [1, 2 ** 53 - 1], [0, -1, 1.5, 2 ** 53, Number.NaN, Infinity, "1", true]);
    takes(integer, [0, -5], [0.5, -Infinity, "0", null]);
    takes(integerFrom(0, 3), [0, 3], [-1, 4, 1.5]);
    takes(numberFrom(0, 1), [0, 0.5, 1], [-1e-9, 1.0001, Number.NaN]);
    takes(positiveNumber, [1e-12, 1e300], [0, -1, Infinity, Number.NaN]);
    takes(oneOf("a", "b"), ["a"], ["c", 1, undefined]);
    takes(callable(), [() => 1], [{}, "f"]);
    takes(
      having<{ act: unknown }>(["act"], "a policy"),
      [{ act: () => 1 }],
      [{ act: 1 }, null, undefined, "random", {}],
    );
    assert.equal(said(oneOf("a", "b", "c"), "d", "it"), 'Expected `it` to be a, b or c, got "d"');
    assert.equal(said(oneOf("a"), "d", "it"), 'Expected `it` to be a, got "d"');
  });

  it("knows an object by the first of some keys, and says what is wrong with one of that kind", () => {
    const kinds = byKey<object>(
      [
        ["read", only<{ read: string; at?: number }>({ read: text, at: optional(integer) }, "a reading")],
        ["at", only<{ at: number }>({ at: integer }, "a place")],
      ],
      "a reading or a place",
    );
    for (const right of [{ read: "x" }, { at: 1 }, { read: "x", at: 1 }]) assert.equal(said(kinds, right), null);
    for (const wrong of [{}, { other: 1 }, null, [], "read"])
      assert.match(said(kinds, wrong, "it")!, /^Expected `it` to be a reading or a place, got /);
    assert.equal(said(kinds, { read: "x", at: "y" }), 'Expected `at` to be an integer, got "y"');
    assert.equal(said(kinds, { at: "y" }), 'Expected `at` to be an integer, got "y"');
    assert.equal(said(kinds, { read: 1 }), "Expected `read` to be a text, got 1");
  });

  it("throws an error that carries what it says", () => {
    assert.throws(
      () => checkOptions(schema, { steps: 1, step: 2 } as never, "the options of play"),
      (error: unknown) => {
        assert.ok(error instanceof OptionFailure && error instanceof RangeError);
        assert.deepEqual(error.error, {
          kind: "unknown-option",
          name: "step",
          of: "the options of play",
          nearest: "steps",
          known: ["steps", "learningRate", "limits"],
        });
        return true;
      },
    );
  });
});

describe("an option that had another name", () => {
  const trains = only<{ klCoef?: number; maxGradNorm?: number; lrSchedule?: string }>({
    ...{
      klCoef: optional(positiveNumber),
      maxGradNorm: optional(positiveNumber),
      lrSchedule: optional(oneOf("none", "linear")),
    },
  });
  const other = only<{ steps?: number }>({ steps: optional(positiveInteger) });

  it("is refused with the new one, where that is an option", () => {
    for (const [former, now] of [
      ["klWeight", "klCoef"],
      ["clip", "maxGradNorm"],
      ["decay", "lrSchedule"],
    ] as const)
      assert.equal(
        describeFault(faultOf(trains, { [former]: 1 }, "the options of train")!),
        `There is no \`${former}\` in the options of train: it is called \`${now}\` now`,
      );
    assert.equal(
      describeFault(faultOf(other, { clip: 1 }, "the options of play")!),
      "There is no `clip` in the options of play: there are steps",
    );
  });
});

describe("the nearest name", () => {
  it("is found past case, underscores, a letter too many, one too few, and two that are swapped", () => {
    const known = ["maxSteps", "learningRate", "klCoef", "seed", "save", "gamma"];
    for (const [given, meant] of [
      ["maxStep", "maxSteps"],
      ["max_steps", "maxSteps"],
      ["MAXSTEPS", "maxSteps"],
      ["maxStpes", "maxSteps"],
      ["learningrate", "learningRate"],
      ["lerningRate", "learningRate"],
      ["coef", "klCoef"],
      ["sed", "seed"],
      ["gama", "gamma"],
      ["batchSize", null],
      ["x", null],
      ["", null],
    ] as const)
      assert.equal(nearestName(given, known), meant, given);
  });
});
