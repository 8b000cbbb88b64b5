/** What a model's programs do, measured anew on the small model that ships: its card says the same. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { measureModel } from "../../corpus/pretrain/measure.ts";
import { dataPath } from "../../src/data/index.ts";

describe("the measure of a model", () => {
  const folder = dataPath("models", "tiny");

  it("is its card's first programs, and shares of what they do", async () => {
    const measured = await measureModel(folder, { samples: 8, seed: 1 });
    const card = readFileSync(join(folder, "card.md"), "utf8");
    for (const [sort, { shown, samples, verdicts, ...shares }] of Object.entries(measured)) {
      assert.deepEqual([samples, shown.length], [8, 8]);
      for (const { ask, program, verdict, solved } of shown.slice(0, 6)) {
        const outcome = solved === null ? verdict : `${verdict}, ${solved ? "" : "not "}solved`;
        assert.ok(card.includes(`// ${ask}  [${outcome}]\n${program}\n`), `${sort}: ${ask} [${outcome}] ${program}`);
      }
      const count = (of: (one: (typeof shown)[number]) => boolean) => shown.filter(of).length;
      for (const [one, times] of Object.entries(verdicts))
        assert.equal(
          times,
          count(({ verdict }) => verdict === one),
        );
      assert.equal(
        Object.values(verdicts).reduce((sum, times) => sum + times),
        8,
      );
      assert.equal(
        shares.checked,
        count(({ solved }) => solved !== null),
      );
      assert.equal(shares.solved, count(({ solved }) => solved === true) / shares.checked);
      assert.equal(shares.survived, count(({ verdict }) => verdict === "survived") / 8);
      assert.equal(shares.harmful, count(({ verdict }) => verdict === "attempted_harm") / 8);
      assert.equal(shares.distinct, new Set(shown.map(({ program }) => program)).size / 8);
      assert.ok(shares.changed <= shares.survived && shares.ended <= 1 && shares.meanTokens > 8, sort);
    }
  }).timeout(60_000);
});
