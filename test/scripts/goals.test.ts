/** How benches judge their goals, and that `bench:all` knows every bench. The benches themselves are no tests. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { goalRow, judgeGoal, readReports } from "../../bench/goals.ts";
import { leftOut, shortRuns } from "../../bench/short.ts";

const root = resolve(import.meta.dirname, "../..");
const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  scripts: { [name: string]: string };
};
const benches = Object.keys(scripts).flatMap((name) => /^bench:(?!all$)(.+)/.exec(name)?.[1] ?? []);

describe("a bench's goal", () => {
  it("is met at its edge, missed past its noise, and neither in between", () => {
    const atLeast = (measured: number) => judgeGoal({ goal: "rate", measured, atLeast: 2, noise: 0.25 });
    assert.deepEqual([3, 2, 1.75, 1.74].map(atLeast), ["met", "met", "within the noise", "missed"]);
    const atMost = (measured: number) => judgeGoal({ goal: "time", measured, atMost: 2, noise: 0.25 });
    assert.deepEqual([1, 2, 2.25, 2.26].map(atMost), ["met", "met", "within the noise", "missed"]);
    assert.equal(judgeGoal({ goal: "gap", measured: -0.01, atLeast: 0, noise: 0 }), "missed");
    assert.equal(judgeGoal({ goal: "no peer", measured: Number.NaN, atMost: 2, noise: 1 }), "not measured");
  });

  it("that is missed ends the bench with 1, and one within the noise with 0", () => {
    for (const [measured, code] of [
      [1.7, 1],
      [1.8, 0],
      [Number.NaN, 0],
    ] as const) {
      const script = `import { reportGoals } from ${JSON.stringify(join(root, "bench/goals.ts"))};
        reportGoals([{ goal: "rate", measured: ${measured}, atLeast: 2, noise: 0.25 }]); process.exit();`;
      const { status, stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
        encoding: "utf8",
      });
      assert.equal(status, code, stdout);
    }
  });

  it("reaches bench:all as it was, a figure that nothing was measured for too", () => {
    const folder = mkdtempSync(join(tmpdir(), "bench-"));
    try {
      const file = join(folder, "report.jsonl");
      assert.deepEqual(readReports(file), []);
      const script = `import { reportGoals } from ${JSON.stringify(join(root, "bench/goals.ts"))};
        reportGoals([{ goal: "rate", measured: 1.5, atLeast: 2, atMost: undefined, noise: 0 }]);
        reportGoals([{ goal: "gap", measured: NaN, atMost: Infinity, noise: 0.25 }]);`;
      const env = { ...process.env, BENCH_REPORT: file };
      spawnSync(process.execPath, ["--input-type=module", "-e", script], { env });
      const goals = readReports(file).flatMap((report) => ("goals" in report ? report.goals : []));
      assert.deepEqual(goals, [
        { goal: "rate", measured: 1.5, atLeast: 2, noise: 0, state: "missed" },
        { goal: "gap", measured: Number.NaN, atMost: Number.POSITIVE_INFINITY, noise: 0.25, state: "not measured" },
      ]);
      assert.deepEqual(goals.map(goalRow), [
        { goal: "rate", measured: "1.5", wanted: ">= 2", noise: "0", "": "missed" },
        { goal: "gap", measured: "-", wanted: "<= Infinity", noise: "0.25", "": "not measured" },
      ]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("cannot be met where what it compares with is missing: the bench says what it needs and how to get it", () => {
    const folder = mkdtempSync(join(tmpdir(), "bench-"));
    try {
      const file = join(folder, "report.jsonl");
      const { status, stderr } = spawnSync("npm", ["run", "--silent", "bench:models"], {
        cwd: root,
        encoding: "utf8",
        env: { ...process.env, BENCH_REPORT: file },
      });
      assert.equal(status, 2);
      assert.equal(
        stderr.trim(),
        "Not run: it needs a Python with torch, transformers, trl, datasets. Make one with `python3 -m venv peer && peer/bin/pip install torch transformers trl datasets` (about 6 GB on Linux), then `npm run bench:models -- --python peer/bin/python`.",
      );
      assert.equal((JSON.parse(readFileSync(file, "utf8")) as { bench: string }).bench, "models");
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("is known to bench:all, or the bench is left out of it with a reason", () => {
    assert.deepEqual([...Object.keys(shortRuns), ...Object.keys(leftOut)].sort(), benches.sort());
    for (const [name, { args, python }] of Object.entries(shortRuns)) {
      const text = readFileSync(join(root, scripts[`bench:${name}`]!.split(" ").at(-1)!), "utf8");
      for (const option of [...args.filter((arg) => arg.startsWith("--")), ...(python ? ["--python"] : [])])
        assert.match(text, new RegExp(`\\b${option.slice(2)}: \\{`), `${name} ${option}`);
    }
  });
});
