/**
 * `npm run draw:tasks`: writes `data/tasks/micro-tasks.json` out of the grammar of `tasks/grammar.ts`. Parts that are held out
 * are drawn first, and what is in one part is in no other: no ask, and no check but for the names of methods. What is held
 * out is none of what the small model was pretrained on either. Same seed, same file. `npm run audit:tasks` says whether the
 * checks are worth anything.
 */

import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { dataPath } from "../src/data/index.ts";
import { taskSplits } from "../src/tasks/index.ts";
import { drawTasks } from "./tasks/draw.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    training: { type: "string", default: "520" },
    validation: { type: "string", default: "64" },
    known: { type: "string", default: "96" },
    unseen: { type: "string", default: "80" },
    output: { type: "string", default: dataPath("tasks", "micro-tasks.json") },
  },
});

const of = (split: "training" | "validation" | "known" | "unseen"): number => Number(values[split]);
const counts = { training: of("training"), validation: of("validation"), known: of("known"), unseen: of("unseen") };
const tasks = drawTasks({ seed: Number(values.seed), counts });
writeFileSync(values.output, `[\n${tasks.map((task) => `  ${JSON.stringify(task)}`).join(",\n")}\n]\n`);
for (const split of taskSplits) {
  const own = tasks.filter((task) => task.split === split);
  const count = (field: "family" | "operation"): number => new Set(own.map((task) => task[field])).size;
  console.log(`${split}: ${own.length} tasks, ${count("operation")} operations, ${count("family")} families`);
}
console.log(values.output);
