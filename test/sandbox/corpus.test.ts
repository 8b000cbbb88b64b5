/**
 * The corpus against the sandbox. `npm test` runs each case once; `npm run stress:sandbox` sets STRESS=1 and plays 1,000
 * mixed hostile lives. Nothing here is run outside the locked children.
 */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isRunning } from "../processes.ts";
import { benign, lookalikes, readHostile } from "./corpus/index.ts";
import { live, until, useSandbox } from "./shared.ts";

const stress = process.env.STRESS === "1";

describe("hostile programs", function () {
  this.timeout(stress ? 600_000 : 120_000);
  const sandbox = useSandbox({ workers: 2 });
  const cases = readHostile();

  it("are at least 200 of our own", () => {
    assert.ok(cases.length >= 200, `${cases.length} cases`);
  });

  it("each get a right verdict, and the next life after each is clean", async () => {
    const wrong: string[] = [];
    const check = async ({ line, steps, expected }: (typeof cases)[number]): Promise<void> => {
      const last = (await live(sandbox(), steps, { seed: line })).at(-1)!;
      if (!expected.includes(last.verdict))
        wrong.push(
          `line ${line}: expected ${expected.join(" or ")}, got ${last.verdict} (${last.cause.slice(0, 200)})`,
        );
      const next = await live(sandbox(), ["self.a = [1].concat(2).join()", "console.log(self.a, ({}).polluted)"]);
      if (next.at(-1)?.output !== "1,2 undefined\n") wrong.push(`line ${line}: the next life was not clean`);
    };
    await inLanes(4, cases, check);
    assert.deepEqual(wrong, []);
  });

  it("leave the driver, the children and the files outside alone", async () => {
    const canary = mkdtempSync(join(tmpdir(), "canary-"));
    for (const name of ["a", "b"]) writeFileSync(join(canary, name), "untouched");
    const before = fingerprint(canary);
    const { pid } = process;
    const seen = new Set<number>();
    const lives = Array.from({ length: stress ? 1000 : 60 }, (_, i) => i);
    await inLanes(4, lives, async (i) => {
      const { steps } = cases[(i * 7919) % cases.length]!;
      const file = JSON.stringify(join(canary, "a"));
      await live(sandbox(), [`self.n = ${i}`, `try { require("fs").rmSync(${file}) } catch {}`], { seed: i });
      await live(sandbox(), steps, { seed: i });
      for (const child of sandbox().stats().pids) seen.add(child);
      assert.ok(sandbox().stats().pids.length <= 2, "never more than 2 children");
    });
    const { pids } = sandbox().stats();
    const orphans = [...seen].filter((child) => !pids.includes(child));
    assert.ok(await until(() => !orphans.some(isRunning)), "every child that was replaced is gone");
    assert.equal(process.pid, pid);
    assert.equal(fingerprint(canary), before);
    rmSync(canary, { recursive: true });
  });
});

describe("ordinary programs", () => {
  const sandbox = useSandbox();
  for (const [index, programs] of [...benign, ...lookalikes].entries())
    it(`number ${index + 1} lives and records nothing: ${JSON.stringify(programs[0]).slice(0, 60)}`, async () => {
      const reports = await live(sandbox(), programs);
      assert.deepEqual(
        reports.map(({ verdict, cause, effects }) => ({ verdict, cause, effects })),
        programs.map(() => ({ verdict: "survived", cause: "", effects: [] })),
      );
    });
});

async function inLanes<T>(lanes: number, items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  const lane = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

function fingerprint(folder: string): string {
  const hash = createHash("sha256");
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name);
    hash.update(`${name} ${statSync(path).mtimeMs} ${readFileSync(path, "utf8")}\n`);
  }
  return hash.digest("hex");
}
