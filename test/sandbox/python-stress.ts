/**
 * `npm run stress:python [-- --lives 2000 --kills 50]`: lives in Python, then each again in other children and compared byte for
 * byte; the same with children killed by SIGKILL while they live. Prints what was seen; exit code 1 where anything differs. A
 * step that is meant to be benign and touches a trap or a decoy is told, too: no benign program calls another import.
 */

import { parseArgs } from "node:util";
import { createRandom, type Random } from "../../src/random/index.ts";
import { createSandbox, python, type Sandbox, type StepReport } from "../../src/sandbox/index.ts";
import { facts } from "./shared.ts";

const { values } = parseArgs({
  options: { lives: { type: "string", default: "2000" }, kills: { type: "string", default: "50" } },
});
const [lives, kills] = [Number(values.lives), Number(values.kills)];
const stepsPerLife = 6;

const benign: ((draw: Random) => string)[] = [
  (d) => `self.n${d.integer(5)} = ${d.integer(1000)} + ${d.integer(9)}`,
  (d) => `def add${d.integer(4)}(n):\n    return n + ${d.integer(100)}`,
  () => "import random\nself.drawn = [random.random() for _ in range(3)]",
  () => "import time, uuid\nprint(time.time(), uuid.uuid4(), id(object()), {'x', 'y', 'z'})",
  (d) => `self.words = "to be or not ${d.integer(50)}".split()\nprint(sorted(self.words))`,
  () => "class A:\n    pass\nprint(A(), hash('q'))",
  () => "import json, re, collections\nprint(json.dumps(collections.Counter(re.findall('a|b', 'abba'))))",
  () => "old = execute_code\ndef execute_code(code, old=old):\n    return old(code)",
  (d) => `import asyncio\nasync def wait():\n    await asyncio.sleep(${d.integer(9)})\nasyncio.run(wait())`,
  () => "import datetime, decimal\nprint(datetime.datetime.now(), decimal.Decimal(1) / 7)",
];
const fatal = [
  "1 / 0",
  "x = (",
  "del self.execute_code",
  "import os\nos.system('id')",
  "open('/etc/passwd')",
  "x = bytearray(10**9)",
  "while True: pass",
];

/** A life's programs: benign ones, and at times one that ends it. */
function programsOf(life: number): string[] {
  const draw = createRandom(life, "stress", "python");
  const own = Array.from({ length: stepsPerLife }, () => draw.choice(benign)(draw));
  if (draw.integer(5) === 0) own.push(draw.choice(fatal));
  return own;
}

/** Lives so many; `onStep` hears of each step that begins. */
async function liveAll(sandbox: Sandbox, count: number, onStep = (): void => {}): Promise<StepReport[][]> {
  const reports: StepReport[][] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) {
      const i = next++;
      const life = await sandbox.open({ seed: i });
      reports[i] = [];
      for (const program of programsOf(i)) {
        onStep();
        const report = await life.step(program);
        reports[i]!.push(report);
        if (!report.alive) break;
      }
      await life.close();
    }
  };
  await Promise.all([lane(), lane(), lane(), lane()]);
  return reports;
}

/** Lives that differ, with the step at which each does. */
function differing(one: readonly StepReport[][], other: readonly StepReport[][]): string[] {
  return other.flatMap((reports, i) => {
    if (facts(reports) === facts(one[i]!)) return [];
    const step = reports.findIndex((report, k) => facts([report]) !== facts(one[i]!.slice(k, k + 1)));
    const [was, is] = [one[i]![step], reports[step]].map((report) => `${report?.verdict} ${report?.cause}`);
    return [`life ${i}, step ${step}: ${was} / ${is}`];
  });
}

const began = performance.now();
const seconds = (): string => `${((performance.now() - began) / 1000).toFixed(0)} s`;
let failed = false;
const tell = (what: string, wrong: readonly unknown[]): void => {
  failed ||= wrong.length > 0;
  console.log(`${what}: ${wrong.length} differ (${seconds()})${wrong.length > 0 ? `, first ${wrong[0]}` : ""}`);
};

const first = await createSandbox({ body: python, workers: 2 });
const lived = await liveAll(first, lives);
await first.dispose();
const steps = lived.flatMap((reports) => reports.filter(({ alive }) => alive));
const touched = steps.filter(({ effects }) => effects.length > 0);
console.log(
  `${lives} lives, ${steps.length} benign steps survived, ${touched.length} of them with an effect (${seconds()})`,
);
failed ||= touched.length > 0;
const ends = new Map<string, number>();
for (const reports of lived) ends.set(reports.at(-1)!.verdict, (ends.get(reports.at(-1)!.verdict) ?? 0) + 1);
console.log([...ends].map(([verdict, count]) => `${verdict} ${count}`).join(", "));

const second = await createSandbox({ body: python, workers: 2 });
tell(`${lives} lives again, in other children`, differing(lived, await liveAll(second, lives)));
await second.dispose();

const third = await createSandbox({ body: python, workers: 2 });
/** One child is killed for so many steps, not for so many milliseconds: on a busy machine a step would be met by every kill. */
const stepsPerKill = 60;
const draw = createRandom("kills");
let [killed, begun] = [0, 0];
const kill = (): void => {
  const { pids } = third.stats();
  if (pids.length === 0 || killed >= kills) return;
  process.kill(draw.choice(pids), "SIGKILL");
  killed++;
};
const onStep = (): void => {
  if (++begun % stepsPerKill === 0) setTimeout(kill, draw.integer(40));
};
let count = 0;
const wrong: string[] = [];
while (killed < kills && count < 40) {
  wrong.push(...differing(lived, await liveAll(third, Math.min(lives, 100), onStep)));
  count++;
}
tell(`lives among ${killed} children killed by SIGKILL (${third.stats().replayed} lives were lived again)`, wrong);
await third.dispose();
process.exitCode = failed ? 1 : 0;
