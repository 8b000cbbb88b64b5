/**
 * A record as version 0.1 wrote it (commit 09ac306) still opens, says the same and is lived again byte for byte. In it: a
 * menu's rollout (1 to 3), a token policy's with tasks and a metabolism, one life starved (4, 5), a task with a setup (6),
 * a life that ends in harm (7), an agent with a model, calls of its own and a budget (8), its fork with a past (9), a life
 * with a genome, limits and the first rules (10), a fork in the record (11), a writer that was killed (12), and a fault of
 * the sandbox (13), which that version called `crash`. What it must say was written beside it by the same version.
 */

import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type EpisodeRecord, exportRows, openRecord, replay } from "../../src/record/index.ts";
import { createSandbox, type Sandbox } from "../../src/sandbox/index.ts";

const fixtures = join(import.meta.dirname, "fixtures");

/** What the record must say. */
interface Expected {
  ok: boolean;
  entries: number;
  genomes: number;
  head: string;
  episodes: { id: number; digest: string; verdict: string; complete: boolean; steps: number }[];
}

/** What that version wrote, in the words of today. */
const today = (text: string): string => text.replaceAll('verdict":"crash"', 'verdict":"infrastructure_error"');

describe("a record that version 0.1 wrote", () => {
  const written: unknown = JSON.parse(readFileSync(join(fixtures, "format-1.json"), "utf8"));
  const expected = JSON.parse(today(JSON.stringify(written))) as Expected;
  let folder: string;
  let record: EpisodeRecord;
  let sandbox: Sandbox;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "format-1-"));
    for (const name of ["format-1.record", "format-1.record-head"])
      copyFileSync(join(fixtures, name), join(folder, name));
    record = openRecord(join(folder, "format-1.record"), { readOnly: true });
    sandbox = await createSandbox({ workers: 1 });
  });
  after(async () => {
    record.close();
    await sandbox.dispose();
    rmSync(folder, { recursive: true });
  });

  it("is whole, to its last entry", () => {
    const { ok, entries, genomes, head, kept } = record.verify();
    const { episodes: _, ...whole } = expected;
    assert.deepEqual({ ok, entries, genomes, head, kept }, { ...whole, kept: expected.entries });
  });

  it("has the same episodes, by their digests", () => {
    const told = record.episodes().map(({ id, verdict, complete, steps }) => ({
      ...{ id, digest: record.digest(id), verdict, complete, steps },
    }));
    assert.deepEqual(told, expected.episodes);
    const { steps, verdict, truncated } = record.episode(13);
    assert.deepEqual(
      [steps.at(-1)!.verdict, steps.at(-1)!.report!.verdict, verdict, truncated],
      [...["infrastructure_error", "infrastructure_error", "infrastructure_error", true]],
    );
  });

  it("exports the same rows, to the letter", () => {
    const lines = [...exportRows(record)].map((row) => JSON.stringify(row));
    assert.deepEqual(
      lines,
      today(readFileSync(join(fixtures, "format-1.jsonl"), "utf8"))
        .trimEnd()
        .split("\n"),
    );
  });

  it("is lived again byte for byte, every episode of it", async () => {
    for (const { id, steps, verdict } of expected.episodes) {
      const { agrees, difference, fault, steps: compared } = await replay(record, id, sandbox);
      assert.deepEqual({ id, agrees, difference }, { id, agrees: true, difference: null });
      assert.deepEqual(
        [fault !== null, compared],
        verdict === "infrastructure_error" ? [true, steps - 1] : [false, steps],
      );
    }
  });

  it("takes new episodes behind the old ones", () => {
    copyFileSync(join(fixtures, "format-1.record"), join(folder, "longer.record"));
    using longer = openRecord(join(folder, "longer.record"), { create: true });
    const id = longer.begin({ seed: 1 });
    longer.end(id);
    assert.equal(id, expected.episodes.length + 1);
    assert.deepEqual([longer.verify().ok, longer.verify().entries], [true, expected.entries + 2]);
  });
});
