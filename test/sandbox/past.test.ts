/** The past of a life: what it tells of itself, and what another may begin with. No child is behind it. */

import assert from "node:assert/strict";
import { newbornGenome } from "../../src/sandbox/bodies/javascript/newborn.ts";
import { createLife } from "../../src/sandbox/host/life/index.ts";
import { defaultLimits } from "../../src/sandbox/host/limits.ts";
import { fakePool } from "./fake.ts";

describe("the past of a life", () => {
  const past = { seed: 5, query: "go", steps: [{ program: "self.n = 0", setup: null, budget: null, answers: [] }] };

  it("is all that it lived, the past that it began with included, or as much as is asked for", async () => {
    const { pool } = fakePool();
    const life = await createLife(pool, { past }, defaultLimits);
    for (const program of ["self.n = 1", "self.n = 2"]) await life.step(program);
    const programs = (steps?: number) => life.past(steps).steps.map(({ program }) => program);
    assert.deepEqual(programs(), ["self.n = 0", "self.n = 1", "self.n = 2"]);
    assert.deepEqual([programs(0), programs(1)], [["self.n = 0"], ["self.n = 0", "self.n = 1"]]);
    assert.deepEqual([life.past().seed, life.past().query, "genome" in life.past()], [5, "go", false]);
    const genome = newbornGenome;
    const other = await createLife(pool, { genome, seed: 3, query: "on" }, defaultLimits);
    assert.deepEqual(other.past(), { seed: 3, query: "on", genome, steps: [] });
  });

  it("is refused where it is none", async () => {
    const { pool } = fakePool();
    const [step] = past.steps;
    for (const wrong of [
      { ...past, seed: "5" },
      { ...past, steps: {} },
      { ...past, steps: [{ ...step, program: 1 }] },
      { ...past, steps: [step, { ...step, answers: "none" }] },
      { ...past, steps: [null] },
    ])
      await assert.rejects(createLife(pool, { past: wrong as never }, defaultLimits), {
        name: "SandboxFailure",
        message: /^Expected `past` to be what `life\.past\(\)` or a snapshot gave, got /,
      });
  });
});
