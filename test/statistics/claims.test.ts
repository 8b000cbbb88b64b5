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

  it("is no gain while the intervals touch, however far the estimate lies above the control's interval", () => {
    const sentence = (own: Claimant["reached"]) => {
      const all = [one("temperature", 3, 0.25), { name: "head", reached: own, rock: null }];
      return claimsOf(all, { control: "temperature", what: "steps" })[0]!.split(":")[0];
    };
    const control = { low: 2.75, high: 3.25 };
    // The estimate is clear of the control's interval, the interval is not.
    assert.equal(sentence({ estimate: 9, low: 3, high: 12 }), "head does not beat temperature");
    assert.equal(sentence({ estimate: 9, low: control.high, high: 12 }), "head does not beat temperature");
    assert.equal(sentence({ estimate: 9, low: control.high + 1e-9, high: 12 }), "head beats temperature");
    assert.equal(sentence({ estimate: 0, low: -1, high: 3 }), "head does not beat temperature");
    assert.equal(sentence({ estimate: 0, low: -1, high: control.low }), "head does not beat temperature");
    assert.equal(sentence({ estimate: 0, low: -1, high: control.low - 1e-9 }), "head is worse than temperature");
    // One that contains the other's, or is inside of it.
    assert.equal(sentence({ estimate: 3.2, low: 0, high: 9 }), "head does not beat temperature");
    assert.equal(sentence({ estimate: 3.2, low: 3.1, high: 3.2 }), "head does not beat temperature");
  });

  it("is that a rock is a rock, however long it lived, the control too; without a control no more", () => {
    const rock = rockReason({ entropy: 0.01 })!;
    const idle = rockReason({ entropy: 2, changed: 0.05 })!;
    assert.deepEqual(
      claimsOf([one("a", 50, 0, rock), one("b", 1, 0, idle), one("c", 2, 1)], { control: null, what: "steps" }),
      ["a is a rock: entropy 0.010 nats: it does one thing only.", "b is a rock: 95 % of its edits change nothing."],
    );
    assert.deepEqual(claimsOf([one("a", 1, 0, rock)], { control: "a", what: "steps" }).length, 1);
    // At the edges: entropy below 0.05 nats, more than nine of ten edits without effect.
    assert.equal(rockReason({ entropy: 0.05 }), null);
    assert.equal(rockReason({ entropy: 0 }), "entropy 0.000 nats: it does one thing only");
    assert.equal(rockReason({ entropy: 1, changed: 0.125 }), null);
    assert.equal(rockReason({ entropy: 1, changed: 0.0625 }), "94 % of its edits change nothing");
    assert.equal(rockReason({ entropy: 1, changed: 0 }), "100 % of its edits change nothing");
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
});
