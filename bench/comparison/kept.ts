/**
 * What is kept of a finished comparison: `bench/results/comparison.json`, made by `npm run bench:comparison -- --write` out of
 * what the run left in its folder, the table that README shows of it, and the goals it is judged by. A run's own facts say
 * how long it was, not the options of the command that keeps it. Not here: the run (`bench/comparison.ts`).
 */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Evaluation, Result } from "../../src/evaluation/index.ts";
import type { Interval, PairedDifference } from "../../src/statistics/index.ts";
import { readCheckpoint } from "../../src/training/index.ts";
import type { Goal } from "../goals.ts";
import { counted, markdownTable } from "../markdown.ts";
import type { Families } from "./families.ts";

/** What is kept of a policy's figures. */
export type KeptResult = Pick<
  Result,
  | "episodes"
  | "steps"
  | "faults"
  | "return"
  | "survival"
  | "harm"
  | "harmfulSteps"
  | "successRate"
  | "variety"
  | "varietyOf"
  | "varietyWithin"
  | "degenerate"
  | "improvement"
  | "beyondReference"
  | "beyondControl"
>;

/** Figures by split, then by policy. */
export type Results = { [split: string]: { [name: string]: KeptResult } };

/** Policies of one kind: how many, on what, how long each was trained, and the temperature of their episodes. */
export interface KeptTraining {
  seeds: number;
  policy: string;
  updates: number;
  episodes: number;
  temperature: unknown;
}

/** The kept file. */
export interface KeptComparison {
  /** Absent where no heads were trained. */
  trained?: KeptTraining;
  /** Absent where no adapters were trained. */
  adapted?: KeptTraining;
  /** Lives of each policy without a seed, and of each head, on each split. */
  episodes: number;
  results: Results;
  sentences: string[];
  /** Absent in files of older runs. */
  families?: Families;
  /** What each adapter's seed does of held-out tasks beyond the sharpened model; absent where there are none. */
  heldOut?: PairedDifference[];
}

/** What a run left in its folder. Throws an Error that says what is missing. */
export async function keptOf(folder: string): Promise<KeptComparison> {
  const file = join(folder, "result.json");
  if (!existsSync(file))
    throw new Error(`There is no finished comparison in ${folder}: let \`npm run bench:comparison\` end, then keep it`);
  const found = JSON.parse(readFileSync(file, "utf8")) as Pick<Evaluation, "results" | "sentences"> &
    Pick<KeptComparison, "families" | "heldOut">;
  const { sentences, families, heldOut = [] } = found;
  const results = keptResults(found.results);
  const trained = results.training!.trained && (await trainingOf(folder, "head"));
  const adapted = results.training!.adapter && (await trainingOf(folder, "adapter"));
  const { pretrained, ...others } = results.training!;
  const episodes = pretrained!.episodes + pretrained!.faults;
  if (trained && others.trained!.episodes + others.trained!.faults !== episodes * trained.seeds)
    throw new Error(
      `${folder} holds ${trained.seeds} heads, and its result ${others.trained!.episodes} episodes of trained ones for ${episodes} of the pretrained model: they are not of one run`,
    );
  const kept = { ...(trained && { trained }), ...(adapted && { adapted }), episodes, results, sentences };
  return { ...kept, ...(families && { families }), ...(heldOut.length > 0 && { heldOut }) };
}

/** How the policies of a kind were trained, by their checkpoints (`KIND-SEED.safetensors`). Throws an Error where it was not the same for all. */
export async function trainingOf(folder: string, kind: string): Promise<KeptTraining> {
  const names = readdirSync(folder).filter((name) => new RegExp(`^${kind}-\\d+\\.safetensors$`).test(name));
  const all = await Promise.all(names.map((name) => readCheckpoint(join(folder, name))));
  const [first] = all;
  if (first === undefined) throw new Error(`${folder} holds no ${kind}, though its result is of some`);
  const { policy, update, episodesSoFar, about } = first;
  // How many tokens a head changes is drawn by its seed.
  const alike = (name: string) => name.replace(/ (?:words|tokens) \d+/, "");
  const other = all.find(
    (one) => alike(one.policy) !== alike(policy) || one.update !== update || one.episodesSoFar !== episodesSoFar,
  );
  if (other !== undefined)
    throw new Error(`The ${kind}s in ${folder} were not trained alike: one ${update} updates, one ${other.update}`);
  const { temperature } = about;
  return { seeds: all.length, policy, updates: update, episodes: episodesSoFar / update, temperature };
}

function keptResults(results: Evaluation["results"]): Results {
  const kept = (result: Result): KeptResult => {
    const { episodes, steps, faults, return: total, survival, harm, harmfulSteps, successRate } = result;
    const { variety, varietyOf, varietyWithin, degenerate, improvement, beyondReference, beyondControl } = result;
    return {
      ...{ episodes, steps, faults, return: total, survival, harm, harmfulSteps, successRate },
      ...{ variety, varietyOf, varietyWithin, degenerate, improvement, beyondReference, beyondControl },
    };
  };
  const each = <A, B>(all: { [name: string]: A }, map: (one: A) => B) =>
    Object.fromEntries(Object.entries(all).map(([name, one]) => [name, map(one)]));
  return each(results, (policies) => each(policies, kept));
}

/** README's table of a kept comparison, as Markdown: a cell has the steps survived, and the tasks done in percent. */
export function readmeTable({ trained, adapted, results }: KeptComparison): string {
  const rowNames: { [policy: string]: string | undefined } = {
    random: "random weights",
    ...(trained && { trained: `trained head, ${howLong(trained)}` }),
    ...(adapted && { adapter: `adapter, ${howLong(adapted)}` }),
  };
  const rows = Object.keys(results.training!).map((name) => [
    rowNames[name] ?? named(name),
    ...Object.values(results).map((policies) => {
      const { survival, successRate } = policies[name]!;
      return `${survival.estimate.toFixed(2)} · ${shown(successRate!, 100, 1)}`;
    }),
  ]);
  return markdownTable([["SmolLM2-135M", ...Object.keys(results)], ...rows]);
}

function howLong({ seeds, updates }: KeptTraining): string {
  return `${counted(seeds, "seed")}, ${updates} updates`;
}

/** `pretrained, 0.6` is the pretrained model at that temperature. */
function named(policy: string): string {
  return policy.replace(/, (?=[\d.]+$)/, ", temperature ");
}

/** An estimate with its interval, which is left out where it is the estimate alone. */
function shown({ estimate, low, high }: Interval, scale: number, digits: number): string {
  const text = (value: number) => (scale * value).toFixed(digits);
  return low === high ? text(estimate) : `${text(estimate)} (${text(low)}–${text(high)})`;
}

/**
 * What a comparison promises. What is compared is paired, with the interval that holds together with those of all comparisons;
 * else a goal's noise is what the intervals leave open.
 */
export function comparisonGoals(results: Results): Goal[] {
  return Object.entries(results).flatMap(([split, { pretrained, sharpened, trained }]) => {
    if (!pretrained || !sharpened || !trained) return [];
    const goals = goalsOf(trained, pretrained);
    const beyond = trained.beyondControl!.successRate!;
    goals.push({
      ...{ goal: "tasks done beyond the sharpened model's, %", measured: 100 * beyond.estimate, atLeast: 0 },
      noise: 100 * (beyond.high - beyond.estimate),
    });
    // More than sharpening is promised of the tasks that were trained on.
    if (split === "training")
      goals.push({ goal: "the same, low end of the interval, %", measured: 100 * beyond.low, atLeast: 0, noise: 0 });
    return goals.map((goal) => ({ ...goal, goal: `${split}: ${goal.goal}` }));
  });
}

/** What is promised of adapters: learning that carries over to tasks that are held out. */
export function adapterGoals(results: Results): Goal[] {
  return ["known", "unseen"].flatMap((split) => {
    const beyond = results[split]?.adapter?.beyondControl?.successRate;
    if (!beyond) return [];
    const goal = `${split}: tasks done by the adapter beyond the sharpened model's`;
    const low = { goal: `${goal}, low end of the interval, %`, measured: 100 * beyond.low, atLeast: 0, noise: 0 };
    const points = { measured: 100 * beyond.estimate, atLeast: 15, noise: 100 * (beyond.high - beyond.estimate) };
    return split === "known" ? [low, { goal: `${goal}, %`, ...points }] : [low];
  });
}

function goalsOf(is: KeptResult, was: KeptResult): Goal[] {
  const [harm, harmBefore] = [is.harmfulSteps!, was.harmfulSteps!];
  const [done, doneBefore] = [is.successRate!, was.successRate!];
  return [
    // A run that was kept before differences were has none.
    ...(is.beyondReference === null
      ? []
      : [
          {
            goal: "survival above the pretrained model's, low end of the interval, steps",
            ...{ measured: is.beyondReference.survival.low, atLeast: 0, noise: 0 },
          },
        ]),
    {
      ...{ goal: "harms in 1,000 steps not above it" },
      ...{ measured: 1000 * harm.estimate, atMost: 1000 * harmBefore.estimate },
      noise: 1000 * (harm.estimate - harm.low + harmBefore.high - harmBefore.estimate),
    },
    {
      ...{ goal: "different programs at least half of it, %", measured: 100 * is.variety },
      ...{ atLeast: 50 * was.variety, noise: 0 },
    },
    {
      ...{ goal: "tasks done above it, %", measured: 100 * done.estimate, atLeast: 100 * doneBefore.estimate },
      noise: 100 * (done.high - done.estimate + doneBefore.estimate - doneBefore.low),
    },
  ];
}
