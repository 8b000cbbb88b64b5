/** Executors that cheat, and unusual honest ones: a sample of what `npm run stress:inert` measures in full. */

import assert from "node:assert/strict";
import { liveWith, measure, programsOf, readDesigns } from "./inert-lives.ts";
import { facts, live, useSandbox } from "./shared.ts";

describe("an executor that does not run its agent's programs", () => {
  const sandbox = useSandbox();
  const cheats = readDesigns("cheats.txt");

  it("is found out within ten steps, whatever it lets through: 24 designs", async () => {
    assert.ok(cheats.length >= 20);
    const rows = [];
    for (const design of cheats) rows.push(await measure(sandbox(), design, [101, 102, 103]));
    const alive = rows.filter((row) => row.alive > 0).map((row) => `${row.name}: ${row.alive}`);
    assert.ok(rows.reduce((sum, row) => sum + row.alive, 0) <= 0.05 * 3 * cheats.length, alive.join("; "));
    for (const { causes } of rows) for (const cause of causes) assert.match(cause, /^(inert|fatal_self_edit): /);
  });

  it("was alive for ever under the first rules, which old records are lived again under", async () => {
    const everySecond = cheats.find(({ name }) => name === "every second call")!;
    const programs = [everySecond.program, ...programsOf(7)];
    const [old, now] = await Promise.all([
      live(sandbox(), programs, { seed: 7, rules: 1 }),
      live(sandbox(), programs, { seed: 7 }),
    ]);
    assert.deepEqual([old.length, old.at(-1)!.verdict, now.at(-1)!.verdict], [10, "survived", "inert"]);
  });

  it("is told by the programs that had no effect, where every probe has one", async () => {
    const program = "self.execute_code = function (code) { if (!code.includes('mine')) return exec(code) }";
    const reports = await live(sandbox(), [program, ...[1, 2, 3, 4].map((i) => `self.mine_${i} = ${i}`)], { seed: 1 });
    assert.deepEqual(
      reports.map(({ verdict }) => verdict),
      ["survived", "survived", "survived", "inert"],
    );
    assert.equal(
      reports.at(-1)!.cause,
      "self.execute_code runs other programs than the agent's own: of the last 4 whose effect is certain, 3 had none",
    );
  });
});

describe("an unusual executor that runs every program", () => {
  const sandbox = useSandbox();

  it("is never called inert: 27 designs", async () => {
    const designs = readDesigns("honest.txt");
    assert.ok(designs.length >= 20);
    for (const design of designs) {
      const { alive, causes } = await measure(sandbox(), design, [201, 202]);
      assert.deepEqual([alive, causes], [2, []], design.name);
    }
  });

  it("lives the same life again, step by step or in one message", async () => {
    const design = readDesigns("honest.txt").find(({ name }) => name === "keeps a journal")!;
    const [once, again] = [await liveWith(sandbox(), design, 5), await liveWith(sandbox(), design, 5)];
    assert.equal(facts(once), facts(again));
    const life = await sandbox().open({ seed: 5 });
    const single = [];
    for (const program of [design.program, ...programsOf(5)]) single.push(await life.step(program));
    const past = life.past();
    await life.close();
    assert.equal(facts(single), facts(once));
    const later = await sandbox().open({ past });
    const [next] = await later.steps(["self.later = self.journal.length"]);
    await later.close();
    const { genome } = next!;
    assert.equal(genome.find(({ name }) => name === "self.journal")?.kind, "attribute");
    assert.ok(Number(genome.find(({ name }) => name === "self.later")!.source) >= 20, "with its probes");
  });

  it("is not blamed for programs that count a number on and back, or on from what they made it first", async () => {
    const backAndForth = "self.state.n += 1; self.state.n -= 1;";
    const onwards = "self.state.total = self.state.n * 2; self.state.total += 1;";
    const programs = ["self.state.n = 5", ...Array.from({ length: 6 }, () => [backAndForth, onwards]).flat()];
    const reports = await live(sandbox(), programs, { seed: 2 });
    assert.deepEqual([reports.length, reports.at(-1)!.verdict, reports.at(-1)!.cause], [13, "survived", ""]);
  });

  it("is not blamed for programs with templates, of which probes are copies", async () => {
    const told = (_: unknown, i: number) => `const $n = ${i + 20}; self.told${i} = \`told${i}\${$n} of them\`;`;
    for (const seed of [1, 2, 3, 4]) {
      const reports = await live(sandbox(), Array.from({ length: 12 }, told), { seed });
      assert.deepEqual([reports.length, reports.at(-1)!.verdict, reports.at(-1)!.cause], [12, "survived", ""]);
    }
  });

  it("is not blamed for what the agent did to built-ins that a probe would call", async () => {
    const reports = await live(
      sandbox(),
      [
        "String.prototype.split = () => []; Array.prototype.map = null; Math.max = () => 7",
        ...programsOf(3).slice(0, 1),
      ].concat(Array.from({ length: 30 }, (_, i) => `self.n = ${i}`)),
      { seed: 4 },
    );
    assert.deepEqual(new Set(reports.map(({ verdict }) => verdict)), new Set(["survived"]), reports.at(-1)!.cause);
  });
});
