/** How strongly a child is locked, and what is said where it could be locked more strongly: no child is started. */

import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { javascript } from "../../src/sandbox/bodies/javascript/index.ts";
import { lock } from "../../src/sandbox/host/locks.ts";
import type { Level } from "../../src/sandbox/types.ts";
import { leaveOut } from "../support.ts";

const at = (most: Level) => {
  const plan = { ...javascript.child(most), dataBytes: 4096 };
  const { level, reason, watchBytes, greeting } = lock(plan, most);
  assert.equal(greeting, plan.greeting);
  return { level, reason, watchBytes };
};

describe("the locks of a child", () => {
  before(function () {
    if (!existsSync("/usr/bin/prlimit")) leaveOut(this, "there is no prlimit on this system");
  });

  it("are no more than is asked for, and the parent watches the memory that the kernel does not", () => {
    const asked = (most: Level) => `a lower level was asked for (maximumLevel: ${most})`;
    assert.deepEqual(at(0), { level: 0, reason: asked(0), watchBytes: null });
    assert.deepEqual(at(1), { level: 1, reason: asked(1), watchBytes: 4096 });
    assert.deepEqual(at(2), { level: 2, reason: `no namespaces: ${asked(2)}`, watchBytes: null });
  });

  it("are without namespaces where bubblewrap does not work, which is said in its own first line", () => {
    const folder = mkdtempSync(join(tmpdir(), "locks-"));
    const { PATH = "" } = process.env;
    process.env.PATH = [folder, PATH].join(delimiter);
    try {
      for (const [script, said] of [
        ["echo 'no permissions' >&2; echo 'ask somebody' >&2; exit 1", "no permissions"],
        ["echo; exit 1", "exit 1"],
        ["echo almost", "exit 0"],
        ["kill -9 $$", "it was killed by SIGKILL"],
        [`printf '%0200d' 7 >&2; exit 1`, "0".repeat(120)],
      ] as const) {
        writeFileSync(join(folder, "bwrap"), `#!/bin/sh\n${script}\n`);
        chmodSync(join(folder, "bwrap"), 0o755);
        const reason = `no namespaces: bubblewrap does not work here (${said})`;
        assert.deepEqual(at(3), { level: 2, reason, watchBytes: null });
      }
      writeFileSync(join(folder, "bwrap"), "#!/bin/sh\nprintf ok\n");
      const reason = "isolate, permission model, data limit and empty namespaces";
      assert.deepEqual(at(3), { level: 3, reason, watchBytes: null });
    } finally {
      process.env.PATH = PATH;
      rmSync(folder, { recursive: true });
    }
  });
});
