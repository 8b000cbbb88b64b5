/** Genomes side by side, and the end of a life as its certificate tells it. */

import assert from "node:assert/strict";
import { certify, compareGenomes, hashGenome } from "../../src/agent/index.ts";
import { displaySymbol } from "../../src/display/index.ts";
import type { StepReport } from "../../src/sandbox/index.ts";

describe("genomes", () => {
  const member = (name: string, source: string) => ({ name, source, kind: "attribute" as const });

  it("hash alike whatever their order, and not otherwise", () => {
    assert.equal(hashGenome([member("a", "1"), member("b", "2")]), hashGenome([member("b", "2"), member("a", "1")]));
    assert.notEqual(hashGenome([member("a", "1")]), hashGenome([member("a", "2")]));
  });

  it("compare as added, changed and deleted, with a unified diff", () => {
    const edit = compareGenomes([member("a", "1"), member("b", "2")], [member("b", "3"), member("c", "4")]);
    assert.deepEqual([edit.added, edit.changed, edit.deleted], [["c"], ["b"], ["a"]]);
    assert.match(edit.patch, /^=+\n--- before\n\+\+\+ after\n[^]*-a = 1\n-b = 2\n\+b = 3\n\+c = 4/);
    const same = compareGenomes([member("a", "1")], [member("a", "1")]);
    assert.deepEqual([same.patch, same[displaySymbol]()], ["", { "text/plain": "(the genome is the same)" }]);
  });

  it("that differ in more than 1000 lines, or have more than 20,000, are said to, and not compared line by line", () => {
    const lines = (count: number, text = "x") => [member("a", Array.from({ length: count }, () => text).join("\n"))];
    const far = "(the two differ too much to be shown line by line)";
    const patch = (from: number, to: number) => compareGenomes(lines(from), lines(to), ["then", "now"]).patch;
    assert.ok(!patch(1, 1001).includes(far));
    assert.equal(patch(1, 1002), `=====\n--- then\n+++ now\n${far}\n`);
    // The text of a genome ends a line after its last member.
    assert.ok(!patch(19_998, 19_999).includes(far));
    assert.ok(patch(19_999, 20_000).includes(far));
  });

  it("certify how a life ended, or that it goes on", () => {
    const step = (more: object, program = "p") => ({
      program,
      report: {
        ...{ step: 0, verdict: "survived", alive: true, cause: "", effects: [], output: "", error: null },
        ...{ query: "and then?", response: "", genome: [member("a", "1")], changed: true, ms: 1, ...more },
      } as StepReport,
    });
    assert.equal(certify([]), null);
    const alive = certify([step({}), step({})])!;
    assert.deepEqual([alive.alive, alive.survived, alive.program, alive.fork], [true, 2, "", ""]);
    assert.deepEqual(alive[displaySymbol](), { "text/plain": "Alive after 2 steps." });
    const dies = { verdict: "timeout", alive: false, cause: "too long", genome: [] };
    const dead = certify([step({ query: "q".repeat(130) }), step(dies, "for (;;) {}")])!;
    assert.deepEqual([dead.alive, dead.survived, dead.program], [false, 1, "for (;;) {}"]);
    assert.deepEqual([dead.edit.deleted, dead.edit.patch], [[], ""], "a step that left nothing deleted nothing");
    assert.equal(
      dead.fork,
      `agent.fork() begins again before step 1, with the 1 members above, asked: ${"q".repeat(120)}`,
    );
    const first = certify([step(dies)], { born: [] })!;
    assert.deepEqual([first.survived, first.lastLiving], [0, []]);
    assert.equal(first.fork, "agent.fork() begins again before step 0, with the 0 members above");
    const text = first[displaySymbol]()["text/plain"] as string;
    assert.match(text, /^Death certificate\nsurvived {12}0 steps\nverdict {13}timeout\ncause {15}too long\n/);
    assert.match(text, /\nlast living genome {2}none\n/);
    assert.ok(!text.includes("what it changed"));
  });
});
