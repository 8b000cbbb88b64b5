/**
 * `npm run bench:scoring [-- --programs 200 --rounds 3 --static 10000]`: what scoring answers costs. Beside it, in turn and on the same
 * programs and inputs, a harness as most are: it writes each program with its tests to a file and starts a Node process for it, as many
 * at a time as there are workers here. Then the static measures of quality over many programs, by part; and the table of planted faults.
 * The peer runs our own references alone: it locks nothing.
 */

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { measureQuality } from "../scripts/coding/measure.ts";
import { plant } from "../scripts/coding/plant.ts";
import { codeProblems } from "../src/coding/problems.ts";
import { programOf } from "../src/coding/program.ts";
import { qualityOf } from "../src/coding/quality.ts";
import { scoreAnswers } from "../src/coding/score.ts";
import type { CodeAnswer, CodeScore } from "../src/coding/types.ts";
import { textTable } from "../src/display/index.ts";
import { createRandom } from "../src/random/index.ts";
import { createSandbox } from "../src/sandbox/index.ts";
import { reportGoals } from "./goals.ts";

const { values } = parseArgs({
  options: {
    programs: { type: "string", default: "200" },
    rounds: { type: "string", default: "3" },
    static: { type: "string", default: "10000" },
  },
});
const programs = Number(values.programs);
const rounds = Number(values.rounds);
const many = Number(values.static);

const workers = Math.min(4, availableParallelism());
const problems = await codeProblems({ count: programs });
const answers = problems.map(
  (problem): CodeAnswer => ({ problem, language: "javascript", source: programOf(problem, "javascript") }),
);
await using sandbox = await createSandbox({ workers });
const score = () => scoreAnswers(answers, { sandboxes: { javascript: sandbox } });

// The first time each problem's limit is measured, which later answers to it need not.
const first = await timed(score);
const ratios: number[] = [];
for (let round = 0; round < rounds; round++) {
  const [ours, peer] = [await timed(score), await timed(peerScore)];
  ratios.push(ours.rate / peer.rate);
  console.log(
    `round ${round + 1}: ${ours.rate.toFixed(0)} programs a second here (${ours.passed} of ${programs} pass), a process each ${peer.rate.toFixed(0)} (${peer.passed} pass): ${ratios.at(-1)!.toFixed(1)} times`,
  );
}
console.log(`with each problem's limit measured first: ${first.rate.toFixed(0)} a second`);

const quality = await staticMeasures();
const { rows, counts } = await measureQuality(await codeProblems({ count: 100, seed: 3 }), sandbox);
const table = rows.map(({ measure, alarms, right, auc }) => ({
  measure,
  "false alarms": `${alarms} of ${right}`,
  ...Object.fromEntries(Object.entries(auc).map(([kind, value]) => [`${kind} (${counts[kind]})`, value.toFixed(2)])),
}));
console.log(
  `\n${textTable(table, { caption: "Chance that a measure finds more in a program with a planted fault (AUC)" })}`,
);
const median = ratios.sort((a, b) => a - b)[Math.floor(rounds / 2)]!;
reportGoals([
  {
    goal: "programs scored a second, beside a Node process each",
    measured: median,
    atLeast: 5,
    noise: ratios.at(-1)! - ratios[0]!,
  },
  {
    goal: `static measures of ${many} programs, s (two quiet cores)`,
    measured: quality,
    atMost: (60 * many) / 10_000,
    noise: quality / 2,
  },
]);

async function timed(run: () => Promise<readonly { passed: boolean }[]>): Promise<{ rate: number; passed: number }> {
  const began = performance.now();
  const scores = await run();
  const passed = scores.filter((one) => one.passed).length;
  return { rate: (scores.length / (performance.now() - began)) * 1000, passed };
}

/** A file and a process for each program. */
async function peerScore(): Promise<{ passed: boolean }[]> {
  const folder = mkdtempSync(join(tmpdir(), "bench-scoring-"));
  const scores: { passed: boolean }[] = [];
  const scoreOne = async (i: number): Promise<void> => {
    const { problem, source } = answers[i]!;
    if (problem.tests.kind !== "values") throw new Error("the ladder has values");
    const { inputs, expected } = problem.tests;
    const file = join(folder, `${i}.js`);
    const tests = `const assert = require("node:assert/strict");\nconst expected = ${JSON.stringify(expected)};\n${JSON.stringify(inputs)}.forEach((one, i) => assert.deepEqual(JSON.parse(JSON.stringify(${problem.code.javascript!.name}(...one))), expected[i]));\n`;
    writeFileSync(file, `${source}\n${tests}`);
    const code = await new Promise((resolve) =>
      spawn(process.execPath, [file], { stdio: "ignore" }).on("close", resolve),
    );
    scores[i] = { passed: code === 0 };
  };
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < answers.length) await scoreOne(next++);
  };
  await Promise.all(Array.from({ length: workers }, work));
  rmSync(folder, { recursive: true });
  return scores;
}

/** Seconds of all static measures together. */
async function staticMeasures(): Promise<number> {
  const all = await codeProblems();
  const sources = new Map<string, CodeAnswer>();
  for (let round = 0; sources.size < many; round++)
    for (const problem of all)
      for (const { source } of plant(programOf(problem, "javascript"), createRandom(round, "static", problem.id)))
        if (sources.size < many) {
          const text = `${source}// ${round}\n`;
          sources.set(text, { problem, language: "javascript", source: text });
        }
  const list = [...sources.values()];
  const notRun: CodeScore = {
    ...{ outcome: "not_run", passed: false, parses: false, tests: 0, right: 0, failed: null, cause: "", effects: [] },
  };
  const { seconds, parts } = await qualityOf(
    list,
    list.map(() => notRun),
  );
  const whole = seconds.oxc + seconds.oxlint + seconds.typescript;
  console.log(
    `${list.length} programs, of which ${parts.syntactic.good} parse: oxc ${seconds.oxc.toFixed(1)} s, oxlint ${seconds.oxlint.toFixed(1)} s, TypeScript ${seconds.typescript.toFixed(1)} s, together ${whole.toFixed(1)} s`,
  );
  return whole;
}
