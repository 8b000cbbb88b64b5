/**
 * Writers on a disk that is full half-way. The write happens in a process that the system allows files of 2 KiB: what was
 * there before must still read, whole, by its own reader.
 */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { writeWhole } from "../../kernel/notebook/format.ts";
import { openLines } from "../../src/data/lines.ts";
import { convert } from "../../src/model/convert.ts";
import { readSource } from "../../src/model/open.ts";
import { editMenu } from "../../src/policy/index.ts";
import { openRecord } from "../../src/record/index.ts";
import { type Checkpoint, readCheckpoint, train, writeCheckpoint } from "../../src/training/index.ts";
import { ggufOf, writeFolder, writingModel } from "../model/shared.ts";
import { leaveOut } from "../support.ts";
import { menu, nameEnv } from "../training/fixtures.ts";

const root = resolve(import.meta.dirname, "../..");
const long = JSON.stringify("x".repeat(9000));

/** Runs a module under the limit. `path` is there by that name. */
function underLimit(path: string, code: string): string {
  const script = `const path = ${JSON.stringify(path)};\n${code}\nconsole.log("written");`;
  const flags = ["--conditions=autoagent-lab-source", "--disable-warning=ExperimentalWarning", "--input-type=module"];
  const shell = ["-c", 'ulimit -f 2; exec "$@"', "bash", process.execPath, ...flags, "-e", script];
  const { stdout, stderr, error } = spawnSync("bash", shell, { cwd: root, encoding: "utf8" });
  if (error) throw error;
  assert.equal(stdout, "", "the write must not have got through");
  return stderr;
}

describe("on a disk that is full half-way", () => {
  let folder: string;
  before(function () {
    if (process.platform === "win32") leaveOut(this, "this system has no ulimit");
    folder = mkdtempSync(join(tmpdir(), "full-disk-"));
  });
  after(() => folder && rmSync(folder, { recursive: true }));

  it("a checkpoint is the old one, and nothing half lies beside it", async () => {
    const path = join(folder, "run.safetensors");
    const policy = editMenu(menu);
    let saved: Checkpoint | undefined;
    for await (const update of train({ env: nameEnv(), policy, updates: 1, episodes: 4 }))
      saved = await update.checkpoint();
    policy.dispose();
    await writeCheckpoint(path, saved!);
    const was = readFileSync(path);
    const said = underLimit(
      path,
      `import { readCheckpoint, writeCheckpoint } from "./src/training/index.ts";
       const checkpoint = await readCheckpoint(path);
       await writeCheckpoint(path, { ...checkpoint, update: 99, about: { pad: ${long} } });`,
    );
    const place = "free some, or choose another place by `save`, and go on; what was written before is kept";
    assert.ok(said.includes(`DiskFailure: No space left on the disk of ${path}: ${place}\n`), said);
    assert.deepEqual(readFileSync(path), was);
    assert.deepEqual(await readCheckpoint(path), saved);
    assert.deepEqual(readdirSync(folder), ["run.safetensors"]);
    await writeCheckpoint(path, { ...saved!, update: 2 });
    assert.equal((await readCheckpoint(path)).update, 2, "and the next one is written");
  });

  it("a model's conversion leaves the ones before it, from safetensors, from GGUF and to 8 bits, and nothing half", async () => {
    const source = join(folder, "source");
    mkdirSync(source);
    writeFolder(source, writingModel());
    writeFileSync(join(source, "model.gguf"), ggufOf(writingModel()));
    const cache = join(folder, "cache");
    const kept = await convert(await readSource(source), "kept", { folder: cache });
    const was = readFileSync(kept);
    const weights = readFileSync(join(dirname(kept), "weights.bin"));
    const said = underLimit(
      cache,
      `import { convert } from "./src/model/convert.ts";
       import { readSource } from "./src/model/open.ts";
       for (const [at, dtype] of [["", "fp32"], ["model.gguf", "fp32"], ["", "q8"]])
         await convert(await readSource(${JSON.stringify(source)} + "/" + at), "new" + at, { folder: path, dtype })
           .then(() => console.log("converted"), (error) => console.error(String(error)));
       process.exit(1);`,
    );
    const full = (name: string): string =>
      `No space left on the disk of ${join(cache, "models", name)}: free some, or choose another place by AUTOAGENT_CACHE, and go on; what was written before is kept\n`;
    const version = basename(dirname(kept)).replace("kept", "");
    const names = [`new${version}`, `newmodel.gguf${version}`, `new${version}-q8`];
    assert.equal(said, names.map((name) => `DiskFailure: ${full(name)}`).join(""));
    assert.deepEqual(readdirSync(join(cache, "models")), [`kept${version}`]);
    assert.deepEqual(readFileSync(kept), was);
    assert.deepEqual(readFileSync(join(dirname(kept), "weights.bin")), weights);
  });

  it("an adapter and a merged model are the old ones, all their files, and nothing half lies beside them", async () => {
    const source = join(folder, "adapted");
    mkdirSync(source);
    writeFolder(source, writingModel());
    const places = ["peft", "merged"].map((name) => join(folder, name));
    const save = (rank: number, scale: number) => `
      import { policies } from "./src/policy/index.ts";
      const adapter = { blocks: 1, rank: ${rank}, scale: ${scale} };
      const prompt = { name: "p", version: 1, examples: [], before: "(", after: ")", separator: ";", primed: "", stop: [";"], maxTokens: 6 };
      const policy = await policies.fromPretrained(${JSON.stringify(source)}, { adapter, prompt, threads: 1 });
      for (const [i, save] of [policy.saveAdapter, policy.saveMerged].entries())
        await save(${JSON.stringify(places)}[i]).catch((error) => console.error(String(error)));
      policy.dispose();
      await policy.decoder.dispose();`;
    const filesOf = (place: string) =>
      readdirSync(place).map((name): [string, string] => [name, readFileSync(join(place, name), "latin1")]);
    const flags = ["--conditions=autoagent-lab-source", "--disable-warning=ExperimentalWarning", "--input-type=module"];
    const first = spawnSync(process.execPath, [...flags, "-e", save(1, 1)], { cwd: root, encoding: "utf8" });
    assert.equal(first.stderr, "");
    const were = places.map(filesOf);
    assert.deepEqual(
      were.map((files) => files.length > 1),
      [true, true],
    );
    const said = underLimit(source, `${save(4, 3)}\nprocess.exit(1);`);
    for (const [i, by] of ["saveAdapter", "saveMerged"].entries())
      assert.ok(
        said.includes(
          `DiskFailure: No space left on the disk of ${places[i]}: free some, or choose another place by \`${by}\`,`,
        ),
        said,
      );
    assert.deepEqual(places.map(filesOf), were);
  });

  it("an exported table is the old one, in both formats, and nothing half lies beside it", () => {
    const own = mkdtempSync(join(folder, "export-"));
    const path = join(own, "lives.db");
    using record = openRecord(path, { create: true });
    const about = { step: 0, verdict: "survived", alive: true, cause: "", output: long } as const;
    const report = { ...about, effects: [], error: null, query: "", response: "", changed: true, ms: 1, genome: [] };
    record.append(record.begin(), { program: "self.x = 1", report });
    const names = ["lives.jsonl", "lives.parquet"];
    for (const name of names) writeFileSync(join(own, name), "old");
    const before = readdirSync(own);
    const said = underLimit(
      path,
      `import { exportRecord, openRecord } from "./src/record/index.ts";
       const record = openRecord(path, { readOnly: true });
       for (const format of ["jsonl", "parquet"])
         try { exportRecord(record, { format, output: path.replace("db", format) }); console.log("exported"); }
         catch (error) { console.error(String(error)); }
       process.exit(1);`,
    );
    const rest = "free some and go on; what was written before is kept\n";
    const full = (name: string) => `DiskFailure: No space left on the disk of ${join(own, name)}: ${rest}`;
    assert.equal(said, names.map(full).join(""));
    for (const name of names) assert.equal(readFileSync(join(own, name), "utf8"), "old");
    assert.deepEqual(readdirSync(own), before);
  });

  it("a notebook is the old one, it is said so, and nothing half lies beside it", () => {
    const own = mkdtempSync(join(folder, "notebook-"));
    const path = join(own, "some.ipynb");
    writeWhole(path, "old");
    const said = underLimit(
      path,
      `import { writeWhole } from "./kernel/notebook/format.ts"; writeWhole(path, ${long});`,
    );
    assert.match(said, /some\.ipynb cannot be written \(EFBIG: .*; nothing was changed\./);
    assert.equal(readFileSync(path, "utf8"), "old");
    assert.deepEqual(readdirSync(own), ["some.ipynb"]);
  });

  it("a file of JSON lines keeps every whole line, and goes on after them", () => {
    const path = join(folder, "lines.jsonl");
    const first = openLines(path);
    for (let i = 0; i < 3; i++) first.append({ i });
    const openHere = 'import { openLines } from "./src/data/lines.ts"; const lines = openLines(path);';
    const said = underLimit(path, `${openHere} lines.append(${long});`);
    assert.match(said, /EFBIG/);
    assert.equal(readFileSync(path, "utf8"), '{"i":0}\n{"i":1}\n{"i":2}\n', "what was half written is cut off at once");
    first.append("to be dropped");
    underLimit(path, `${openHere} lines.drop(1); lines.append(${long});`);
    assert.equal(readFileSync(path, "utf8"), '{"i":0}\n{"i":1}\n{"i":2}\n', "also behind lines that were dropped");
    const again = openLines(path);
    assert.deepEqual(again.values, [{ i: 0 }, { i: 1 }, { i: 2 }]);
    again.append({ i: 3 });
    assert.equal(readFileSync(path, "utf8"), [0, 1, 2, 3].map((i) => `{"i":${i}}\n`).join(""));
  });

  it("lines are dropped from the end, a torn one with them, and a foreign file stays as it is until it is written to", () => {
    const path = join(folder, "torn.jsonl");
    writeFileSync(path, '1\n2\n{"to');
    const torn = openLines(path);
    assert.deepEqual(torn.values, [1, 2]);
    assert.equal(readFileSync(path, "utf8"), '1\n2\n{"to', "only looked at");
    torn.drop(0);
    assert.equal(readFileSync(path, "utf8"), '1\n2\n{"to');
    torn.drop(1);
    assert.equal(readFileSync(path, "utf8"), "1\n");
    writeFileSync(path, "1\n22");
    const whole = openLines(path);
    assert.deepEqual(whole.values, [1, 22], "a last line that is whole but for its end counts");
    whole.append(3);
    assert.equal(readFileSync(path, "utf8"), "1\n22\n3\n");
  });
});
