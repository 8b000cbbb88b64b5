/**
 * The corpus against the sandbox. `npm test` runs the first file whole and a drawn sample of the rest, where the sandbox is
 * locked as far as this machine can; `npm run stress:sandbox` sets STRESS=1, runs every case at levels 1, 2 and 3, and plays
 * 1,000 mixed hostile lives. Nothing here is run outside the locked children.
 */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRandom } from "../../src/random/index.ts";
import { createSandbox, type Sandbox } from "../../src/sandbox/index.ts";
import { isRunning } from "../processes.ts";
import { until } from "../waiting.ts";
import { benign, type HostileCase, lookalikes, ordinary, readHostile } from "./corpus/index.ts";
import { live, useSandbox } from "./shared.ts";

const stress = process.env.STRESS === "1";

/** Names the sample of a run of `npm test`, and how names are spelt; said with each failure. */
const seed = Number(process.env.CORPUS_SEED ?? 1);

describe("hostile programs", function () {
  this.timeout(stress ? 900_000 : 600_000);
  const sandbox = useSandbox({ workers: 2 });
  const cases = readHostile(seed);

  it("are at least 600 of our own, each with its own name and text", () => {
    assert.ok(cases.length >= 600, `${cases.length} cases`);
    for (const part of ["name", "steps"] as const)
      assert.equal(new Set(cases.map((one) => String(one[part]))).size, cases.length);
  });

  /** The cases that got a wrong verdict, or left a mark on the next life. */
  const wrongOf = async (some: readonly HostileCase[], at: Sandbox): Promise<string[]> => {
    const wrong: string[] = [];
    await inLanes(4, some, async ({ name, seed: own, steps, expected }) => {
      const last = (await live(at, steps, { seed: own })).at(-1)!;
      if (!expected.includes(last.verdict))
        wrong.push(`${name}: expected ${expected.join(" or ")}, got ${last.verdict} (${last.cause.slice(0, 200)})`);
      const next = await live(at, ["self.a = [1].concat(2).join()", "console.log(self.a, ({}).polluted)"]);
      if (next.at(-1)?.output !== "1,2 undefined\n") wrong.push(`${name}: the next life was not clean`);
    });
    return wrong;
  };

  if (!stress)
    it(`each get a right verdict, and the next life after each is clean (seed ${seed})`, async () => {
      const random = createRandom(seed, "sample");
      const isDrawn = ({ name }: HostileCase): boolean => name.startsWith("hostile.txt") || random.integer(5) === 0;
      assert.deepEqual(await wrongOf(cases.filter(isDrawn), sandbox()), []);
    });
  else
    for (const maximumLevel of [1, 2, 3] as const)
      it(`each get a right verdict at level ${maximumLevel}, and the next life after each is clean`, async function () {
        await using at = await createSandbox({ workers: 2, maximumLevel });
        if (at.level < maximumLevel) {
          console.log(`      left out: this machine reaches level ${at.level}: ${at.levelReason}`);
          return this.skip();
        }
        const began = performance.now();
        assert.deepEqual(await wrongOf(cases, at), []);
        console.log(
          `      ${cases.length} cases at level ${at.level} in ${Math.round((performance.now() - began) / 1000)} s`,
        );
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
  const all = [...benign, ...lookalikes, ...ordinary];

  it("are at least 200, no two alike", () => {
    assert.ok(all.length >= 200, `${all.length} lives`);
    assert.equal(new Set(all.map((programs) => programs.join("\n").replace(/\d+/g, "0"))).size, all.length);
  });

  it("live and record nothing", async () => {
    const alarms: string[] = [];
    await inLanes(4, all, async (programs) => {
      // Harm is looked for, not speed: the first use of Intl reads its tables from the disk.
      const reports = await live(sandbox(), programs, { limits: { stepMs: 2000 } });
      for (const [i, { verdict, cause, effects }] of reports.entries())
        if (verdict !== "survived" || effects.length > 0) alarms.push(`${programs[i]}: ${verdict} (${cause})`);
    });
    assert.deepEqual(alarms, []);
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
