/** `npm run mutate` on a small project of its own. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "../../..");

describe("npm run mutate", () => {
  let project: string;
  before(() => {
    project = mkdtempSync(join(tmpdir(), "mutated-"));
    const write = (file: string, text: string): void => {
      mkdirSync(dirname(join(project, file)), { recursive: true });
      writeFileSync(join(project, file), text);
    };
    write("package.json", '{ "type": "module" }');
    write(
      "src/a/a.ts",
      "export const low = (n: number) => n < 10;\nexport const loop = (n: number) => {\n  let i = 0;\n  while (i < n) i += 1;\n  return i;\n};\n",
    );
    write(
      "test/a/a.test.ts",
      'import assert from "node:assert";\nimport { loop, low } from "../../src/a/a.ts";\nit("low", () => assert.ok(low(3) && !low(30)));\nit("loop", () => assert.equal(loop(3), 3));\n',
    );
    write(
      "test/a/red.test.ts",
      'import { low } from "../../src/a/a.ts";\nit("is red", () => { throw new Error(`so ${low(1)}`); });\n',
    );
    write(
      "test/a/idle.test.ts",
      `import { appendFileSync } from "node:fs";\nimport "../../src/a/a.ts";\nit("runs nothing of it", () => appendFileSync(${JSON.stringify(join(project, "idle.log"))}, "ran\\n"));\n`,
    );
    // Fails the second time that it is run, and never again: the first under a change, which it says nothing of.
    write(
      "test/b/once.test.ts",
      `import { appendFileSync, readFileSync } from "node:fs";\nimport { low } from "../../src/a/a.ts";\nit("fails once", () => {\n  low(1);\n  const log = ${JSON.stringify(join(project, "once.log"))};\n  appendFileSync(log, "x");\n  if (readFileSync(log, "utf8") === "xx") throw new Error("a busy machine");\n});\n`,
    );
    write(
      "kept.json",
      JSON.stringify([
        {
          file: "src/a/a.ts",
          text: "export const low = (n: number) => n < 10;",
          was: "<",
          becomes: "<=",
          verdict: "equivalent",
          reason: "nobody asks for ten",
        },
      ]),
    );
    write("page.md", "# Page\n<!-- mutate -->\n<!-- /mutate -->\n");
    symlinkSync(join(root, "node_modules"), join(project, "node_modules"));
  });
  after(() => rmSync(project, { recursive: true }));

  const flags = ["--conditions=autoagent-lab-source", "--disable-warning=ExperimentalWarning"];
  const start = (...args: string[]) => {
    const temporary = join(project, "tmp");
    mkdirSync(temporary, { recursive: true });
    const own = ["--root", project, "--kept", "kept.json", "--write", "page.md", "--patience", "1", "--jobs", "1"];
    return spawn(process.execPath, [...flags, join(root, "scripts/mutate.ts"), ...own, ...args], {
      env: { ...process.env, TMPDIR: temporary },
      stdio: ["ignore", "pipe", "pipe"],
    });
  };
  const end = async (child: ReturnType<typeof start>) => {
    let text = "";
    child.stdout!.on("data", (chunk) => (text += chunk));
    child.stderr!.on("data", (chunk) => (text += chunk));
    const [code] = await once(child, "close");
    return { code: code as number, text };
  };

  it("tells killed from survived, shows the survivors, and leaves the project and the disk as they were", async () => {
    const before = readFileSync(join(project, "src/a/a.ts"), "utf8");
    const { code, text } = await end(start("src/a", "--sample", "6", "--seed", "3"));
    assert.equal(code, 0, text);
    assert.match(text, /judges nothing, red: test\/a\/red\.test\.ts \(is red: so true\)/);
    const lines = readFileSync(join(project, "scripts/mutate/judged.jsonl"), "utf8").trim().split("\n");
    assert.equal(lines.length, 6);
    for (const line of lines) {
      const { outcome, becomes, text: mutated, by } = JSON.parse(line);
      // What a person says of this file's tests: nothing asks for 10 itself, and 11 is as good as 10 to them.
      const alive = mutated.includes("n < 10") && ["<=", "11"].includes(becomes);
      assert.equal(outcome === "survived", alive, line);
      if (!alive) assert.equal(by.file, "test/a/a.test.ts");
    }
    assert.equal(readFileSync(join(project, "idle.log"), "utf8"), "ran\n", "without a change, and with none after it");
    assert.ok(readFileSync(join(project, "once.log"), "utf8").length > 2, "tried again");
    assert.match(text, /^6 judged now, [\d.]+ seconds of processor each$/m);
    assert.equal(readFileSync(join(project, "src/a/a.ts"), "utf8"), before);
    assert.deepEqual(readdirSync(join(project, "tmp")), []);
    const page = readFileSync(join(project, "page.md"), "utf8");
    assert.match(page, /^6 of 6 mutants of src\/a, .* Killed: \d of \d that are not equivalent, /m);
    assert.match(page, /\| src\/a \| \d \|/);
  });

  it("goes on where it was, and judges what a larger sample adds", async () => {
    const file = join(project, "scripts/mutate/judged.jsonl");
    const lines = (): number => readFileSync(file, "utf8").trim().split("\n").length;
    const known = lines();
    assert.equal((await end(start("src/a", "--sample", "6", "--seed", "3"))).code, 0);
    assert.equal(lines(), known);
    const { code } = await end(start("src/a", "--sample", "8", "--seed", "3"));
    assert.equal(code, 0);
    assert.equal(lines(), known + 2);
  });

  it("learns how long a file takes where it passes", () => {
    const seconds = JSON.parse(readFileSync(join(project, "scripts/mutate/seconds.json"), "utf8"));
    assert.ok(seconds["test/a/a.test.ts"] >= 0 && seconds["test/a/a.test.ts"] < 60, JSON.stringify(seconds));
  });

  it("tells what is known and judges nothing where it has no minutes", async () => {
    const { code, text } = await end(start("src/a", "--sample", "10", "--seed", "3", "--minutes", "0"));
    assert.equal(code, 0, text);
    assert.match(text, /^8 of 10 mutants of src\/a, seed 3, /m);
  });

  it("judges a single change by the name that its survivor is told with", async () => {
    const judged = readFileSync(join(project, "scripts/mutate/judged.jsonl"), "utf8").trim().split("\n");
    const id = judged.map((line) => JSON.parse(line)).find(({ outcome }) => outcome === "survived").id as string;
    const { code, text } = await end(start("--only", id, "--file", "runs/only.jsonl"));
    assert.equal(code, 0, text);
    assert.match(text, /^1 of 1 mutants, named; /m);
    assert.ok(text.includes(` ${id} (`), text);
    assert.equal(readFileSync(join(project, "runs/only.jsonl"), "utf8").trim().split("\n").length, 1);
    assert.match((await end(start("--only", "none"))).text, /No change of the code as it is has the name none/);
  });

  it("ends what it started and removes its copies when it is stopped", async () => {
    const child = start("src/a", "--sample", "20", "--seed", "5", "--file", "runs/stopped.jsonl");
    child.stderr!.on("data", () => readdirSync(join(project, "tmp")).length > 0 && child.kill("SIGINT"));
    const { code, text } = await end(child);
    assert.equal(code, 130, text);
    assert.deepEqual(readdirSync(join(project, "tmp")), []);
  });

  it("refuses a folder without code and a sample that is no number", async () => {
    const missing = await end(start("src/none"));
    assert.equal(missing.code, 1);
    assert.match(missing.text, /No code to change under src\/none/);
    assert.match(
      (await end(start("--sample", "few"))).text,
      /Expected --sample to be a positive integer or "all", got few/,
    );
  });
});
