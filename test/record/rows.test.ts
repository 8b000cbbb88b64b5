/** A row of an exported record: each column of a step of which all is known, and of one of which nothing is; and each column's type in Parquet. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { asyncBufferFromFile, parquetMetadataAsync } from "hyparquet";
import type { ExportRow } from "../../src/record/export.ts";
import { editOf, exportRecord, exportRows, openRecord } from "../../src/record/index.ts";
import type { GenomeMember, StepReport } from "../../src/sandbox/types.ts";

const born: GenomeMember[] = [{ name: "self.a", kind: "method", source: "f" }];
const later: GenomeMember[] = [...born, { name: "self.n", kind: "attribute", source: "1" }];
const seen = { effects: [], error: null, output: "", query: "", response: "", changed: true, ms: 1.5 };
const alive: StepReport = { step: 0, verdict: "survived", alive: true, cause: "", ...seen, genome: later };
const dead: StepReport = { ...alive, step: 1, verdict: "timeout", alive: false, cause: "slow", genome: [] };

/** One episode of two steps: all is known of the first, nothing but what the sandbox saw of the second. */
function record() {
  const own = openRecord(":memory:");
  const id = own.begin({ seed: 7, born, labels: { policy: "menu" }, forkOf: { episode: 1, step: 0, without: "edit" } });
  const effect = { capability: "fs_delete", target: "rm", arguments: ["/a"], harmful: false } as never;
  own.append(id, {
    program: "self.n = 1",
    report: {
      ...{ ...alive, output: "out\n", query: "q", response: "r", effects: [effect] },
      error: { name: "Error", message: "x", line: 1 },
    },
    calls: [{ query: "q", answer: "a" }],
    action: {
      ...{ label: "set n", choice: [1, 2], logProb: -1.25, logProbs: [-0.25, -1], tokens: 9, promptTokens: 3 },
      ...{ prompt: "go", output: "```self.n = 1```", seeds: { policy: "7/0" } },
    },
    rewards: { alive: 1, harm: -2 },
  });
  own.append(id, { program: "loop", report: dead });
  return { own, effect };
}

describe("a row of an exported record", () => {
  it("has in its columns what is known of a step and its episode, and null for what is not", () => {
    const { own, effect } = record();
    using _ = own;
    const [{ at, ...whole }, { at: then, ...bare }] = [...exportRows(own)] as [ExportRow, ExportRow];
    assert.ok(then >= at && Math.abs(at - Date.now()) < 60_000);
    const of = {
      ...{ episode: 1, seed: 7, episode_steps: 2, episode_verdict: "timeout", episode_complete: true, ms: 1.5 },
      ...{ labels: { policy: "menu" }, fork_of: { episode: 1, step: 0, without: "edit" } },
    };
    assert.deepEqual(whole, {
      ...{ ...of, step: 0, program: "self.n = 1", verdict: "survived", cause: "", alive: true, reward: -1 },
      ...{ printed: "out\n", query: "q", response: "r", prompt: "go", output: "```self.n = 1```" },
      ...{ prompt_tokens: 3, output_tokens: 9, log_prob: -1.25, genome: own.addGenome(later) },
      ...{ error: { name: "Error", message: "x", line: 1 }, effects: [effect], calls: [{ query: "q", answer: "a" }] },
      ...{ rewards: { alive: 1, harm: -2 }, token_ids: [1, 2], log_probs: [-0.25, -1], seeds: { policy: "7/0" } },
      edit: { added: ["self.n"], changed: [], deleted: [] },
    });
    assert.deepEqual(bare, {
      ...{ ...of, step: 1, program: "loop", verdict: "timeout", cause: "slow", alive: false, reward: null },
      ...{ printed: "", query: "", response: "", prompt: null, output: null, prompt_tokens: null, output_tokens: null },
      ...{ log_prob: null, genome: null, error: null, effects: [], calls: [], rewards: null, token_ids: null },
      ...{ log_probs: null, seeds: null, edit: null },
    });
  });

  it("has columns of their types in Parquet, each of which may be null, also where all are", async () => {
    const folder = mkdtempSync(join(tmpdir(), "record-rows-"));
    const bare = openRecord(":memory:");
    bare.append(bare.begin(), { program: "loop", report: { ...dead, step: 0 } });
    const expected = {
      INT32: ["episode", "step", "prompt_tokens", "output_tokens", "episode_steps"],
      DOUBLE: ["seed", "reward", "log_prob", "ms", "at"],
      BOOLEAN: ["alive", "episode_complete"],
      "BYTE_ARRAY JSON": "error effects calls rewards token_ids log_probs seeds edit labels fork_of".split(" "),
    };
    const typeOf = (name: string): string =>
      Object.entries(expected).find(([, names]) => names.includes(name))?.[0] ?? "BYTE_ARRAY UTF8";
    try {
      const output = join(folder, "rows.parquet");
      for (const own of [record().own, bare]) {
        exportRecord(own, { format: "parquet", output });
        const { schema } = await parquetMetadataAsync(await asyncBufferFromFile(output));
        const [row] = exportRows(own);
        assert.deepEqual(
          schema
            .slice(1)
            .map(({ name, type, converted_type: as, repetition_type: may }) => [
              name,
              `${type} ${as ?? ""}`.trim(),
              may,
            ]),
          Object.keys(row!).map((name) => [name, typeOf(name), "OPTIONAL"]),
        );
        own.close();
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe("what a step changed", () => {
  const steps = (...genomes: (readonly GenomeMember[] | null)[]) =>
    genomes.map((genome) => ({ report: genome && { ...alive, genome } })) as never;
  const added = { added: ["self.n"], changed: [], deleted: [] };

  it("is known where the genomes before and after it are, and null elsewhere", () => {
    const cases: [
      what: string,
      episode: Parameters<typeof editOf>[0],
      step: number,
      edit: ReturnType<typeof editOf>,
    ][] = [
      ["the first, of a newborn", { start: { born }, steps: steps(later) }, 0, added],
      ["the first, of a genome of its own", { start: { genome: born, born: later }, steps: steps(later) }, 0, added],
      [
        "the first, of an agent born with nothing",
        { start: { born: [] }, steps: steps(born) },
        0,
        { ...added, added: ["self.a"] },
      ],
      ["the first, of who knows what", { start: {}, steps: steps(later) }, 0, null],
      ["a later one", { start: {}, steps: steps(born, later) }, 1, added],
      ["a later one, after one that left no genome", { start: { born }, steps: steps([], later) }, 1, null],
      ["one that left no genome", { start: { born }, steps: steps(born, []) }, 1, null],
      ["one without a report", { start: { born }, steps: steps(null) }, 0, null],
      ["one that is not there", { start: { born }, steps: steps(born) }, 1, null],
    ];
    for (const [what, episode, step, edit] of cases) assert.deepEqual(editOf(episode, step), edit, what);
  });
});
