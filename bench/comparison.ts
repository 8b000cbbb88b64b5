/**
 * `npm run bench:comparison [-- --model smollm2 --dtype fp32 --seeds 3 --updates 32 --episodes 48 --evaluate 128 --folder runs/comparison]`: the
 * paper's comparison on a real language model. Trains a head for each seed, then lets random weights, the pretrained model
 * (at temperature 1, and at the one that the heads are trained at), the sharpened one (the temperature best on validation
 * tasks) and the trained ones (at the temperature of their training, and each at its own best, found in the same way) live on the same seeds and tasks, each part of the
 * tasks apart, in the real sandbox. Prints the tables and what may be said of them, and writes `result.json`. Goes on where
 * it was stopped: heads after each update, episodes after each batch.
 *
 * `--train 2` trains the second head alone: so several are trained at once, each in a process of its own (`--threads 1`), and
 * the command without it goes on from what they left. `--search 48`: episodes at each temperature that is tried.
 *
 * `--adapter 4` also trains adapters of the last four blocks, with the same seeds and as many updates (or `--adapter-updates 24`):
 * the row `adapter`. Each of their updates asks 16 tasks that none before it asked (`--curriculum learnable`: those first that teach; `--replay 64`: and learns again from as many programs that went well; `--entropy 0.01`: and is paid so much for each nat of its choice), 8 samples each (`--adapter-episodes 32` in groups of 8, lives of 4), and
 * a life is worth twice what it is to a head. `--train-adapter 2` trains the second of them alone.
 *
 * `--adapters-alone`: no heads; adapters beside the pretrained and the sharpened model, and each seed's held-out tasks by themselves.
 *
 * `npm run bench:comparison -- --write [--folder runs/comparison]`: keeps what a finished run left in its folder, as
 * `bench/results/comparison.json` (`--as NAME`: another of that folder), and prints the table that README shows of it; nothing is run.
 *
 * Goals: survival of the trained above the pretrained model's on every split (paired, its interval above 0), harm not above it,
 * variety at least half of it, tasks done above both the pretrained and the sharpened model's; on training tasks the
 * interval of what they do beyond the sharpened one above 0. Of adapters: the same interval above 0 on both held-out parts, and
 * 15 points on the families of training.
 */

import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { displaySymbol } from "../src/display/index.ts";
import { rewards, SurvivalEnv } from "../src/environment/index.ts";
import { evaluate, sharpen } from "../src/evaluation/index.ts";
import { type Dtype, randomModel } from "../src/model/index.ts";
import { openPretrained, type Policy, type TokenPolicy, tokenPolicy } from "../src/policy/index.ts";
import { createSandbox } from "../src/sandbox/index.ts";
import { type MicroTask, microTasks, type TaskSplit, taskSplits } from "../src/tasks/index.ts";
import { readCheckpoint, type TrainOptions, train } from "../src/training/index.ts";
import { familiesOf } from "./comparison/families.ts";
import { heldOutBySeed } from "./comparison/held-out.ts";
import { adapterGoals, comparisonGoals, keptOf, readmeTable } from "./comparison/kept.ts";
import { adapterRewards } from "./comparison/paid.ts";
import { notRun, reportGoals } from "./goals.ts";

const { values } = parseArgs({
  options: {
    model: { type: "string", default: "smollm2" },
    seeds: { type: "string", default: "3" },
    updates: { type: "string", default: "32" },
    episodes: { type: "string", default: "48" },
    group: { type: "string", default: "8" },
    steps: { type: "string", default: "4" },
    evaluate: { type: "string", default: "128" },
    search: { type: "string", default: "48" },
    threads: { type: "string", default: "2" },
    train: { type: "string" },
    adapter: { type: "string", default: "0" },
    "train-adapter": { type: "string" },
    "adapter-episodes": { type: "string", default: "32" },
    "adapter-updates": { type: "string" },
    curriculum: { type: "string", default: "each task new" },
    replay: { type: "string", default: "0" },
    entropy: { type: "string", default: "0" },
    "adapters-alone": { type: "boolean", default: false },
    temperature: { type: "string", default: "0.6" },
    rank: { type: "string", default: "16" },
    rate: { type: "string", default: "0.07" },
    kl: { type: "string", default: "0.05" },
    useful: { type: "string", default: "3" },
    dtype: { type: "string", default: "fp32" },
    folder: { type: "string", default: "runs/comparison" },
    write: { type: "boolean", default: false },
    as: { type: "string", default: "comparison" },
  },
});
const number = (
  name: Exclude<keyof typeof values, "model" | "dtype" | "folder" | "write" | "as" | "adapters-alone" | "curriculum">,
) => Number(values[name]);
if (values.write) {
  await keep(values.folder, values.as);
  process.exit();
}
mkdirSync(values.folder, { recursive: true });

await using sandbox = await createSandbox({ workers: 2 });
const isAdapterAlone = values["train-adapter"] !== undefined;
const blocks = number("adapter") || (isAdapterAlone ? 4 : 0);
const decoder = await openPretrained(values.model, {
  threads: number("threads"),
  ...(isAdapterAlone ? { adaptedBlocks: blocks } : { dtype: values.dtype as Dtype }),
}).catch((error: Error) => notRun(`the model ${values.model}`, `${error.message}.`));
const tasks = await microTasks();
const tasksIn = (split: TaskSplit) => tasks.filter((task) => task.split === split);
const asks = tasksIn("training").map(({ ask }) => ask);
const parts = [
  rewards.survival,
  { ...rewards.harm, weight: 0.005 },
  { ...rewards.usefulness, weight: number("useful") },
];
const envOf = (tasks: readonly MicroTask[], own = parts) =>
  new SurvivalEnv({ tasks, maxSteps: number("steps"), rewards: own, sandbox });

if (values.train !== undefined || isAdapterAlone) {
  await (isAdapterAlone ? trainAdapter(number("train-adapter")) : trainHead(number("train")));
  process.exit();
}
let adaptedModel: Promise<typeof decoder> | undefined;
const isAlone = values["adapters-alone"];
const heads: TokenPolicy[] = [];
for (let seed = 1; seed <= number("seeds") && !isAlone; seed++) heads.push(await trainHead(seed));
const adapters: TokenPolicy[] = [];
if (blocks > 0) for (let seed = 1; seed <= number("seeds"); seed++) adapters.push(await trainAdapter(seed));
const plain = await tokenPolicy(decoder, { asks, samples: 8, rank: 1 });
const sharpened = await sharpen(plain, { env: envOf(tasksIn("validation")), seed: 99, episodes: number("search") });
console.log(`${String((await sharpened[displaySymbol]())["text/plain"])}\n`);

const found = await evaluate(
  {
    ...(!isAlone && { random: await randomWeights() }),
    pretrained: plain.pretrained({ temperature: 1 }),
    ...(!isAlone && {
      [`pretrained, ${values.temperature}`]: plain.pretrained({ temperature: number("temperature") }),
    }),
    sharpened,
    ...(!isAlone && { [`trained, ${values.temperature}`]: heads.map((head) => head.frozen()), trained: heads }),
    ...(adapters.length > 0 && { adapter: adapters }),
  },
  {
    env: Object.fromEntries(
      taskSplits
        .map((split) => [split, tasksIn(split)] as const)
        .filter(([, own]) => own.length > 0)
        .map(([split, own]) => [split, envOf(own)]),
    ),
    episodes: number("evaluate"),
    seed: 7,
    file: join(values.folder, "episodes.jsonl"),
    onProgress: (done, total, what) => console.error(`${done} of ${total}: ${what}`),
  },
);
console.log(String(found[displaySymbol]()["text/plain"]));
console.log(`\n${String((await found.causes()[displaySymbol]())["text/plain"])}\n`);
console.log(`${String((await found.outcomes()[displaySymbol]())["text/plain"])}\n`);
const families = familiesOf(found.episodes, tasks);
const heldOut = heldOutBySeed(found.episodes, tasks);
for (const [i, { estimate, low, high }] of heldOut.entries())
  console.log(
    `adapter, seed ${i + 1}: ${(100 * estimate).toFixed(1)} points (${(100 * low).toFixed(1)} to ${(100 * high).toFixed(1)}) of held-out tasks beyond the sharpened model, by operation`,
  );
writeFileSync(
  join(values.folder, "result.json"),
  `${JSON.stringify({ ...found.toJSON(), families, heldOut }, null, 1)}\n`,
);
reportGoals([...comparisonGoals(found.results), ...adapterGoals(found.results)]);
process.exit();

/** Keeps a finished run's figures in the project. */
async function keep(folder: string, name: string): Promise<void> {
  const kept = await keptOf(folder).catch((error: Error) => notRun("a finished run", error.message));
  const file = join(import.meta.dirname, "results", `${name}.json`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(kept, null, 2)}\n`);
  console.log(`${readmeTable(kept)}\n\n${kept.sentences.join("\n")}`);
  reportGoals([...comparisonGoals(kept.results), ...adapterGoals(kept.results)]);
}

/** Trains a head, or goes on with it, or takes it as it is when it is done. */
async function trainHead(seed: number): Promise<TokenPolicy> {
  const [temperature, episodes] = [number("temperature"), number("episodes")];
  const settings = { rank: number("rank"), temperature, batch: episodes };
  const policy = await tokenPolicy(decoder, { asks, seed, samples: 192, ...settings });
  const env = envOf(tasksIn("training"));
  return trainPolicy("head", { env, policy, seed, episodes, klCoef: number("kl"), learningRate: number("rate") });
}

/** The model as adapters need it, opened once for all of them. */
async function adapted(): Promise<typeof decoder> {
  adaptedModel ??= openPretrained(values.model, { threads: number("threads"), adaptedBlocks: blocks });
  return adaptedModel;
}

/** The same of an adapter of the last blocks. */
async function trainAdapter(seed: number): Promise<TokenPolicy> {
  const adapter = { blocks, rank: number("rank") };
  const model = isAdapterAlone ? decoder : await adapted();
  const [temperature, episodes] = [number("temperature"), number("adapter-episodes")];
  const policy = await tokenPolicy(model, { adapter, seed, temperature, batch: episodes });
  const env = envOf(tasksIn("training"), adapterRewards({ done: number("useful") }));
  const updates = Number(values["adapter-updates"] ?? values.updates);
  return trainPolicy("adapter", {
    env,
    policy,
    seed,
    episodes,
    updates,
    curriculum: values.curriculum as NonNullable<TrainOptions["curriculum"]>,
    replay: number("replay"),
    entropyBonus: number("entropy"),
  });
}

async function trainPolicy(
  kind: string,
  options: TrainOptions & { policy: TokenPolicy; seed: number },
): Promise<TokenPolicy> {
  const { seed, policy } = options;
  const save = join(values.folder, `${kind}-${seed}.safetensors`);
  const resume = existsSync(save) ? await readCheckpoint(save) : null;
  let seconds = 0;
  for await (const update of train({
    ...{ updates: number("updates"), entropyBonus: 0, ...options, save, panel: false },
    group: number("group"),
    lrSchedule: "linear",
    ...(resume && { resume }),
  })) {
    seconds += update.seconds.rollout + update.seconds.update;
    const { survival, successRate, harm, distinct, policyEntropy, kl } = update;
    const figures = { survival, successRate, harm, distinct, policyEntropy, kl };
    const shown = Object.entries(figures).map(([name, value]) => `${name} ${(value ?? 0).toFixed(3)}`);
    const { rollout, update: learned } = update.seconds;
    const cost = `${rollout.toFixed(0)} + ${learned.toFixed(1)} s on ${update.backend.backend}, ${seconds.toFixed(0)} s so far`;
    console.error(`${kind}, seed ${seed}, update ${update.update}: ${shown.join("  ")}  ${cost}`);
  }
  console.error(
    `${kind}, seed ${seed}: trained in ${(seconds / 60).toFixed(1)} min${resume ? ", the rest was known" : ""}`,
  );
  return policy;
}

/** Weights that were never trained, with the same words; two layers, because more would draw the same noise slower. */
async function randomWeights(): Promise<Policy> {
  const { config, tokenizer } = decoder;
  const model = await randomModel({ ...config, layers: 2 }, tokenizer, { seed: 1 });
  return (await tokenPolicy(model, { asks, samples: 8, rank: 1 })).pretrained({ temperature: 1 });
}
