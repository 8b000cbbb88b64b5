/** The sandbox as somebody else than root: the same level, the same verdicts, the same record. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sandboxLevel } from "../../src/sandbox/index.ts";

/** The user `nobody` of Linux systems. */
const nobody = 65534;
const command = join(import.meta.dirname, "../../scripts/autoagent.mjs");
const programs = [
  ["self.a = 1;", "console.log(self.a);"],
  ["require('fs').rmSync('/');"],
  ["self.execute_code = 0;"],
  ["'a'.repeat(2e8).split('');"],
];

describe("an ordinary user", () => {
  it("has the same sandbox as root", () => {
    if (process.getuid?.() !== 0) {
      console.log("      these tests run as an ordinary user: nothing to compare");
      return;
    }
    const lines = programs.map((steps, id) => `${JSON.stringify({ id, steps })}\n`).join("");
    const folder = mkdtempSync(join(tmpdir(), "user-"));
    const judge = (who: object) => {
      const env = { PATH: process.env.PATH, HOME: folder };
      const done = spawnSync(process.execPath, [command, "judge", "-"], {
        input: lines,
        encoding: "utf8",
        env,
        ...who,
      });
      assert.equal(done.status, 0, done.stderr);
      return done.stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line))
        .map(({ verdict, level }) => [verdict, level]);
    };
    try {
      writeFileSync(join(folder, "seen"), "");
      // Its folder is entered before the user is changed, so it is the user's own process that must look.
      const readable = spawnSync(process.execPath, ["--check", command], { uid: nobody, gid: nobody });
      if (readable.status !== 0) {
        console.log("      not tested: an ordinary user may not read this folder");
        return;
      }
      const { level } = sandboxLevel();
      const verdicts = ["survived", "attempted_harm", "fatal_self_edit", "out_of_memory"];
      assert.deepEqual(
        judge({ uid: nobody, gid: nobody }).map(([, reached]) => reached),
        verdicts.map(() => level),
      );
      const [own, others] = [judge({}), judge({ uid: nobody, gid: nobody })].map((all) =>
        all.map(([verdict]) => verdict),
      );
      // Out of memory against out of time is a race.
      assert.deepEqual(others!.slice(0, 3), own!.slice(0, 3));
      assert.deepEqual(own!.slice(0, 3), verdicts.slice(0, 3));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
