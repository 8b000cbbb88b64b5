/**
 * `npm run draw:tasks`: writes `data/tasks/micro-tasks.json` out of the grammar of `src/corpus`. A task is kept if it has a
 * check that no constant passes, if the grammar's own program solves it in the real sandbox on a newborn agent and on one
 * that has lived through other tasks, and if the micro-task's words occur in no other one. Same seed, same file.
 */

import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { drawTask, families, type Split, type Task } from "../src/corpus/index.ts";
import { dataPath } from "../src/data/index.ts";
import { SurvivalEnv } from "../src/environment/index.ts";
import { createRandom } from "../src/random/index.ts";
import { createSandbox } from "../src/sandbox/index.ts";
import type { MicroTask } from "../src/tasks/index.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    training: { type: "string", default: "64" },
    "held-out": { type: "string", default: "32" },
    output: { type: "string", default: dataPath("tasks", "micro-tasks.json") },
  },
});

/** What an agent has lived through before it is asked again. */
const past = [
  "self.count = 3;",
  'self.name = "Bo";\nself.total = [1, 2];',
  "self.helper = (x) => x;\nfunction other(a, b) {\n  return a + b;\n}",
];

await using sandbox = await createSandbox({ workers: 2 });
const tasks: MicroTask[] = [];
for (const split of ["training", "held-out"] as const) tasks.push(...(await drawSplit(split, Number(values[split]))));
writeFileSync(values.output, `[\n${tasks.map((task) => `  ${JSON.stringify(task)}`).join(",\n")}\n]\n`);
console.log(
  `${tasks.length} micro-tasks of ${new Set(tasks.map(({ family }) => family)).size} families: ${values.output}`,
);

async function drawSplit(split: Split, wanted: number): Promise<MicroTask[]> {
  const found: MicroTask[] = [];
  const seen = new Set<string>();
  for (let i = 0; found.length < wanted && i < wanted * 40; i++) {
    const task = drawTask(createRandom(Number(values.seed), "micro-task", split, i), { typed: false }, split);
    if (task.check === null || !tells(task.check) || seen.has(`${task.family} ${task.combination}`)) continue;
    if (found.filter(({ family }) => family === task.family).length >= Math.ceil(wanted / 8)) continue;
    const { family, ask, check } = task;
    const micro: MicroTask = { id: `${split}-${found.length + 1}`, family, ask, split: partOf(split, family), check };
    if (!(await solves(micro, task.program, [])) || !(await solves(micro, task.program, past))) continue;
    seen.add(`${task.family} ${task.combination}`);
    found.push(micro);
  }
  return found;
}

/** The part of a held-out task: whether training has its family. */
function partOf(split: Split, family: string): MicroTask["split"] {
  if (split === "training") return split;
  return families.find(({ name }) => name === family)?.unseen ? "unseen" : "known";
}

/** A check that one constant answer passes tells nothing. */
function tells(check: NonNullable<Task["check"]>): boolean {
  return "read" in check || new Set(check.expected.map((value) => JSON.stringify(value))).size > 1;
}

async function solves(task: MicroTask, program: string, before: readonly string[]): Promise<boolean> {
  const env = new SurvivalEnv({ sandbox, tasks: [task], maxSteps: 10 });
  await env.reset({ seed: 1 });
  for (const one of before) await env.step(one);
  const { info } = await env.step(program);
  await env.close();
  return info.solved === true;
}
