/** README's tables of the five code tasks beside the kept figures of the run. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type KeptCoding, keptOf, qualityTable, tasksTable } from "../../bench/coding/kept.ts";
import type { ContestantFigures } from "../../src/coding/index.ts";
import { root } from "./blocks.ts";

const keptIn = (name: string) => JSON.parse(readFileSync(join(root, "bench/results", name), "utf8")) as KeptCoding;
const [kept, adapters] = [keptIn("coding.json"), keptIn("coding-adapters.json")];
const [, readme] = /(## Five code tasks[^]*?)\n## /.exec(readFileSync(join(root, "README.md"), "utf8"))!;

describe("README's tables of the code tasks", () => {
  it("are those of the kept run, with the claims that it allows and how it was asked", () => {
    for (const table of [tasksTable(kept), qualityTable(kept), tasksTable(adapters)])
      assert.ok(readme!.includes(`\n${table}\n`), table);
    // One sentence a question: above the sharpened model, and not below the pretrained one.
    for (const sentence of [kept, adapters].flatMap(({ sentences }) => sentences.slice(0, 2)))
      assert.ok(readme!.includes(sentence), sentence);
    const { problems, answers } = kept.results.sharpened!.tasks["text-to-code"]!.share!;
    assert.ok(
      readme!.includes(
        `${problems} problems, ${answers / problems === 1 ? "one answer" : `${answers / problems} answers`} each`,
      ),
    );
    assert.ok(readme!.includes(`temperature ${kept.temperature}`));
  });

  it("have a row a contestant, percent with its interval, and quality of all programs and of those that parse", async () => {
    const share = (estimate: number, low: number, high: number) => ({ estimate, low, high, problems: 8, answers: 8 });
    const figures = (estimate: number) =>
      ({
        tasks: { "text-to-code": { share: share(estimate, -1e-9, 0.5) }, summary: { share: null } },
      }) as unknown as ContestantFigures;
    const part = (good: number, goodParsing: number) => ({ good, programs: 20, goodParsing, parsing: 10 });
    const quality = { syntactic: part(10, 10), coherent: part(5, 5), logical: part(1, 0), ethical: part(20, 10) };
    const trained = { seeds: 1, policy: "", updates: 32, episodes: 48, temperature: 0.6 };
    const adapted = { ...trained, seeds: 3, updates: 24 };
    const results = { adapter: figures(0.25), trained: figures(0.125), random: figures(0) };
    const qualities = { adapter: quality, trained: quality, random: quality };
    const small = { trained, adapted, results, quality: qualities } as unknown as KeptCoding;
    assert.equal(
      tasksTable(small),
      [
        "| SmolLM2                       | text-to-code     | completion | translation | repair    | summary   |",
        "| ----------------------------- | ---------------- | ---------- | ----------- | --------- | --------- |",
        "| random                        | 0 (0 to 50.0)    | not asked  | not asked   | not asked | not asked |",
        "| head (1 seed, 32 updates)     | 12.5 (0 to 50.0) | not asked  | not asked   | not asked | not asked |",
        "| adapter (3 seeds, 24 updates) | 25.0 (0 to 50.0) | not asked  | not asked   | not asked | not asked |",
      ].join("\n"),
    );
    assert.equal(
      qualityTable(small).split("\n").at(-1),
      "| adapter (3 seeds, 24 updates) | 20       | 50.0      | 25.0 (50.0) | 5.0 (0) | 100 (100) |",
    );
    await assert.rejects(keptOf(join(root, "no-such-folder")), /There is no finished run in/);
  });
});
