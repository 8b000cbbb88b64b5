import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { displaySymbol } from "../../src/display/index.ts";
import { createRandom } from "../../src/random/index.ts";
import { type EpisodeRecord, openRecord, RecordFailure } from "../../src/record/index.ts";
import type { GenomeMember } from "../../src/sandbox/types.ts";

const genome = (n: number): GenomeMember[] => [{ name: "self.n", kind: "attribute", source: String(n) }];

describe("a lineage", () => {
  let folder: string;
  let record: EpisodeRecord;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "autoagent-lineage-"));
    record = openRecord(join(folder, "lineage.db"), { create: true });
  });
  afterEach(() => {
    record.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("leaves a parent's scores alone when its descendants are asked about (HGM's fault)", () => {
    const { lineage } = record;
    const parent = lineage.add({ genome: genome(0) });
    const child = lineage.add({ genome: genome(1), parent });
    for (const value of [1, 0]) lineage.score(parent, value);
    for (const value of [1, 1, 1]) lineage.score(child, value);
    const held = lineage.node(parent).scores;
    for (let i = 0; i < 2; i++) assert.deepEqual(lineage.cladeScores(parent), [1, 0, 1, 1, 1]);
    assert.deepEqual(lineage.node(parent).scores, [1, 0]);
    assert.equal(lineage.node(parent).mean, 0.5);
    assert.throws(() => (held as number[]).push(1), TypeError);
    assert.throws(() => (lineage.cladeScores(parent) as number[]).push(1), TypeError);
  });

  it("calls best what scores highest (DGM's fault)", () => {
    const { lineage } = record;
    assert.equal(lineage.best(), null);
    const ids = [0.2, 0.9, 0.5, 0.9].map((value, n) => {
      const id = lineage.add({ genome: genome(n) });
      lineage.score(id, value);
      return id;
    });
    lineage.add({ genome: genome(9), note: "never scored" });
    assert.equal(lineage.best()!.id, ids[1]);
    assert.equal(lineage.choose(createRandom(1), { rule: "best" }).id, ids[1]);
  });

  it("refuses a rule that it does not know (DGM's other fault), and a score that is no number", () => {
    const { lineage } = record;
    const id = lineage.add({ genome: genome(0) });
    assert.throws(() => lineage.choose(createRandom(1), { rule: "score_child_propbest" as never }), {
      message: 'Expected `rule` to be any, best or novel, got "score_child_propbest"',
    });
    assert.throws(() => lineage.score(id, Number.NaN), RecordFailure);
    assert.equal(lineage.node(id).mean, null);
  });

  it("draws parents by score over one plus the number of children", () => {
    const { lineage } = record;
    const [good, bad] = [lineage.add({ genome: genome(0) }), lineage.add({ genome: genome(1) })];
    lineage.score(good, 1);
    lineage.score(bad, 0);
    const random = createRandom(3, "parents");
    const share = () => {
      let hits = 0;
      for (let i = 0; i < 400; i++) if (lineage.choose(random).id === good) hits++;
      return hits / 400;
    };
    const expected = 1 / (1 + Math.exp(-5)) / (1 / (1 + Math.exp(-5)) + 1 / (1 + Math.exp(5)));
    assert.ok(Math.abs(share() - expected) < 0.03);
    // Three children of no score, which count as half: of 1 and 4 * 1/2 parts.
    for (let i = 2; i < 5; i++) lineage.add({ genome: genome(i), parent: good });
    const weights = [1 / (1 + Math.exp(-5)) / 4, 1 / (1 + Math.exp(5)), 0.5, 0.5, 0.5];
    const after = weights[0]! / weights.reduce((sum, one) => sum + one);
    assert.ok(Math.abs(share() - after) < 0.06, `${share()}, and not about ${after}`);
  });

  it("shows its nodes as a table: how deep each is, the first letters of its genome's address, its scores and children", () => {
    const { lineage } = record;
    const parent = lineage.add({ genome: genome(0), note: "first" });
    const child = lineage.add({ genome: genome(1), parent });
    for (const score of [0.25, 0.75]) lineage.score(child, score);
    const { "text/html": html } = lineage[displaySymbol]();
    const rows = [...String(html).matchAll(/<tr>(.*?)<\/tr>/g)]
      .slice(1)
      .map(([, row]) => [...row!.matchAll(/<td[^>]*>(.*?)<\/td>/g)].map(([, cell]) => cell));
    const address = (id: number) => lineage.node(id).genome.slice(0, 8);
    assert.deepEqual(rows, [
      [String(parent), "", "0", address(parent), "first", "0", "", "1"],
      [String(child), String(parent), "1", address(child), "", "2", "0.5000", "0"],
    ]);
  });

  it("gives equal genomes one address and keeps its tree across opening", () => {
    const { lineage } = record;
    const root = lineage.add({ genome: genome(0), note: "newborn" });
    const child = lineage.add({ genome: genome(1), parent: root });
    lineage.add({ genome: genome(0), parent: child, note: "back again" });
    lineage.score(child, 0.25);
    record.close();
    record = openRecord(record.path, { create: true });
    const nodes = record.lineage.nodes();
    assert.equal(nodes[0]!.genome, nodes[2]!.genome);
    assert.deepEqual(record.genome(nodes[1]!.genome), genome(1));
    assert.deepEqual(record.lineage.edit(child), { added: [], changed: ["self.n"], deleted: [] });
    const [a, b] = [nodes[0]!.genome.slice(0, 8), nodes[1]!.genome.slice(0, 8)];
    assert.equal(
      String(record.lineage),
      [`1 ${a} no score: newborn`, `└ 2 ${b} 0.25 (n=1)`, `  └ 3 ${a} no score: back again`].join("\n"),
    );
    assert.deepEqual(
      record.lineage.rows().map(({ id, parent, depth }) => [id, parent, depth]),
      [
        [1, null, 0],
        [2, 1, 1],
        [3, 2, 2],
      ],
    );
    assert.equal(record.verify().ok, true);
  });

  it("takes a score that is a number, and no other: it stays for good", () => {
    const id = record.lineage.add({ genome: genome(0) });
    for (const [value, shown] of [
      ["0.5", '"0.5"'],
      [undefined, "undefined"],
      [null, "null"],
      [Number.NaN, "NaN"],
      [Number.POSITIVE_INFINITY, "Infinity"],
    ] as const)
      assert.throws(() => record.lineage.score(id, value as number), {
        name: "RecordFailure",
        message: new RegExp(`^Expected \`(?:score\\.)?value\` to be a finite number, got ${shown}$`),
      });
    assert.deepEqual(record.lineage.node(id).scores, []);
    record.lineage.score(id, 0);
    assert.equal(record.lineage.node(id).mean, 0);
  });

  it("names an unknown node", () => {
    assert.throws(
      () => record.lineage.add({ genome: genome(0), parent: 4 }),
      (error) => error instanceof RecordFailure && error.message === "The record has no node 4: it has none",
    );
  });
});
