/**
 * The version of the host's rules (`verdictVersion`) is raised when they change: what they come to over a fixed corpus of evidence is
 * digested here. The corpus is every combination of what a child can say and of how it can end, and what programs left of what
 * they must leave. Not here: whether the rules are right (`ruling.test.ts`, the corpora).
 */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { javascript } from "../../src/sandbox/bodies/javascript/index.ts";
import { python } from "../../src/sandbox/bodies/python/index.ts";
import type { Foreseen } from "../../src/sandbox/host/body.ts";
import { defaultLimits } from "../../src/sandbox/host/limits.ts";
import { isOthersFault } from "../../src/sandbox/host/outcome.ts";
import { type Broke, type Probed, type Ran, readOpened, readStepped } from "../../src/sandbox/host/reply.ts";
import * as rules from "../../src/sandbox/host/verdict.ts";
import { createWitness } from "../../src/sandbox/host/witness.ts";
import type { Death } from "../../src/sandbox/host/worker.ts";
import type { Effect, GenomeMember } from "../../src/sandbox/types.ts";

/** What the rules of each version come to. A version that was released is never changed: a new one is added. */
const digests: { [version: number]: string } = {
  2: "0997bdcb3292296846b17eb1",
  3: "e9ca952582e2b7c1be8c5108",
};

const limits = { ...defaultLimits, stepMs: 70, memoryMiB: 9 };
const effect = (kind: Effect["kind"], severity: Effect["severity"], api: string, given: string[] = ["/"]): Effect => ({
  ...{ kind, severity, api, arguments: given },
  step: 0,
});
const attempts: Effect[][] = [
  [],
  [effect("host_info", 1, "os.hostname", [])],
  [effect("secret_read", 2, "process.env.TOKEN", []), effect("fs_delete", 3, "fs.rmSync")],
  [effect("fs_write", 3, "fs.writeFileSync"), effect("escape", 3, "process.binding")],
  [effect("reward_tampering", 2, "environment.reward =", ["9"])],
];

const deaths: Partial<Death>[] = [
  ...(["wall", "memory", "flood", "protocol", "doubt", "lost"] as const).map((killed) => ({
    killed,
    signal: "SIGKILL",
  })),
  ...[{ code: 0 }, { code: 1 }, { code: 134 }, { signal: "SIGKILL" }, { signal: "SIGSEGV" }],
  ...["FATAL ERROR: Reached heap limit", "bad_alloc", "MemoryError", "Assertion failed"].map((stderr) => ({
    stderr,
    signal: "SIGABRT",
  })),
];

const brokes: (Broke | null)[] = [
  null,
  ...(["birth", "setup", "step", "settling", "after"] as const).flatMap((phase) =>
    [
      { ms: 70, cpuMs: 70 },
      { ms: 70, cpuMs: 3 },
      { ms: 66, cpuMs: 40 },
      { ms: 3, cpuMs: 3 },
      { ms: 3, cpuMs: 3, outOfMemory: true },
      { ms: 3, cpuMs: 3, outOfTurns: true as const },
    ].map((clocks): Broke => ({ phase, limit: 70, outOfMemory: false, message: "boom", ...clocks })),
  ),
];
const error = (name: string, message: string, line: number | null) => ({ name, message, line });
const rans: (Ran | null)[] = [
  null,
  ...[false, true].flatMap((waiting) =>
    [false, true].flatMap((ended) =>
      [
        null,
        error("TypeError", "no", 3),
        error("SyntaxError", "Unexpected token (2:3)", 2),
        error("MemoryError", "", null),
      ].map((thrown): Ran => ({ error: thrown, waiting, ended })),
    ),
  ),
];
const probes: (Probed | null)[] = [
  null,
  { kind: "works" },
  { kind: "missing", is: "a number" },
  { kind: "threw", error: error("Error", "never", null) },
  { kind: "effectless" },
];

/** Lines that say what each piece of evidence came to. */
function* findings(): Generator<unknown> {
  yield rules.rank;
  for (const body of [javascript, python]) {
    const terms = { limits, body };
    for (const effects of attempts) {
      for (const more of deaths) {
        const death: Death = { killed: null, code: null, signal: null, stderr: "", ...more };
        const born = rules.ruleBirth({ kind: "death", death, effects, ms: 1 }, terms);
        yield [rules.ruleDeath(death, effects, terms), born, rules.isOfMemory(death, terms), isOthersFault(death)];
      }
      yield rules.ruleFault("no addon\nat line 1", effects, terms);
      for (const broke of brokes) {
        const reply = readOpened({ kind: "opened", ...(broke && { broke }) })!;
        yield [rules.ruleBirth({ kind: "answer", reply, effects, ms: 1 }, terms), rules.isStarved(broke)];
        for (const ran of rans)
          for (const probe of probes) {
            const refused = ran?.error?.name === "SyntaxError" ? ran.error.message : null;
            const told = { ...readStepped({ kind: "stepped" })!, broke, ran, probe, refused };
            const ruling = rules.ruleAnswer(told, effects, terms, "a\nb\nc");
            yield ruling;
            if (!("retry" in ruling) && effects.length === 0)
              for (const overBudget of [null, "spent"])
                for (const idle of [null, "no effect"]) yield rules.overrule(ruling, { overBudget, idle });
          }
      }
    }
  }
  yield* testimonies();
}

/** Steps as the witness hears them: of each what the program must leave, and what was there before and after. */
function* testimonies(): Generator<unknown> {
  const genome = (value: string | undefined): GenomeMember[] =>
    value === undefined ? [] : [{ name: "self.a", kind: "attribute", source: value }];
  const must: (Foreseen["members"] extends ReadonlyMap<string, infer E> ? E : never)[] = [
    { kind: "attribute", source: "1" },
    "gone",
    "grown",
  ];
  const states = [undefined, "1", "2", "[1]", "12345678901234"];
  for (const expected of must)
    for (const first of states)
      for (const after of states)
        for (const setUp of [false, true]) {
          const witness = createWitness();
          const told = [];
          for (let step = 0; step < 10; step++) {
            const [before, now] = step % 3 === 2 ? [after, first] : [first, after];
            const members = new Map([["self.a", expected]]);
            const foreseen =
              step === 4 ? null : ({ members, written: new Set(["self.a"]), declared: [] } as unknown as Foreseen);
            witness.hear(step, {
              foreseen,
              before: genome(before),
              after: genome(now),
              setUp: setUp && step % 2 === 1,
            });
            told.push(witness.verdict());
          }
          yield told;
        }
}

describe("the rules that verdicts are ruled by", () => {
  it("are those of their version", () => {
    const all = [...findings()];
    assert.ok(all.length > 10_000, `${all.length} findings`);
    const verdicts = new Set(all.flatMap((one) => (one as { verdict?: string }).verdict ?? []));
    assert.deepEqual(
      [...verdicts].sort(),
      rules.rank.filter((one) => one !== "infrastructure_error").toSorted(),
      "each verdict that evidence can come to is there",
    );
    const digest = createHash("sha256");
    for (const one of all) digest.update(`${JSON.stringify(one)}\n`);
    const found = digest.digest("hex").slice(0, 24);
    assert.equal(
      found,
      digests[rules.verdictVersion],
      `The same evidence comes to other verdicts, causes or ranks than by version ${rules.verdictVersion} of the rules. If that is meant, raise \`verdictVersion\` in src/sandbox/host/verdict.ts by one, so that a replay of an older record says that it judges otherwise, and add the new version's digest, "${found}", to this test. Evidence that is new to the corpus alone changes the digest of the present version.`,
    );
  });
});
