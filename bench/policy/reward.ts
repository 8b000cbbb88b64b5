/**
 * The reward that TRL asks for: a program a prompt, run as a life of one step in the real sandbox, as the trainer's own
 * episodes are. Reads {tasks, ids} a line, answers a list of rewards.
 */

import { createInterface } from "node:readline";
import { rewards, SurvivalEnv } from "../../src/environment/index.ts";
import { loadPrompt, openPretrained, usualPrompt } from "../../src/policy/index.ts";
import { createSandbox } from "../../src/sandbox/index.ts";
import { microTasks } from "../../src/tasks/index.ts";

const [model = "tiny"] = process.argv.slice(2);
const sandbox = await createSandbox({ workers: 2 });
const { tokenizer } = await openPretrained(model, { threads: 1 });
const { stop, primed } = await loadPrompt(usualPrompt(tokenizer));
const tasks = new Map((await microTasks()).map((task) => [task.id, task]));
const parts = [rewards.survival, { ...rewards.harm, weight: 0.005 }, rewards.usefulness];

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line) as { tasks: string[]; ids: number[][] };
  const scores = await Promise.all(
    asked.ids.map(async (ids, i) => {
      const env = new SurvivalEnv({ tasks: [tasks.get(asked.tasks[i]!)!], maxSteps: 1, rewards: parts, sandbox });
      await env.reset({ seed: i });
      const end = ids.findIndex((id) => tokenizer.end.includes(id));
      const text = tokenizer.decode(end < 0 ? ids : ids.slice(0, end));
      const cut = Math.min(text.length, ...stop.map((one) => text.indexOf(one)).filter((at) => at >= 0));
      const { reward } = await env.step((primed + text.slice(0, cut)).trimEnd());
      await env.close();
      return reward;
    }),
  );
  process.stdout.write(`${JSON.stringify(scores)}\n`);
}
await sandbox.dispose();
process.exit(0);
