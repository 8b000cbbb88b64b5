/** Which programs a user process started, and when: of the system's own list, and of what `ps` prints elsewhere. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { markName, programsNow, programsOf, readPs } from "../../../kernel/session/programs.ts";
import { leaveOut } from "../../support.ts";

describe("the programs of a user process", () => {
  it("are read of what ps prints: hours and days may be left out, the dead are", () => {
    const text = `
    1     0     1 Ss     10-02:03:04
  412     1   412 S+        02:03:04
  413   412   412 R            03:04
  414   412   412 Z+           00:01
99999   413     7 Ss+          00:00
`;
    const [minute, hour] = [60_000, 3_600_000];
    const list = readPs(text, 5000);
    assert.deepEqual(
      list.map(({ startedAt, ...rest }) => [...Object.values(rest), 5000 - startedAt]),
      [
        [1, 0, 1, 242 * hour + 3 * minute + 4000],
        [412, 1, 412, 2 * hour + 3 * minute + 4000],
        [413, 412, 412, 3 * minute + 4000],
        [99_999, 413, 7, 0],
      ],
    );
    assert.deepEqual(readPs("", 5000), []);
  });

  it("are those below it, those of its group, and those that carry its mark, with the time at which each began", async function () {
    if (process.platform !== "linux") leaveOut(this, "other systems have no /proc");
    const mark = `of-a-test-${process.pid}`;
    const script = (then: string) =>
      `const { spawn } = require("node:child_process"); const held = spawn(process.execPath, ["-e", "setInterval(() => {}, 1e6)"], { stdio: "ignore", ${then} }); console.log(held.pid); setInterval(() => {}, 1e6);`;
    const before = performance.now();
    const environment = { ...process.env, [markName]: mark };
    const leader = spawn(process.execPath, ["-e", script("env: {}")], { detached: true, env: environment });
    const other = spawn(process.execPath, ["-e", script("detached: true")], { detached: true, env: environment });
    const pids: number[] = [];
    try {
      for (const one of [leader, other]) pids.push(Number(String((await once(one.stdout, "data"))[0])));
      const after = performance.now();
      const of = { pid: leader.pid!, mark };
      const found = programsNow(of);
      const pidsOf = (list: { pid: number }[]) => list.map(({ pid }) => pid).sort((a, b) => a - b);
      assert.deepEqual(
        pidsOf(found),
        [other.pid!, ...pids].sort((a, b) => a - b),
      );
      assert.deepEqual(pidsOf(await programsOf(of)), pidsOf(found));
      for (const { startedAt } of found)
        assert.ok(startedAt >= before - 1000 && startedAt <= after + 1000, `${before} ${startedAt} ${after}`);
      assert.deepEqual(pidsOf(programsNow({ pid: leader.pid!, mark: "" })), [pids[0]], "without a mark");
    } finally {
      for (const pid of [leader.pid!, other.pid!, ...pids]) process.kill(pid, "SIGKILL");
    }
  });
});
