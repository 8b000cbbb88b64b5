import assert from "node:assert/strict";
import { type Claimant, claimsOf, controlAmong, rockReason } from "../../src/statistics/index.ts";

const one = (name: string, estimate: number, half: number, rock: string | null = null): Claimant => ({
  name,
  reached: { estimate, low: estimate - half, high: estimate + half },
  rock,
});

describe("what may be said of policies side by side", () => {
  it("is that a gain is sharpening, where the control's interval is not passed", () => {
    const all = [one("temperature", 3, 0.25), one("head", 3.25, 0.25), one("better", 4, 0.5), one("worse", 1, 0.5)];
    assert.deepEqual(claimsOf(all, { control: "temperature", what: "steps" }), [
      "head does not beat temperature: steps 3.25 (3.00 to 3.50) against 3.00 (2.75 to 3.25). What it gained is sharpening.",
      "better beats temperature: steps 4.00 (3.50 to 4.50) against 3.00 (2.75 to 3.25). That is more than sharpening.",
      "worse is worse than temperature: steps 1.00 (0.50 to 1.50) against 3.00 (2.75 to 3.25).",
    ]);
  });

  it("is that a rock is a rock, however long it lived, the control too; without a control no more", () => {
    const rock = rockReason({ entropy: 0.01 })!;
    const idle = rockReason({ entropy: 2, changed: 0.05 })!;
    assert.deepEqual(
      claimsOf([one("a", 50, 0, rock), one("b", 1, 0, idle), one("c", 2, 1)], { control: null, what: "steps" }),
      ["a is a rock: entropy 0.010 nats: it does one thing only.", "b is a rock: 95 % of its edits change nothing."],
    );
    assert.deepEqual(claimsOf([one("a", 1, 0, rock)], { control: "a", what: "steps" }).length, 1);
  });

  it("finds the control by its usual names, or by the given one, which must be there", () => {
    assert.equal(controlAmong(["head", "temperature"]), "temperature");
    assert.equal(controlAmong(["head", "sharpened"]), "sharpened");
    assert.equal(controlAmong(["head", "mean"]), null);
    assert.equal(controlAmong(["head", "mean"], "mean"), "mean");
    assert.throws(() => controlAmong(["head"], "cold"), {
      message: 'Expected `control` to be one of head, got "cold"',
    });
  });
});
