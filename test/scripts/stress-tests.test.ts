/** `npm run stress:tests` itself: which files it takes, what it says of one that fails, and that its load ends with it. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "../..");

function stressTests(...args: string[]) {
  const flags = ["--conditions=autoagent-lab-source", "--disable-warning=ExperimentalWarning"];
  const script = join(root, "scripts/stress-tests.ts");
  return spawnSync(process.execPath, [...flags, script, ...args], { cwd: root, encoding: "utf8" });
}

describe("npm run stress:tests", () => {
  it("takes the tests that touch processes, signals or clocks, by themselves or through a helper", () => {
    const listed = stressTests("--list").stdout.split("\n");
    for (const line of [
      "test/training/stop.test.ts  (signals)",
      "test/kernel/session/programs.test.ts  (processes, signals, clocks)",
      "test/record/format-1.test.ts  (processes)", // through what its helper starts
    ])
      assert.ok(listed.includes(line), `${line} of ${listed.length}`);
    assert.ok(!listed.some((line) => line.includes("test/random/random.test.ts")), "which touches none");
  });

  it("runs each as often as told beside other work, counts, and ends its own load", () => {
    const file = "test/training/returns.test.ts";
    const { stdout, stderr, status } = stressTests("--runs", "2", "--load", "2", file);
    assert.equal(status, 0, stderr);
    assert.match(stdout, new RegExp(`^ok   run 2 of ${file}: `, "m"));
    assert.match(stdout, new RegExp(`^${file}     2       0 `, "m"));
    assert.match(stdout, /^2 runs, 0 failed$/m);
    assert.match(stressTests("no/such.test.ts").stderr, /There is no test file no\/such\.test\.ts/);
    assert.match(stressTests("--runs", "some").stderr, /Expected --runs to be 0 or a positive integer, got some/);
  });
});
