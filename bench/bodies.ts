/**
 * `npm run bench:bodies [-- --model smollm2 --tasks 24 --episodes 24 --search 12 --folder runs/bodies]`: the same model and the same
 * tasks in both languages. Random programs, the pretrained model, and the sharpened one (its temperature found in each language
 * on validation tasks) with the few-shot prompt of the language, on training tasks and on such of kinds that no
 * training task has. Prints a table a part and what the intervals say of Python beside JavaScript. Goes on where it was
 * stopped. It states no goal: which language a small model writes better is what it finds out.
 */

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { modelPolicy } from "../src/agent/index.ts";
import { displaySymbol } from "../src/display/index.ts";
import { SurvivalEnv } from "../src/environment/index.ts";
import { evaluate, sharpen } from "../src/evaluation/index.ts";
import { models } from "../src/llm/index.ts";
import { openPretrained, tokenPolicy } from "../src/policy/index.ts";
import { createRandom } from "../src/random/index.ts";
import { type BodyName, bodies, createSandbox } from "../src/sandbox/index.ts";
import { type MicroTask, microTasks, type TaskSplit } from "../src/tasks/index.ts";
import { notRun } from "./goals.ts";

const { values } = parseArgs({
  options: {
    model: { type: "string", default: "smollm2" },
    tasks: { type: "string", default: "24" },
    episodes: { type: "string", default: "24" },
    search: { type: "string", default: "12" },
    temperatures: { type: "string", default: "1,0.5,0.2" },
    "max-tokens": { type: "string", default: "96" },
    threads: { type: "string", default: "2" },
    folder: { type: "string", default: "runs/bodies" },
  },
});
const prompts = { javascript: "few-shot", python: "few-shot-python" } as const;
mkdirSync(values.folder, { recursive: true });

const decoder = await openPretrained(values.model, { threads: Number(values.threads) }).catch((error: Error) =>
  notRun(`the model ${values.model}`, `${error.message}.`),
);
const sandboxes = {
  javascript: await createSandbox({ workers: 1 }),
  python: await createSandbox({ workers: 1, body: bodies.python }),
};
/** Of each operation one task, as many as are asked for. */
const someOf = async (split: TaskSplit): Promise<MicroTask[]> => {
  const random = createRandom(0, "bench bodies", split);
  const drawn = (await microTasks({ split })).map((task): [number, MicroTask] => [random.uniform(), task]);
  const all = drawn.sort(([a], [b]) => a - b).map(([, task]) => task);
  const seen = new Set<string | undefined>();
  const each = all.filter(({ operation }) => !seen.has(operation) && seen.add(operation));
  return [...each, ...all.filter((task) => !each.includes(task))].slice(0, Number(values.tasks));
};
const envOf = (body: BodyName, tasks: readonly MicroTask[]) =>
  new SurvivalEnv({ tasks, maxSteps: 1, sandbox: sandboxes[body] });
const byBody = async <T>(make: (body: BodyName) => T | Promise<T>): Promise<{ javascript: T; python: T }> => ({
  javascript: await make("javascript"),
  python: await make("python"),
});

const asks = (await microTasks({ split: "training" })).slice(0, 4).map(({ ask }) => ask);
const plain = await byBody((body) =>
  tokenPolicy(decoder, { prompt: prompts[body], asks, samples: 1, rank: 1, maxTokens: Number(values["max-tokens"]) }),
);
const validation = await someOf("validation");
const sharpened = await byBody((body) =>
  sharpen(plain[body], {
    env: envOf(body, validation),
    temperatures: values.temperatures.split(",").map(Number),
    episodes: Number(values.search),
    seed: 99,
  }),
);
for (const body of ["javascript", "python"] as const)
  console.log(`${body}:\n${String((await sharpened[body][displaySymbol]())["text/plain"])}\n`);

for (const split of ["training", "known", "unseen"] as const) {
  const tasks = await someOf(split);
  const found = await evaluate(
    {
      random: await byBody((body) => modelPolicy(models.random({ body }), { body })),
      pretrained: await byBody((body) => plain[body].pretrained({ temperature: 1 })),
      sharpened,
    },
    {
      env: await byBody((body) => envOf(body, tasks)),
      episodes: Number(values.episodes),
      seed: 7,
      progress: false,
      file: join(values.folder, `${split}.jsonl`),
      onProgress: (done, total, what) => console.error(`${split}, ${done} of ${total}: ${what}`),
    },
  );
  console.log(`== ${split}: ${tasks.length} tasks\n${String(found[displaySymbol]()["text/plain"])}\n`);
}
await decoder.dispose();
await Promise.all(Object.values(sandboxes).map((sandbox) => sandbox.dispose()));
