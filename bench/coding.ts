/**
 * `npm run bench:coding [-- --model smollm2 --dtype q8 --problems 160 --samples 2 --levels 1,2,3,4 --seeds 3 --updates 32 --episodes 48
 * --search 24 --folder runs/coding --heads FILE,FILE --adapters FILE,FILE --about trained]`: the paper's second evaluation on a real language model. Trains a head for
 * each seed on micro-tasks (or opens those that are named), looks for the temperature that suits the pretrained model best on
 * problems of its own, and lets random weights, the pretrained model, the sharpened one and the trained heads, at that same
 * temperature, do the five code tasks. Who needs no training is asked first, and shown as soon as that is done. Prints the tables with what may be
 * said, and writes `result.json`. Goes on where it was stopped.
 *
 * `--adapters`: checkpoints of `bench:comparison -- --train-adapter N`, the row `adapter`. Each is merged into the model's weights, and what comes of
 * that is opened in the numbers of the other rows, so that no row differs by its numbers alone; `--seeds 0` trains no heads. `--about`: of which row
 * the five claims are made, the trained heads' where there are any.
 *
 * `npm run bench:coding -- --write [--folder runs/coding]`: keeps a finished run as `bench/results/coding.json`, one with adapters as
 * `coding-adapters.json`, and prints README's tables of it; nothing is run.
 *
 * Goals: random weights pass nothing; the sharpened model passes 5 to 70 % of each task on levels 1 and 2, so that the problems
 * tell models of its size apart.
 */

import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type CodeLevel, codeProblems, codeTasks, evaluateCode } from "../src/coding/index.ts";
import { type Displayable, displaySymbol } from "../src/display/index.ts";
import { rewards, SurvivalEnv } from "../src/environment/index.ts";
import { type LanguageModel, models } from "../src/llm/index.ts";
import { type Dtype, randomModel } from "../src/model/index.ts";
import { openPretrained, type TokenPolicy, tokenPolicy } from "../src/policy/index.ts";
import { createSandbox } from "../src/sandbox/index.ts";
import { microTasks } from "../src/tasks/index.ts";
import { adaptedBlocksOf, readCheckpoint, train, trainedPolicy } from "../src/training/index.ts";
import { type KeptCoding, keptOf, qualityTable, tasksTable } from "./coding/kept.ts";
import { type Goal, notRun, reportGoals } from "./goals.ts";

const { values } = parseArgs({
  options: {
    model: { type: "string", default: "smollm2" },
    dtype: { type: "string", default: "q8" },
    problems: { type: "string", default: "160" },
    samples: { type: "string", default: "2" },
    levels: { type: "string", default: "1,2,3,4" },
    seeds: { type: "string", default: "3" },
    updates: { type: "string", default: "32" },
    episodes: { type: "string", default: "48" },
    search: { type: "string", default: "24" },
    temperature: { type: "string", default: "" },
    folder: { type: "string", default: "runs/coding" },
    heads: { type: "string", default: "" },
    adapters: { type: "string", default: "" },
    about: { type: "string" },
    write: { type: "boolean", default: false },
  },
});
if (values.write) {
  const kept = await keptOf(values.folder).catch((error: Error) => notRun("a finished run", error.message));
  const name = kept.adapted ? "coding-adapters.json" : "coding.json";
  writeFileSync(join(import.meta.dirname, "results", name), `${JSON.stringify(kept, null, 2)}\n`);
  console.log([tasksTable(kept), qualityTable(kept), ...kept.sentences].join("\n\n"));
  reportGoals(goalsOf(kept));
  process.exit();
}
mkdirSync(values.folder, { recursive: true });
await using sandbox = await createSandbox({ workers: 2 });
const dtype = values.dtype as Dtype;
const decoder = await openPretrained(values.model, { dtype }).catch((error: Error) =>
  notRun(`the model ${values.model}`, `${error.message}.`),
);
const levels = values.levels.split(",").map(Number) as CodeLevel[];
const problems = await codeProblems({ levels, count: Number(values.problems) });
const asks = (await microTasks({ split: "training" })).map(({ ask }) => ask);
const plain = await tokenPolicy(decoder, { asks, samples: 8, rank: 1 });
const temperature = values.temperature === "" ? await bestTemperature() : Number(values.temperature);
const blank = await randomModel({ ...decoder.config, layers: 2 }, decoder.tokenizer, { seed: 1 });
const sharpened = plain.pretrained({ temperature });
const untrained = {
  pretrained: models.local(decoder, { temperature: 1, maxBatch: 64 }),
  sharpened,
  random: models.local(blank, { maxBatch: 64 }),
};
const how = {
  ...{ problems, samples: Number(values.samples), writer: sharpened, sandboxes: { javascript: sandbox } },
  ...{ file: join(values.folder, "answers.jsonl"), batch: 40 },
  onProgress: (done: number, total: number, what: string) => console.error(`${done} of ${total}: ${what}`),
};
// They need no training, and what they answered is known to the whole evaluation below.
await show(await evaluateCode(untrained, { ...how, about: "sharpened", quality: false }));

const heads: TokenPolicy[] = [];
for (const file of filesOf(values.heads)) heads.push(await trainedPolicy(decoder, await readCheckpoint(file)));
if (heads.length === 0) for (let seed = 1; seed <= Number(values.seeds); seed++) heads.push(await trainHead(seed));
const adapters = await mergeAdapters(filesOf(values.adapters));
const found = await evaluateCode(
  {
    ...untrained,
    ...(heads.length > 0 && { trained: heads.map((head) => head.frozen({ temperature })) }),
    ...(adapters.length > 0 && { adapter: adapters }),
  },
  { ...how, ...aboutOf() },
);
for (const shown of [found, found.details()]) await show(shown);
writeFileSync(join(values.folder, "result.json"), `${JSON.stringify({ temperature, ...found.toJSON() }, null, 1)}\n`);
writeFileSync(join(values.folder, "answers.csv"), found.csv());
reportGoals(goalsOf(found));
process.exit();

async function show(shown: Displayable): Promise<void> {
  console.log(`${String((await shown[displaySymbol]())["text/plain"])}\n`);
}

function filesOf(list: string): string[] {
  return list === "" ? [] : list.split(",");
}

/** The row that claims are made of. */
function aboutOf(): { about: string } {
  if (values.about !== undefined) return { about: values.about };
  const rows = [...(heads.length > 0 ? ["trained"] : []), ...(adapters.length > 0 ? ["adapter"] : [])];
  return { about: rows[0] ?? "sharpened" };
}

/**
 * The model with each adapter merged in, as one would serve it: written once to `adapter-N` of the run's folder, beside the checkpoint,
 * and opened in the numbers of the other rows.
 */
async function mergeAdapters(files: readonly string[]): Promise<LanguageModel[]> {
  const folders = files.map((_, i) => join(values.folder, `adapter-${i + 1}`));
  for (const [i, file] of files.entries()) {
    const kept = `${folders[i]}.safetensors`;
    const isKept = existsSync(kept) && readFileSync(kept).equals(readFileSync(file));
    if (isKept && existsSync(folders[i]!)) continue;
    const checkpoint = await readCheckpoint(file);
    const adapted = await openPretrained(values.model, { dtype: "fp32", adaptedBlocks: adaptedBlocksOf(checkpoint) });
    await (await trainedPolicy(adapted, checkpoint)).saveMerged!(folders[i]!);
    await adapted.dispose();
    if (file !== kept) copyFileSync(file, kept);
  }
  return folders.map((folder) => models.local(folder, { dtype, temperature, maxBatch: 64 }));
}

/** The temperature at which the pretrained model does best, on problems that are not compared on. */
async function bestTemperature(): Promise<number> {
  const compared = new Set(problems.map(({ id }) => id));
  const others = (await codeProblems({ levels, seed: 1, count: 2 * Number(values.search) + problems.length }))
    .filter(({ id }) => !compared.has(id))
    .slice(0, Number(values.search));
  const tried = [1, 0.6, 0.3, 0.1];
  const tasks = ["text-to-code", "completion", "repair"] as const;
  const searched = await evaluateCode(
    Object.fromEntries(tried.map((one) => [String(one), plain.pretrained({ temperature: one })])),
    { problems: others, tasks, sandboxes: { javascript: sandbox }, file: join(values.folder, "search.jsonl") },
  );
  const shareAt = (one: number) =>
    tasks.reduce((sum, task) => sum + searched.results[String(one)]!.tasks[task]!.share!.estimate / tasks.length, 0);
  for (const one of tried)
    console.log(`temperature ${one}: ${(100 * shareAt(one)).toFixed(1)} % of ${tasks.join(", ")}`);
  return tried.reduce((best, one) => (shareAt(one) > shareAt(best) ? one : best));
}

/** Trains a head as `bench:comparison` does, or goes on with it, or takes it as it is when it is done. */
async function trainHead(seed: number): Promise<TokenPolicy> {
  const tasks = await microTasks({ split: "training" });
  const parts = [rewards.survival, { ...rewards.harm, weight: 0.005 }, { ...rewards.usefulness, weight: 3 }];
  const env = new SurvivalEnv({ tasks, maxSteps: 4, rewards: parts, sandbox });
  const [episodes, updates] = [Number(values.episodes), Number(values.updates)];
  const policy = await tokenPolicy(decoder, { asks, seed, samples: 192, rank: 16, temperature: 0.6, batch: episodes });
  const save = join(values.folder, `head-${seed}.safetensors`);
  const resume = existsSync(save) ? await readCheckpoint(save) : null;
  const recipe = { group: 8, klCoef: 0.05, entropyBonus: 0, lrSchedule: "linear", learningRate: 0.07 } as const;
  const how = { ...recipe, env, policy, seed, updates, episodes, panel: false, save, ...(resume && { resume }) };
  for await (const { update, survival } of train(how))
    console.error(`seed ${seed}, update ${update}: ${survival.toFixed(2)} steps survived`);
  return policy;
}

function goalsOf({ results }: Pick<KeptCoding, "results">): Goal[] {
  const random = codeTasks.map((task) => results.random!.tasks[task]!.share!.estimate);
  const easy = codeTasks.map((task) => {
    const { byLevel } = results.sharpened!.tasks[task]!;
    const shares = [byLevel[1], byLevel[2]].filter((share) => share !== undefined);
    return { task, share: shares.reduce((sum, { estimate }) => sum + estimate / shares.length, 0) };
  });
  return [
    { goal: "random weights pass nothing, share of any task", measured: Math.max(...random), atMost: 0, noise: 0 },
    ...easy.flatMap(({ task, share }): Goal[] => [
      { goal: `the sharpened model on levels 1 and 2, ${task}, at least`, measured: share, atLeast: 0.05, noise: 0.05 },
      { goal: `the sharpened model on levels 1 and 2, ${task}, at most`, measured: share, atMost: 0.7, noise: 0.05 },
    ]),
  ];
}
