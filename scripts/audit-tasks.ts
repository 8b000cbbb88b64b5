/**
 * `npm run audit:tasks`: says what the micro-tasks' checks take for an answer. Right programs, written in three ways, must be
 * taken; trivial ones, other tasks' references and references with a fault or a usual mistake in them must not. Looks at all tasks; `--sample N`
 * at N of each part. Exits with 1 where something is wrong.
 */

import { parseArgs } from "node:util";
import { createRandom } from "../src/random/index.ts";
import { createSandbox } from "../src/sandbox/index.ts";
import { microTasks, taskSplits } from "../src/tasks/index.ts";
import { auditTasks, type Count } from "./tasks/audit.ts";

const { values } = parseArgs({
  options: {
    sample: { type: "string" },
    mistakes: { type: "string", default: "1000" },
    tasks: { type: "string" },
    seed: { type: "string", default: "1" },
  },
});

const all = await microTasks(values.tasks === undefined ? {} : { path: values.tasks });
const random = createRandom(Number(values.seed), "audit");
const chosen = taskSplits.flatMap((split) => {
  const own = all.filter((task) => task.split === split);
  const size = values.sample === undefined ? own.length : Math.min(own.length, Number(values.sample));
  return Array.from({ length: size }, () => own.splice(random.integer(own.length), 1)[0]!);
});
await using sandbox = await createSandbox({ workers: 2 });
const began = performance.now();
const { right, taken } = await auditTasks(chosen, {
  sandbox,
  all,
  mistakes: Number(values.mistakes),
  seed: Number(values.seed),
  onTask: (done) => process.stderr.write(`\r${done} of ${chosen.length} tasks`),
});
process.stderr.write("\n");
const row =
  (told: string) =>
  ({ kind, programs, wrong }: Count) =>
    console.log(`${kind.padEnd(28)}${String(programs).padStart(8)}${String(wrong.length).padStart(8)}  ${told}`);
console.log(`${chosen.length} tasks of ${all.length}${"programs".padStart(14)}`);
right.forEach(row("right, and not taken"));
taken.forEach(row("wrong, and taken"));
const wrong = [...right, ...taken].flatMap((count) => count.wrong.map((one) => ({ kind: count.kind, ...one })));
for (const { kind, task, program } of wrong.slice(0, 60)) console.log(`${task}, ${kind}: ${JSON.stringify(program)}`);
console.log(`${wrong.length} faults in ${((performance.now() - began) / 1000).toFixed(0)} s`);
process.exitCode = wrong.length === 0 ? 0 : 1;
