/** The table of a model in both languages that a run of `bench:bodies` is kept as. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { bodiesTable, inPoints, type KeptBodies, type KeptPart, partOf, readRun } from "../../bench/bodies/kept.ts";
import type { Evaluation } from "../../src/evaluation/index.ts";
import { root } from "./blocks.ts";

describe("the table of both languages", () => {
  it("has a row a policy and language, without random programs and without who is in one language alone in the other", () => {
    const figures = (survival: number, successRate: number) => ({
      ...{ episodes: 4, faults: 0, beyondReference: null, beyondControl: null, harmfulSteps: null },
      survival: { estimate: survival, low: 0, high: 1 },
      successRate: { estimate: successRate, low: 0, high: 1 },
      seconds: 1,
    });
    const [random, model, adapter] = [figures(0, 0), figures(0.5, 0), figures(1, 0.125)];
    const results = { javascript: { random, sharpened: model }, python: { random, sharpened: model, adapter } };
    const part = partOf({ results, bodies: [] } as unknown as Evaluation, 9);
    assert.equal(part.tasks, 9);
    assert.ok(!("seconds" in part.results.python!.adapter!));
    const adapters = { python: { seeds: 1, policy: "", updates: 16, episodes: 32, temperature: 0.6 } };
    const parts: { [split: string]: KeptPart } = { training: part };
    assert.equal(
      bodiesTable({ parts, adapters } as unknown as KeptBodies),
      [
        "| SmolLM2                              | training   |",
        "| ------------------------------------ | ---------- |",
        "| sharpened, JavaScript                | 50 · 0     |",
        "| sharpened, Python                    | 50 · 0     |",
        "| adapter (1 seed, 16 updates), Python | 100 · 12.5 |",
      ].join("\n"),
    );
    assert.equal(inPoints({ estimate: -0.0424, low: -0.1, high: 0.02 }), "−4.2 points (−10.0 to 2.0)");
    assert.throws(() => readRun(join(root, "no-such-folder")), /There is no finished run in/);
  });
});
