/** README's table of SmolLM2 in both languages beside the kept figures of the run. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { bodiesTable, inPoints, type KeptBodies, type KeptPart, partOf, readRun } from "../../bench/bodies/kept.ts";
import type { Evaluation } from "../../src/evaluation/index.ts";
import { root } from "./blocks.ts";

const kept = JSON.parse(readFileSync(join(root, "bench/results/bodies.json"), "utf8")) as KeptBodies;
const [, readme] = /(The same model in both languages, task by task[^]*?)\n## /.exec(
  readFileSync(join(root, "README.md"), "utf8"),
)!;

describe("README's table of both languages", () => {
  it("is that of the kept run, with what it says of the languages and of the adapter", () => {
    assert.ok(readme!.includes(`\n${bodiesTable(kept)}\n`), bodiesTable(kept));
    for (const [split, { bodies, results }] of Object.entries(kept.parts)) {
      const { difference } = bodies.find(
        ({ place, name, measure }) => `${place} ${name} ${measure}` === "sharpened python tasks done",
      )!;
      assert.ok(readme!.includes(inPoints(difference)), `sharpened, ${split}: ${inPoints(difference)}`);
      const beyond = results.python!.adapter!.beyondControl!.successRate!;
      assert.ok(readme!.includes(inPoints(beyond)), `adapter, ${split}: ${inPoints(beyond)}`);
      for (const policies of Object.values(results))
        for (const { faults } of Object.values(policies)) assert.equal(faults, 0);
    }
    assert.ok(readme!.includes(inPoints(kept.heldOut.python!)), inPoints(kept.heldOut.python!));
    const { updates, episodes } = kept.adapters.python!;
    assert.match(readme!, new RegExp(`--updates ${updates}\\b`));
    assert.match(readme!, new RegExp(`--episodes ${kept.episodes} --search ${kept.search}\\b`));
    assert.match(readme!, new RegExp(`${updates} updates of ${episodes} lives`));
  });

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
