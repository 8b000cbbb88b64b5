/** What a long session keeps: of a cell that is over only what somebody may still ask for. Counted, not weighed. */

import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../../waiting.ts";
import { useKernel } from "./use-kernel.ts";

const collect = `import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
setFlagsFromString("--expose-gc");
for (let i = 0; i < 3; i++) { runInNewContext("gc")(); await new Promise((resolve) => setTimeout(resolve, 20)); }
refs.filter((ref) => ref.deref() !== undefined).length`;

describe("a session that has run many cells", () => {
  const kernel = useKernel({ environment: { AUTOAGENT_TYPES: "off" } });
  const { value, run } = kernel;

  it("lets go of values that no variable has any more: what cells end in, show and throw", async () => {
    await value("let big: any; let refs: WeakRef<object>[] = [];");
    const endings = ["big = { a: 1 };", "big = [1, 2]", "big = new Map(); undefined", "throw (big = { thrown: true })"];
    for (const ending of endings) {
      await run(ending);
      await value("refs.push(new WeakRef(big)); big = null; undefined");
    }
    await value("1 + 1");
    assert.equal(await value("refs.length"), String(endings.length));
    assert.equal(await value(collect), "0");
  });

  it("takes on nothing that a stopped cell declares once it wakes: nobody would let go of it", async () => {
    await value("let later: string = 'before'; const [go, woke] = ['go', 'woke']; undefined");
    const { error } = await run(
      `import { existsSync, writeFileSync } from "node:fs";
await new Promise<void>((resolve) => {
  const looking = setInterval(() => existsSync(go) && (clearInterval(looking), resolve()), 10);
});
later = "awake";
writeFileSync(woke, "");
using held = { [Symbol.dispose]() {} };
later = "went on";`,
      { interruptAfterMs: 100 },
    );
    assert.equal(error?.ename, "Interrupted");
    writeFileSync(join(kernel.folder, "go"), "");
    await until(() => existsSync(join(kernel.folder, "woke")));
    assert.equal(await value("later"), "'awake'");
  });

  it("outlives the collection of what a stopped cell waited for", async () => {
    const pid = await value("process.pid");
    const { error } = await run("for (;;) await (await import('node:fs/promises')).readFile(process.execPath);", {
      interruptAfterMs: 100,
    });
    assert.equal(error?.ename, "Interrupted");
    await value("1 + 1");
    await value(collect);
    assert.equal(await value("process.pid"), pid);
  });
});
