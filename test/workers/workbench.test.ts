/** What a worker makes of specs, and keeps: a sandbox and a model for as long as they are used, by what they are like. */

import assert from "node:assert/strict";
import { openWorkbench, type Workbench } from "../../src/workers/open-spec.ts";

describe("a worker's bench", () => {
  let bench: Workbench;
  before(async () => {
    bench = await openWorkbench({ children: 1, minimumLevel: 0, modules: null });
  });
  after(() => bench.close());

  it("has one sandbox of each kind", async () => {
    const [usual, again] = await Promise.all([
      bench.sandbox({ body: "javascript" }),
      bench.sandbox({ body: "javascript" }),
    ]);
    assert.equal(usual, again);
    assert.equal(usual.level, bench.level);
    const brief = { body: "javascript", limits: { stepMs: 321 } };
    const other = await bench.sandbox(brief);
    assert.notEqual(other, usual);
    assert.equal(other.limits?.stepMs, 321);
    assert.equal(await bench.sandbox(structuredClone(brief)), other);
    assert.throws(() => bench.sandbox({ body: "cobol" }), {
      message: "The body cobol is not known to this worker: there is javascript, python",
    });
  });
});
