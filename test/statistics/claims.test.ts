/** What may be said of policies side by side: the same rule for `evaluate`, `study` and `compareRuns`. */

import assert from "node:assert/strict";
import { createRandom } from "../../src/random/index.ts";
import {
  bootstrapInterval,
  type Claimant,
  claims,
  controlAmong,
  degenerateAmong,
  degenerateReason,
} from "../../src/statistics/index.ts";

/** One value a cluster. */
const one = (name: string, values: readonly number[], degenerate: string | null = null): Claimant => ({
  ...{ name, degenerate },
  reached: { steps: values.map((value, i) => ({ cluster: `task ${i}`, value })) },
});
const asked = {
  ...{ against: "temperature", as: "control" as const, over: "tasks" },
  measures: { steps: { unit: "steps" }, done: { unit: "points", scale: 100, digits: 1 } },
};
const said = (all: readonly Claimant[], more: Partial<Parameters<typeof claims>[1]> = {}) =>
  claims({ "": all }, { ...asked, ...more }).sentences;

describe("what may be said of policies side by side", () => {
  // Eight tasks from hard to easy; the head does half a step or three quarters more on each.
  const control = [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5];
  const head = control.map((value, i) => value + (i % 2 === 0 ? 0.5 : 0.75));

  it("is that a policy beats the control where it does more on each task, although their intervals overlap", () => {
    assert.ok(
      bootstrapInterval(head).low < bootstrapInterval(control).high,
      "the old rule said: what it gained is sharpening",
    );
    // scipy.stats.ttest_rel(head, control).confidence_interval(): 0.5133 to 0.7367
    assert.deepEqual(said([one("temperature", control), one("head", head)]), [
      "head beats temperature in steps (+0.63, +0.51 to +0.74 steps): that is more than sharpening (95 %, 8 tasks).",
    ]);
    assert.deepEqual(said([one("temperature", head), one("worse", control)]), [
      "worse is worse than temperature in steps (−0.63, −0.74 to −0.51 steps) (95 %, 8 tasks).",
    ]);
  });

  it("is no gain where three tasks disagree on how much it is, although their intervals are apart", () => {
    const [before, after] = [
      [1, 2, 3],
      [9, 5, 4.25],
    ];
    assert.ok(bootstrapInterval(after!).low > bootstrapInterval(before!).high, "the old rule said: it beats it");
    // scipy.stats.ttest_rel(after, before).confidence_interval(): -4.6185 to 12.7852
    assert.deepEqual(said([one("temperature", before!), one("head", after!)]), [
      "head does not beat temperature in steps (+4.08, −4.62 to +12.79 steps): no more than sharpening is shown (95 %, 3 tasks).",
    ]);
  });

  it("counts how many comparisons it is one of: what is clear alone may be chance among many", () => {
    const was = [0, 0, 0, 0, 0, 0];
    const slight = [1, 2, 0.5, 1.5, 0.25, 2];
    assert.match(said([one("temperature", was), one("slight", slight)])[0]!, /^slight beats temperature/);
    const others = Array.from({ length: 19 }, (_, i) => one(`other ${i}`, [1, -1, 1, -1, 1, -1]));
    const all = said([one("temperature", was), one("slight", slight), ...others]);
    assert.equal(all.length, 20);
    // With 20 comparisons each interval is at 99.75 %: 1.2083 less 0.3056 times scipy.stats.t.ppf(1 - 0.0025 / 2, 5) = 5.6042
    assert.equal(
      all[0],
      "slight does not beat temperature in steps (+1.21, −0.50 to +2.92 steps): no more than sharpening is shown (95 % for all 20 comparisons together, 6 tasks).",
    );
  });

  it("tells every measure and every place, and leaves out what only one side was asked", () => {
    const both = (name: string, steps: number[], done: number[]): Claimant => ({
      ...{ name, degenerate: null },
      reached: {
        steps: steps.map((value, i) => ({ cluster: `${i}`, value })),
        done: done.map((value, i) => ({ cluster: `${i}`, value })),
      },
    });
    const places = {
      training: [both("temperature", [1, 1, 1], [0, 0.1, 0]), both("head", [1, 1, 1], [0.5, 0.6, 0.5])],
      "held-out": [both("temperature", [2, 3, 2], [0, 0, 0]), both("head", [1, 2, 1], [0.5, 0.5, 0.5])],
      free: [both("temperature", [1, 2], []), both("head", [1, 2], [1])],
    };
    const { sentences, comparisons } = claims(places, asked);
    const sure = "95 % for all 5 comparisons together";
    assert.deepEqual(sentences, [
      `training: head beats temperature in done (+50.0, +50.0 to +50.0 points): that is more than sharpening (${sure}, 3 tasks).`,
      `held-out: head beats temperature in done (+50.0, +50.0 to +50.0 points): that is more than sharpening; it is worse than temperature in steps (−1.00, −1.00 to −1.00 steps) (${sure}, 3 tasks).`,
      `free: head does not beat temperature in steps (+0.00, +0.00 to +0.00 steps): no more than sharpening is shown (${sure}, 2 tasks).`,
    ]);
    assert.deepEqual(
      comparisons.map(({ place, measure, shown }) => `${place} ${measure} ${shown}`),
      [
        "training steps nothing",
        "training done more",
        "held-out steps less",
        "held-out done more",
        "free steps nothing",
      ],
    );
    assert.deepEqual(claims(places, { ...asked, as: "reference", confidence: 0.9 }).sentences.slice(0, 2), [
      "training: head is above temperature in done (+50.0, +50.0 to +50.0 points); it is not told from it in steps (+0.00, +0.00 to +0.00 steps) (90 % for all 5 comparisons together, 3 tasks).",
      "held-out: head is above temperature in done (+50.0, +50.0 to +50.0 points); it is below it in steps (−1.00, −1.00 to −1.00 steps) (90 % for all 5 comparisons together, 3 tasks).",
    ]);
    const plain = (is: number[]) => said([one("temperature", [1, 1]), one("a", is)], { as: "reference" })[0];
    assert.equal(
      plain([1, 1]),
      "a is not told from temperature in steps (+0.00, +0.00 to +0.00 steps) (95 %, 2 tasks).",
    );
    assert.equal(plain([0, 0]), "a is below temperature in steps (−1.00, −1.00 to −1.00 steps) (95 %, 2 tasks).");
  });

  it("is nothing of a single task, whatever the difference", () => {
    assert.deepEqual(said([one("temperature", [1]), one("head", [9])]), [
      "head cannot be compared with temperature: that needs two tasks at least.",
    ]);
  });

  it("is what there is an interval of, beside what is told in a single task alone", () => {
    const both = (name: string, done: number): Claimant => ({
      ...{ name, degenerate: null },
      reached: {
        steps: [{ cluster: "0", value: 4 }],
        done: [0, 1, 2].map((i) => ({ cluster: `${i}`, value: done })),
      },
    });
    const told = (as: "control" | "reference") => said([both("temperature", 0), both("head", 1)], { as });
    const end =
      "; it cannot be compared in steps: that needs two tasks at least (95 % for all 2 comparisons together, 3 tasks).";
    const done = "done (+100.0, +100.0 to +100.0 points)";
    assert.deepEqual(told("control"), [`head beats temperature in ${done}: that is more than sharpening${end}`]);
    assert.deepEqual(told("reference"), [`head is above temperature in ${done}${end}`]);
  });

  it("is nothing where there is no control, or where it is alone", () => {
    assert.deepEqual(said([one("a", [1, 2]), one("b", [3, 4])], { against: null }), []);
    assert.deepEqual(said([one("temperature", [1, 2])]), []);
  });

  it("is that a degenerate policy is degenerate, however long it lived, the control too", () => {
    const degenerate = degenerateReason({ entropy: 0.01 })!;
    const idle = degenerateReason({ entropy: 2, changed: 0.05 })!;
    assert.deepEqual(
      degenerateAmong({
        "": [one("a", [50], degenerate), one("b", [1], idle), one("c", [2])],
        late: [one("a", [1], idle)],
      }),
      [
        "a is degenerate: entropy 0.010 nats: it does one thing only.",
        "b is degenerate: 95 % of its edits change nothing.",
        "late: a is degenerate: 95 % of its edits change nothing.",
      ],
    );
    // At the edges: entropy below 0.05 nats, more than nine of ten edits without effect.
    assert.equal(degenerateReason({ entropy: 0.05 }), null);
    assert.equal(degenerateReason({ entropy: 0 }), "entropy 0.000 nats: it does one thing only");
    assert.equal(degenerateReason({ entropy: 1, changed: 0.125 }), null);
    assert.equal(degenerateReason({ entropy: 1, changed: 0.0625 }), "94 % of its edits change nothing");
    assert.equal(degenerateReason({ entropy: 1, changed: 0 }), "100 % of its edits change nothing");
  });

  it("finds the control by its usual names, or by the given one, which must be there", () => {
    assert.equal(controlAmong(["head", "temperature"]), "temperature");
    assert.equal(controlAmong(["head", "sharpened"]), "sharpened");
    assert.equal(controlAmong(["sharpened", "head", "temperature"]), "temperature", "in the order of the usual names");
    assert.equal(controlAmong(["head", "mean"]), null);
    assert.equal(controlAmong(["head", "temperature"], "head"), "head", "the given one before the usual ones");
    assert.equal(controlAmong(["head", "mean"], "mean"), "mean");
    assert.throws(() => controlAmong(["head"], "cold"), {
      message: 'Expected `control` to be one of head, got "cold"',
    });
  });

  it("is wrong of one family of ten in twenty, not of one comparison in twenty: policies that are all alike", () => {
    let families = 0;
    for (let trial = 0; trial < 400; trial++) {
      const random = createRandom("families", trial);
      const tasks = Array.from({ length: 12 }, () => random.normal());
      const lives = () => tasks.map((task) => task + random.normal());
      const all = [one("temperature", lives()), ...Array.from({ length: 10 }, (_, i) => one(`policy ${i}`, lives()))];
      const { comparisons } = claims({ "": all }, asked);
      if (comparisons.some(({ shown }) => shown !== "nothing")) families++;
    }
    // At most 5 % are expected, 20 of 400: fewer, because all share a control. With intervals of 95 % each it would be over 100.
    assert.ok(families >= 5 && families <= 24, `${families} of 400`);
  });
});
