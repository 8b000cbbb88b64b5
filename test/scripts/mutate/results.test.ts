/** What the mutation driver keeps of judged changes, which survivors somebody has looked at, and what it tells of them. */

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findKept, staleKept } from "../../../scripts/mutate/kept.ts";
import { findMutants } from "../../../scripts/mutate/mutants.ts";
import { overall, replacePart } from "../../../scripts/mutate/report.ts";
import { type Judged, openResults } from "../../../scripts/mutate/results.ts";

describe("the file of what was judged", () => {
  const [mutant, other] = findMutants("src/a.ts", "const a = b < c;");
  const { start, end, ...about } = mutant!;
  const base = { ...about, left: 0, seconds: 1 };
  let folder: string;
  const write = (file: string, text: string): void => writeFileSync(join(folder, file), text);
  const open = () => openResults(join(folder, "judged.jsonl"), folder);
  const survived: Judged = { ...base, outcome: "survived", tests: ["x.ts", "y.ts"] };
  const killed: Judged = {
    ...base,
    outcome: "killed",
    by: { file: "y.ts", title: "t", message: "m" },
    tests: ["y.ts"],
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "judged-"));
    mkdirSync(join(folder, "src"));
    for (const file of ["src/a.ts", "x.ts", "y.ts", "z.ts"]) write(file, file);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("asks of a survivor only tests that it was not run with, or that have changed", () => {
    open().add(survived);
    assert.deepEqual(open().of(mutant!, ["x.ts", "y.ts"]).rest, []);
    assert.deepEqual(open().of(mutant!, ["x.ts", "z.ts"]).rest, ["z.ts"]);
    open().add({ ...survived, tests: ["z.ts"] });
    assert.deepEqual(open().of(mutant!, ["x.ts", "y.ts", "z.ts"]).rest, []);
    assert.equal(open().of(mutant!, []).holds, true);
    write("y.ts", "another");
    assert.deepEqual(open().of(mutant!, ["x.ts", "y.ts", "z.ts"]).rest, ["y.ts"]);
    assert.equal(open().of(mutant!, []).holds, false, "a test that it survived is another one now");
  });

  it("holds a kill until the changed file or the test that noticed it is another", () => {
    open().add(killed);
    write("x.ts", "another");
    assert.equal(open().of(mutant!, ["x.ts", "y.ts"]).result?.outcome, "killed");
    write("y.ts", "another");
    const nothing = { result: undefined, rest: ["x.ts", "y.ts"], holds: false };
    assert.deepEqual(open().of(mutant!, ["x.ts", "y.ts"]), nothing);
    open().add(killed);
    write("src/a.ts", "another");
    assert.equal(open().of(mutant!, ["y.ts"]).result, undefined);
  });

  it("knows what noticed changes of a file, first of all this very one, although it no longer holds", () => {
    const results = open();
    results.add(killed);
    for (const id of ["p", "q", "r"]) results.add({ ...killed, id, by: { ...killed.by!, file: "x.ts" } });
    write("src/a.ts", "another");
    const first = [...open().noticed(mutant!)].sort((a, b) => b[1] - a[1]).map(([file]) => file);
    assert.deepEqual(first, ["y.ts", "x.ts"]);
    assert.deepEqual([...open().noticed(other!)].sort((a, b) => b[1] - a[1])[0], ["x.ts", 3]);
  });

  it("is tidied to a line a change, without those that are gone, and a torn line is left out", () => {
    const results = open();
    results.add(survived);
    results.add(killed);
    results.add({ ...killed, id: "gone" });
    writeFileSync(join(folder, "judged.jsonl"), `${readFileSync(join(folder, "judged.jsonl"), "utf8")}{"id":"to`);
    open().tidy((id) => id === mutant!.id);
    const lines = readFileSync(join(folder, "judged.jsonl"), "utf8").trim().split("\n");
    assert.deepEqual(
      lines.map((line) => JSON.parse(line).outcome),
      ["killed"],
    );
  });

  it("gives a share with its interval, without what is equivalent", () => {
    // Wilson's interval of 81 of 263 as published: Newcombe 1998, Statistics in Medicine 17, table I.
    const results = Array.from({ length: 263 }, (_, i) => open().add(i < 81 ? killed : { ...survived, tests: [] }));
    assert.match(overall(results, []), /^Killed: 81 of 263 .* 30\.8 % \(95 % interval 25\.5 to 36\.6\)\.$/);
    const { file, text, was, becomes } = mutant!;
    const equivalent = [{ file, text, was, becomes, verdict: "equivalent", reason: "r" } as const];
    assert.match(overall(results, equivalent), /^Killed: 81 of 81 /);
  });
});

describe("the kept list", () => {
  const [mutant] = findMutants("src/a/a.ts", "\nconst a = b < c;");
  const entry = {
    file: "src/a/a.ts",
    text: "const a = b < c;",
    was: "<",
    becomes: "<=",
    verdict: "equivalent",
    reason: "r",
  } as const;

  it("is matched by content, and says which entries mean nothing any more", () => {
    assert.equal(findKept([entry], mutant!), entry);
    assert.deepEqual(staleKept([entry, { ...entry, text: "gone" }], [mutant!]), [{ ...entry, text: "gone" }]);
  });
});

it("the part of a page between the two marks is replaced, the rest stays", () => {
  assert.equal(
    replacePart("a\n<!-- mutate -->\nold\n<!-- /mutate -->\nb", "new $1"),
    "a\n<!-- mutate -->\n\nnew $1\n<!-- /mutate -->\nb",
  );
  assert.throws(() => replacePart("a", "b"), /has no `<!-- mutate -->`/);
});
