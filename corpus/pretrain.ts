/**
 * `npm run pretrain`: from nothing to the small model of data/models/tiny, with `-- --body python` to that of
 * data/models/tiny-python; `--from FOLDER` begins with the weights of a model that is there. The corpus is drawn by seed, the model trained on TF.js (over Google's libtensorflow after
 * `npm run setup:tensorflow`), its programs are run in the sandbox, and the card says what came of it. Ctrl-C keeps the
 * run: the same command goes on with it.
 */

import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { openTokenTable } from "../src/model/index.ts";
import { tf } from "../src/policy/index.ts";
import { createRandom } from "../src/random/index.ts";
import { prepareBackend } from "../src/training/index.ts";
import { type Body, collectTokens, defaultRates, drawTexts } from "./index.ts";
import { writeCard } from "./pretrain/card.ts";
import { readCheckpoint, writeCheckpoint, writeModel } from "./pretrain/files.ts";
import { askSorts, measureModel } from "./pretrain/measure.ts";
import { startFrom } from "./pretrain/start.ts";
import { evaluateLoss, type PretrainOptions, type PretrainState, pretrain } from "./pretrain/train.ts";
import { initialWeights, type Tf } from "./pretrain/transformer.ts";

/** What makes the model what it is: the card's command names those that were changed. */
const defaults = { steps: 3500, batch: 8, seed: 1, width: 192, layers: 4, heads: 6, context: 256 };
type NumberName = keyof typeof defaults;
const names = Object.keys(defaults) as NumberName[];

const { values: given } = parseArgs({
  options: {
    body: { type: "string", default: "javascript" },
    output: { type: "string" },
    work: { type: "string" },
    from: { type: "string" },
    samples: { type: "string", default: "300" },
    fresh: { type: "boolean", default: false },
    ...(Object.fromEntries(names.map((name) => [name, { type: "string", default: String(defaults[name]) }])) as {
      [name in NumberName]: { type: "string"; default: string };
    }),
  },
});

if (given.body !== "javascript" && given.body !== "python")
  throw new RangeError(`Expected --body to be javascript or python, got ${given.body}`);
const body: Body = given.body;
/** Each language's model, and its run under way, have a folder of their own. */
const own = body === "python" ? "-python" : "";
const output = given.output ?? resolve(import.meta.dirname, `../data/models/tiny${own}`);
const work = given.work ?? resolve(import.meta.dirname, `../runs/pretrain${own}`);

/** Documents from which the vocabulary is collected. */
const vocabularyDocuments = 20_000;
/** Steps between two checkpoints. */
const checkpointSteps = 200;

await main();

async function main(): Promise<void> {
  // What is no number is told before hours of training, not after them.
  for (const name of names) countOf(name, given[name]);
  const samples = countOf("samples", given.samples);
  if (Number(given.width) % Number(given.heads) !== 0)
    throw new RangeError(`Expected --width to be a multiple of --heads, got ${given.width} and ${given.heads}`);
  const { backend, passedOver } = await prepareBackend({ size: 1e9 });
  if (backend === "cpu" || backend === "wasm")
    console.log(`On ${backend}, which takes many times as long: ${passedOver.at(-1)?.why}`);
  const number = (name: NumberName): number => Number(given[name]);
  const seed = number("seed");
  const corpus = { rates: defaultRates, typed: 0.3, examples: 8, ...(body === "python" && { body }) };
  const collected = collectTokens(drawTexts(seed, vocabularyDocuments, corpus), { least: 3 });
  const table = body === "python" ? { ...collected, prompt: "base-python" } : collected;
  const tokens = await openTokenTable(table);
  const size = {
    vocabulary: tokens.size,
    context: number("context"),
    width: number("width"),
    layers: number("layers"),
    heads: number("heads"),
  };
  const options: PretrainOptions = {
    size,
    tokens,
    corpus,
    seed,
    steps: number("steps"),
    batch: number("batch"),
    peak: 3e-3,
    floor: 1e-4,
    warmup: Math.min(100, Math.ceil(number("steps") / 10)),
  };
  const { tokens: _, ...what } = options;
  const settings = { ...what, ...(given.from !== undefined && { from: given.from }) };
  const file = join(work, "checkpoint.safetensors");
  const under = given.fresh ? null : await readCheckpoint(file, settings);
  console.log(
    `${describeSize(options)}; TF.js on ${tf.getBackend()}${under === null ? "" : `; goes on after step ${under.steps}`}`,
  );
  const drawn = (): Float32Array => initialWeights(size, createRandom(seed, "weights"));
  const from = under ?? (given.from ? await startFrom(resolve(given.from), { size, table, drawn: drawn() }) : null);
  const began = performance.now();
  const state = await run(tf, options, from, (now) => writeCheckpoint(file, now, settings));
  if (state === null) return console.log(`stopped; the same command goes on with it`);
  writeModel(output, size, state.weights, table);
  const seconds = Math.round((performance.now() - began) / 1000);
  const lossOf = (sort: keyof typeof askSorts): number =>
    evaluateLoss(tf, options, state.weights, { ...askSorts[sort], windows: 64, seed: seed + 1 });
  const loss = { training: lossOf("training"), combinations: lossOf("combinations"), families: lossOf("families") };
  console.log(
    `loss ${Object.entries(loss)
      .map(([name, value]) => `${name} ${value.toFixed(4)}`)
      .join(", ")}; ${seconds} s`,
  );
  const measured = await measureModel(output, { samples, seed, body });
  const changed = [
    ...(body === "python" ? ["--body python"] : []),
    ...(given.from === undefined ? [] : [`--from ${given.from}`]),
    ...names.filter((name) => number(name) !== defaults[name]).map((name) => `--${name} ${given[name]}`),
  ];
  writeCard(output, {
    options,
    loss,
    seconds,
    measured,
    command: ["npm run pretrain --", ...changed].join(" "),
  });
}

function countOf(name: string, text: string): number {
  if (/^\d+$/.test(text) && Number(text) > 0) return Number(text);
  throw new RangeError(`Expected --${name} to be a positive integer, got ${text}`);
}

/** Trains to the end, or until Ctrl-C: then the state is saved and null returned. */
async function run(
  tf: Tf,
  options: PretrainOptions,
  from: PretrainState | null,
  save: (state: PretrainState) => void,
): Promise<PretrainState | null> {
  let stopped = false;
  const stop = (): void => {
    stopped = true;
  };
  process.once("SIGINT", stop).once("SIGTERM", stop);
  let last: PretrainState | null = from;
  let smooth = Number.NaN;
  let at = performance.now();
  for await (const { step, loss, norm, learningRate, read } of pretrain(tf, options, from ?? undefined)) {
    smooth = Number.isNaN(smooth) ? loss : 0.95 * smooth + 0.05 * loss;
    if (step % 50 === 0) {
      const perStep = (performance.now() - at) / 50;
      at = performance.now();
      const left = ((options.steps - step) * perStep) / 60_000;
      console.log(
        `step ${step}/${options.steps}  loss ${smooth.toFixed(3)}  norm ${norm.toFixed(2)}  rate ${learningRate.toExponential(1)}  ` +
          `${Math.round((options.batch * options.size.context * 1000) / perStep)} tokens/s  ${left.toFixed(1)} min left`,
      );
    }
    // A step never leaves the microtasks: without a turn of the event loop no signal would be heard.
    await new Promise((resolve) => setImmediate(resolve));
    if (stopped || step === options.steps || step % checkpointSteps === 0) {
      last = read();
      save(last);
    }
    if (stopped) break;
  }
  process.off("SIGINT", stop).off("SIGTERM", stop);
  return stopped ? null : last;
}

function describeSize({ size, steps, batch }: PretrainOptions): string {
  const { layers, width, heads, context, vocabulary } = size;
  return `${layers} layers, width ${width}, ${heads} heads, context ${context}, ${vocabulary} tokens; ${steps} steps of ${batch * context} tokens`;
}
