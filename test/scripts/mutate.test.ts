import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { inRounds, orderMutants, shareOut } from "../../scripts/mutate/draw.ts";
import { findKept, staleKept } from "../../scripts/mutate/kept.ts";
import { distancesFrom, readLoads } from "../../scripts/mutate/loads.ts";
import { applyMutant, findMutants } from "../../scripts/mutate/mutants.ts";
import { makePlanner } from "../../scripts/mutate/plan.ts";
import { overall, replacePart } from "../../scripts/mutate/report.ts";
import { type Judged, openResults } from "../../scripts/mutate/results.ts";

const root = resolve(import.meta.dirname, "../..");

/** All texts that a source can become, by kind: `comparison: a <= b`. */
function mutations(source: string, file = "src/a/a.ts"): string[] {
  return findMutants(file, source).map((mutant) => `${mutant.kind}: ${applyMutant(source, mutant)}`);
}

describe("mutants", () => {
  it("are one small change each, of the kind that the code at that place has", () => {
    const table: [source: string, ...expected: string[]][] = [
      ["f = a < b;", "statement: ;", "comparison: f = a <= b;", "comparison: f = a > b;"],
      [
        "x = a + b * -c;",
        "statement: ;",
        "arithmetic: x = a - b * -c;",
        "arithmetic: x = a + b / -c;",
        "arithmetic: x = a + b * (c);",
      ],
      ["const x = a && b;", "logical: const x = a || b;"],
      ["const x = a ?? b;", "default: const x = (a)!;"],
      ["function f({ a = b }) {}", "default: function f({ a = undefined! }) {}"],
      ["const f = () => ({ a });", "return: const f = () => undefined!;"],
      ["const x = list.toSorted();", "method: const x = list;"],
      ["const x = list.some(f);", "method: const x = list.every(f);"],
      [
        "const x = list.toString() + list.hasOwnProperty(a);",
        "arithmetic: const x = list.toString() - list.hasOwnProperty(a);",
      ],
      ["const x = a?.b;", "optional: const x = a!.b;"],
      ["const x = a?.[b];", "optional: const x = a![b];"],
      ["await f();", "statement: ;", "await: void f();"],
      [
        "const x = [true, 1, 'a'];",
        "boolean: const x = [false, 1, 'a'];",
        "number: const x = [true, 2, 'a'];",
        "number: const x = [true, 0, 'a'];",
        'string: const x = [true, 1, ""];',
      ],
      ["if (a) throw b;", "guard: ;", "condition: if (!(a)) throw b;"],
    ];
    for (const [source, ...expected] of table) assert.deepEqual(mutations(source), expected, source);
  });

  it("leave types, imports, names, logs and the words of errors alone", () => {
    const source = [
      'import { a } from "./b.ts";',
      'type T = 1 | "x";',
      "declare const t: T;",
      'console.log(a + 1, "so");',
      'throw new RangeError("no " + "way", { cause: "this" });',
      "const o = { key: a as 1 };",
      'const same = t === "x";',
    ].join("\n");
    assert.deepEqual(
      mutations(source).map((one) => one.split(":")[0]),
      ["comparison"],
    );
    assert.deepEqual(mutations('const text = "Expected";', "src/a/error.ts"), []);
  });

  it("keep their names when the file moves around them, and have one each", () => {
    const source = "const a = b < c;\nconst d = [1, 1];\n";
    const ids = findMutants("src/a/a.ts", source).map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
    assert.deepEqual(
      findMutants("src/a/a.ts", `\n// more\n${source}`).map(({ id }) => id),
      ids,
    );
  });
});

describe("a draw", () => {
  const mutants = [
    ...findMutants("src/a/a.ts", Array.from({ length: 30 }, (_, i) => `const x${i} = a < ${i}; f${i}();`).join("\n")),
    ...findMutants("src/b/deep/b.ts", "const x = [10, 20, 30];"),
    ...findMutants("kernel/main.ts", "const x = [5];"),
  ];

  it("gives each folder its share, and a small one's rest to the others", () => {
    const folders = orderMutants(mutants, 1);
    assert.deepEqual([...folders.keys()], ["kernel", "src/a", "src/b"]);
    assert.deepEqual(Object.fromEntries(shareOut(folders, 12, 1)), { kernel: 1, "src/a": 8, "src/b": 3 });
  });

  it("takes a folder's kinds in turn, the same for a seed, others for another", () => {
    const first = (seed: number): string[] =>
      orderMutants(mutants, seed)
        .get("src/a")!
        .slice(0, 6)
        .map(({ id }) => id);
    const kinds = orderMutants(mutants, 1)
      .get("src/a")!
      .slice(0, 3)
      .map(({ kind }) => kind);
    assert.deepEqual(kinds.sort(), ["comparison", "number", "statement"]);
    assert.deepEqual(first(1), first(1));
    assert.notDeepEqual(first(1), first(2));
  });
});

describe("the order of a draw", () => {
  it("is one of each folder, then another of each, so that every part of it is even", () => {
    const [a1, a2, a3] = findMutants("src/a/a.ts", "const x = [10, 20, 30];");
    const [b1, b2] = findMutants("src/b/b.ts", "const x = [40, 50];");
    const [c1] = findMutants("kernel/c.ts", "const x = [60];");
    const rounds = inRounds([a1!, a2!, a3!, b1!, b2!, c1!], 1);
    assert.deepEqual(new Set(rounds.slice(0, 3)), new Set([a1, b1, c1]));
    assert.deepEqual(new Set(rounds.slice(3, 5)), new Set([a2, b2]));
    assert.equal(rounds[5], a3);
    const orders = [1, 2, 3, 4].map((seed) =>
      inRounds([a1!, b1!, c1!], seed)
        .map(({ file }) => file)
        .join(),
    );
    assert.ok(new Set(orders).size > 1, "the seed says which folder comes first");
  });
});

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
    write("y.ts", "another");
    assert.deepEqual(open().of(mutant!, ["x.ts", "y.ts", "z.ts"]).rest, ["y.ts"]);
  });

  it("holds a kill until the changed file or the test that noticed it is another", () => {
    open().add(killed);
    write("x.ts", "another");
    assert.equal(open().of(mutant!, ["x.ts", "y.ts"]).result?.outcome, "killed");
    write("y.ts", "another");
    assert.deepEqual(open().of(mutant!, ["x.ts", "y.ts"]), { result: undefined, rest: ["x.ts", "y.ts"] });
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

describe("the map from a test to what it loads", () => {
  const files = ["src", "kernel", "test", "scripts"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((file) => `${folder}/${file}`),
  );
  const loads = readLoads(root, files);
  const loaded = (test: string): Map<string, number> => distancesFrom(test, loads);

  it("follows processes, threads and commands that are started by their paths", () => {
    assert.ok(
      loaded("test/sandbox/pool.test.ts").has("src/sandbox/bodies/javascript/child/guest.ts"),
      "the sandbox's child",
    );
    assert.ok(
      loaded("test/kernel/session/session.test.ts").has("kernel/session/user/main.ts"),
      "the kernel's user process",
    );
    assert.ok(loaded("test/kernel/session/session.test.ts").has("kernel/session/user/interrupt.ts"), "its thread");
    assert.ok(loaded("test/cli/cli.test.ts").has("src/cli/judge.ts"), "a command");
    assert.ok(loaded("test/training/study.test.ts").has("test/training/studied.ts"), "a program of a test's own");
  });

  it("leaves out what is imported as a type only, and what nothing leads to", () => {
    assert.ok(!loaded("test/statistics/claims.test.ts").has("src/sandbox/host/locks.ts"));
    assert.ok(!loaded("test/cli/cli.test.ts").has("src/sandbox/types.ts"));
  });
});

describe("a plan", () => {
  const files = ["test/a/a.test.ts", "test/a/slow.test.ts", "test/far.test.ts", "test/other.test.ts"];
  const loads = new Map([
    ["test/a/a.test.ts", new Set(["src/a/a.ts"])],
    ["test/a/slow.test.ts", new Set(["src/a/a.ts"])],
    ["test/far.test.ts", new Set(["src/b.ts"])],
    ["src/b.ts", new Set(["src/a/a.ts"])],
  ]);
  const seconds: { [test: string]: number } = {
    "test/a/a.test.ts": 3,
    "test/a/slow.test.ts": 50,
    "test/far.test.ts": 2,
  };
  const plan = (budget: number) =>
    makePlanner({ tests: files, loads, secondsOf: (test) => seconds[test], budget }).planFor("src/a/a.ts");

  it("takes near tests first and stays within its seconds, and never leaves a file without a test", () => {
    assert.deepEqual(plan(60).tests, ["test/a/a.test.ts", "test/a/slow.test.ts", "test/far.test.ts"]);
    assert.deepEqual(plan(10), { tests: ["test/a/a.test.ts", "test/far.test.ts"], left: 1 });
    assert.deepEqual(plan(0.5), { tests: ["test/a/a.test.ts"], left: 2 });
  });

  it("runs the folder's quick files before a slow namesake, which runs all the same", () => {
    const slow: typeof seconds = { ...seconds, "test/a/a.test.ts": 80, "test/a/slow.test.ts": 5 };
    const planner = makePlanner({ tests: files, loads, secondsOf: (test) => slow[test], budget: 10 });
    assert.deepEqual(planner.planFor("src/a/a.ts").tests, ["test/a/slow.test.ts", "test/a/a.test.ts"]);
  });

  it("takes a file that has never run for an average one", () => {
    const known: typeof seconds = { ...seconds, "test/a/slow.test.ts": undefined! };
    const planner = makePlanner({ tests: files, loads, secondsOf: (test) => known[test], budget: 9 });
    assert.deepEqual(planner.planFor("src/a/a.ts").tests, ["test/a/a.test.ts", "test/a/slow.test.ts"]);
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
