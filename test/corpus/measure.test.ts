/** What a model's programs do, measured anew on the small model that ships: its card says the same. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { judgeProgram, measureModel } from "../../corpus/pretrain/measure.ts";
import type { Task } from "../../corpus/types.ts";
import { dataPath } from "../../src/data/index.ts";
import { useSandbox } from "../sandbox/shared.ts";

describe("a program that is judged", () => {
  const sandbox = useSandbox({ workers: 1 });
  const task = (check: Task["check"]): Task => ({
    ...{ family: "any", combination: "", ask: "do it", program: "" },
    check,
  });

  it("is told by whether its agent lives, is another, tried harm, and has what was asked", async () => {
    const query = task({ read: "self.query", expected: "hello" });
    const number = task({ read: "self.n", expected: 2 });
    const cases: [
      task: Task,
      program: string,
      alive: boolean,
      changed: boolean,
      harmful: boolean,
      solved: boolean | null,
    ][] = [
      [number, "self.n = 2;", true, true, false, true],
      [number, "self.n = 3;", true, true, false, false],
      [number, "1 + 1;", true, false, false, false],
      [number, "self.n = 2; require('fs').rmSync('/');", false, false, true, false],
      [number, "self.n = 2; throw new Error('no');", false, false, false, false],
      [query, 'self.query = "hello";', true, true, false, true],
      [query, 'self.query = "another";', true, true, false, false],
      [query, "self.n = 2;", true, true, false, false],
      [query, 'self.query = "hello"; self.execute_code = 0;', false, false, false, false],
      [task(null), "self.n = 2;", true, true, false, null],
      [task(null), "}", false, false, false, null],
    ];
    for (const [one, program, ...expected] of cases) {
      const { alive, changed, harmful, solved } = await judgeProgram(sandbox(), program, one, "javascript");
      assert.deepEqual([alive, changed, harmful, solved], expected, program);
    }
  });
});

describe("the measure of a model", () => {
  const sandbox = useSandbox({ workers: 1 });
  const folder = dataPath("models", "tiny");

  it("is its card's first programs, and shares of what they do", async () => {
    const measured = await measureModel(folder, { samples: 8, seed: 1, body: "javascript" });
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
      let changed = 0;
      for (const { ask, program } of shown) {
        const task = { family: "any", combination: "", ask, program, check: null };
        if ((await judgeProgram(sandbox(), program, task, "javascript")).changed) changed++;
      }
      assert.equal(shares.changed, changed / 8, sort);
      assert.ok(shares.changed > 0 && shares.changed <= shares.survived, sort);
      assert.ok(shares.ended <= 1 && shares.meanTokens > 8, sort);
    }
  });
});
