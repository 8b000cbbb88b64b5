/**
 * `npm run bench:bodies [-- --model smollm2 --tasks 24 --episodes 24 --search 12 --folder runs/bodies]`: the same model and the same
 * tasks in both languages. Random programs, the pretrained model, and the sharpened one (its temperature found in each language
 * on validation tasks) with the few-shot prompt of the language, on training tasks and on such of kinds that no
 * training task has. Prints a table a part and what the intervals say of Python beside JavaScript. Goes on where it was
 * stopped. It states no goal: which language a small model writes better is what it finds out.
 *
 * `--adapter 4` also trains adapters of the last four blocks (`bodies/adapters.ts`; `--updates 24 --seeds 1`), and lets each play at the
 * temperature that is best for it, found as the sharpened model's was: the row `adapter`. `--adapter-bodies python`: in that language
 * alone. `--train python:1` makes one of them and nothing else.
 *
 * `npm run bench:bodies -- --write [--folder runs/bodies]`: keeps a finished run as `bench/results/bodies.json` and prints README's table of
 * it; nothing is run.
 */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { modelPolicy } from "../src/agent/index.ts";
import { displaySymbol } from "../src/display/index.ts";
import { SurvivalEnv } from "../src/environment/index.ts";
import { type Evaluation, evaluate, sharpen } from "../src/evaluation/index.ts";
import { models } from "../src/llm/index.ts";
import { openPretrained, type TokenPolicy, tokenPolicy } from "../src/policy/index.ts";
import { createRandom } from "../src/random/index.ts";
import { type BodyName, bodies, createSandbox } from "../src/sandbox/index.ts";
import type { PairedDifference } from "../src/statistics/index.ts";
import { type MicroTask, microTasks, type TaskSplit } from "../src/tasks/index.ts";
import { type AdapterSettings, prompts, trainedAdapter } from "./bodies/adapters.ts";
import { bodiesTable, inPoints, type KeptBodies, partOf, readRun } from "./bodies/kept.ts";
import { heldOutBySeed } from "./comparison/held-out.ts";
import { trainingOf } from "./comparison/kept.ts";
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
    adapter: { type: "string", default: "0" },
    seeds: { type: "string", default: "1" },
    "adapter-bodies": { type: "string", default: "javascript,python" },
    updates: { type: "string", default: "24" },
    "adapter-episodes": { type: "string", default: "32" },
    train: { type: "string" },
    write: { type: "boolean", default: false },
    folder: { type: "string", default: "runs/bodies" },
  },
});
if (values.write) {
  const kept = readRun(values.folder);
  const file = join(import.meta.dirname, "results", "bodies.json");
  writeFileSync(file, `${JSON.stringify(kept, null, 2)}\n`);
  console.log(bodiesTable(kept));
  process.exit();
}
mkdirSync(values.folder, { recursive: true });
const bodyNames = ["javascript", "python"] as const;
const blocks = Number(values.adapter) || (values.train === undefined ? 0 : 4);
const open = (adaptedBlocks: number) =>
  openPretrained(values.model, {
    threads: Number(values.threads),
    ...(adaptedBlocks > 0 && { adaptedBlocks }),
  }).catch((error: Error) => notRun(`the model ${values.model}`, `${error.message}.`));
const sandboxes = {
  javascript: await createSandbox({ workers: 1 }),
  python: await createSandbox({ workers: 1, body: bodies.python }),
};
const adapters = { javascript: [] as TokenPolicy[], python: [] as TokenPolicy[] };
if (blocks > 0) {
  const model = await open(blocks);
  const [own, one] = values.train?.split(":") ?? [];
  const settings: AdapterSettings = {
    ...{ folder: values.folder, blocks, rank: 16, steps: 4, maxTokens: Number(values["max-tokens"]) },
    ...{ updates: Number(values.updates), episodes: Number(values["adapter-episodes"]) },
  };
  for (const body of (own ?? values["adapter-bodies"]).split(",") as BodyName[])
    for (let seed = Number(one ?? 1); seed <= Number(one ?? values.seeds); seed++)
      adapters[body].push(await trainedAdapter(model, { body, seed, sandbox: sandboxes[body] }, settings));
  if (own !== undefined) process.exit();
}
const decoder = await open(0);
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

const training = await microTasks({ split: "training" });
const asks = training.slice(0, 4).map(({ ask }) => ask);
const maxTokens = Number(values["max-tokens"]);
const plain = await byBody((body) =>
  tokenPolicy(decoder, { prompt: prompts[body], asks, samples: 1, rank: 1, maxTokens }),
);
const validation = await someOf("validation");
/** The temperature that earns most on validation tasks: of the model as it is, and in the same way of what was trained. */
const sharpenedOf = (policy: TokenPolicy, body: BodyName, weights: "pretrained" | "trained") =>
  sharpen(policy, {
    ...{ env: envOf(body, validation), weights, episodes: Number(values.search), seed: 99 },
    temperatures: values.temperatures.split(",").map(Number),
  });
const sharpened = await byBody((body) => sharpenedOf(plain[body], body, "pretrained"));
const adapted = await byBody((body) =>
  Promise.all(adapters[body].map((policy) => sharpenedOf(policy, body, "trained"))),
);
for (const body of bodyNames)
  for (const one of [sharpened[body], ...adapted[body]])
    console.log(`${body}:\n${String((await one[displaySymbol]())["text/plain"])}\n`);

const trainedIn = bodyNames.filter((body) => adapted[body].length > 0);
const parts: KeptBodies["parts"] = {};
const episodes: { [split: string]: Evaluation["episodes"] } = {};
for (const split of ["training", "known", "unseen"] as const) {
  const tasks = await someOf(split);
  const env = await byBody((body) => envOf(body, tasks));
  const how = {
    ...{ episodes: Number(values.episodes), seed: 7, progress: false, file: join(values.folder, `${split}.jsonl`) },
    onProgress: (done: number, total: number, what: string) => console.error(`${split}, ${done} of ${total}: ${what}`),
  };
  const both = await evaluate(
    {
      random: await byBody((body) => modelPolicy(models.random({ body }), { body })),
      pretrained: await byBody((body) => plain[body].pretrained({ temperature: 1 })),
      sharpened,
      ...(trainedIn.length === bodyNames.length && { adapter: adapted }),
    },
    { env, ...how },
  );
  const part = partOf(both, tasks.length);
  episodes[split] = { ...both.episodes };
  console.log(`== ${split}: ${tasks.length} tasks\n${String(both[displaySymbol]()["text/plain"])}\n`);
  // In each language beside the model that it was trained from: what that did is known from above.
  for (const body of trainedIn) {
    const own = await evaluate(
      {
        pretrained: plain[body].pretrained({ temperature: 1 }),
        ...{ sharpened: sharpened[body], adapter: adapted[body] },
      },
      { env: { [body]: env[body] }, ...how },
    );
    part.results[body] = { ...part.results[body], ...partOf(own, tasks.length).results[body] };
    episodes[split][body] = own.episodes[body]!;
    console.log(`== ${split}, ${body}\n${String(own[displaySymbol]()["text/plain"])}\n`);
  }
  parts[split] = part;
}

const every = await microTasks();
const heldOut = Object.fromEntries(
  trainedIn.map((body) => [body, heldOutOf(Object.entries(episodes).map(([split, all]) => [split, all[body]!]))]),
);
for (const [body, difference] of Object.entries(heldOut))
  console.log(`adapter in ${body}: ${inPoints(difference)} of held-out tasks beyond the sharpened model, by operation`);
const kept: KeptBodies = {
  ...{ episodes: Number(values.episodes), search: Number(values.search) },
  adapters: Object.fromEntries(
    await Promise.all(
      trainedIn.map(async (body) => [body, await trainingOf(values.folder, `adapter-${body}`)] as const),
    ),
  ),
  temperatures: {
    sharpened: await byBody((body) => [sharpened[body].temperature]),
    adapter: await byBody((body) => adapted[body].map(({ temperature }) => temperature)),
  },
  ...{ parts, heldOut },
};
writeFileSync(join(values.folder, "result.json"), `${JSON.stringify(kept, null, 1)}\n`);
console.log(bodiesTable(kept));
await decoder.dispose();
await Promise.all(Object.values(sandboxes).map((sandbox) => sandbox.dispose()));

/** All adapters of a language together, on both held-out parts, beside its sharpened model. */
function heldOutOf(all: [split: string, policies: Evaluation["episodes"][string]][]): PairedDifference {
  const one = all.map(([split, { sharpened = [], adapter = [] }]) => {
    const again = Array.from({ length: adapter.length / sharpened.length }, () => sharpened).flat();
    return [split, { sharpened: again, adapter }] as const;
  });
  return heldOutBySeed(Object.fromEntries(one), every)[0]!;
}
