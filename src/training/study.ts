/** A study: the same training under several estimators and seeds, as rows that a plot and a table can use. */

import {
  abortSignal,
  byName,
  callable,
  checkOptions,
  integer,
  only,
  optional,
  positiveInteger,
  someOf,
  text,
} from "../data/check.ts";
import { displaySymbol, escapeHtml, type MimeBundle, stopSignal, tableBundle } from "../display/index.ts";
import { environmentSchema } from "../environment/given.ts";
import { type Environment, textOfEnvironment } from "../environment/index.ts";
import { estimatesOf } from "../episode/index.ts";
import { curveBaselineSchema } from "../plot/curves.ts";
import { type CurveBaseline, type Figure, learningCurves } from "../plot/index.ts";
import type { TrainablePolicy } from "../policy/index.ts";
import { collectEntries } from "../rollout/given.ts";
import { type Elsewhere, rollout } from "../rollout/index.ts";
import {
  bootstrapInterval,
  type Claimant,
  claims,
  controlAmong,
  degenerateAmong,
  degenerateReason,
  type MeasureWords,
  mean,
  type Sample,
} from "../statistics/index.ts";
import type { TrainOptions } from "./options.ts";
import { train } from "./reinforce.ts";
import { trainEntries, withDefaults } from "./settings.ts";
import { openStudyFile, type StudyFile, type StudyRun } from "./study-file.ts";

type MakePolicy = () => TrainablePolicy | Promise<TrainablePolicy>;

/** What one name of a study stands for. */
export type Variant = Omit<
  TrainOptions,
  "env" | "policy" | "seed" | "signal" | "resume" | "resumeWith" | "validate"
> & {
  makePolicy?: MakePolicy;
};

/** How a study is made. */
export interface StudyOptions {
  env: Environment;
  /** A fresh policy for every run. */
  makePolicy: MakePolicy;
  /** What is compared: a name, and the options of its training; `makePolicy` where its policy is another. */
  variants: { [name: string]: Variant };
  seeds: readonly number[];
  /** Fresh episodes after training, to measure by. @default 50 */
  evaluationEpisodes?: number;
  /** The variant that only sharpens. @default "temperature" or "sharpened", where there is one */
  control?: string;
  /** Keeps each run that has ended: a call with the same file and settings goes on from there. */
  file?: string;
  /** Workers that play the episodes of every run, one run after the other. @default this process */
  on?: Elsewhere;
  /** Ends it at once. @default a notebook's stop button */
  signal?: AbortSignal;
  /** Called after each update of each run. */
  onProgress?: (done: number, total: number, what: string) => void;
}

/** A study's runs, and how they show themselves. */
export interface Study {
  runs: StudyRun[];
  /** What may be said: which variant is degenerate, and which beats the control, paired by seed (of one seed, by episode). */
  claims: string[];
  /** Survival against episodes, a curve a variant. */
  plot(options?: { baseline?: CurveBaseline }): Figure;
  /** The runs of one variant. */
  of(name: string): StudyRun[];
  [displaySymbol](): MimeBundle;
}

const makePolicy = callable<MakePolicy>(
  "a function that makes a fresh policy for every run, such as () => policies.editMenu()",
);

const optionsSchema = only<StudyOptions>({
  env: environmentSchema,
  makePolicy,
  variants: byName(
    only<Variant>({ ...trainEntries, makePolicy: optional(makePolicy) }),
    'what is compared, by name, such as { ours: {}, literal: { estimator: "raw-return" } }',
  ),
  seeds: someOf(integer, "a list of at least one seed"),
  evaluationEpisodes: optional(positiveInteger),
  control: optional(text),
  file: optional(text),
  on: collectEntries.on,
  signal: optional(abortSignal),
  onProgress: optional(callable("a function of the progress")),
});

const plotSchema = only<{ baseline?: CurveBaseline }>({ baseline: optional(curveBaselineSchema) });

/**
 * Trains every variant with every seed, and measures each on fresh episodes. Rejects with the signal's reason when it is
 * stopped; with `file`, the runs that had ended are kept.
 */
export async function study(options: StudyOptions): Promise<Study> {
  checkOptions(optionsSchema, options, "the options of study");
  const { variants, seeds, evaluationEpisodes = 50, onProgress, file } = options;
  const names = Object.keys(variants);
  const control = controlAmong(names, options.control);
  const kept = file === undefined ? null : openStudyFile(file);
  const make = async (name: string) => (variants[name]!.makePolicy ?? options.makePolicy)();
  // The first seed's policies: how many updates a variant takes that does not say so is its policy's to say.
  const first = new Map<string, Prepared>();
  for (const name of names) {
    const policy = await make(name);
    first.set(name, { policy, updates: updatesOf(variants[name]!, options.env, policy) });
  }
  const total = [...first.values()].reduce((sum, { updates }) => sum + updates * seeds.length, 0);
  const runs: StudyRun[] = [];
  let done = 0;
  const tell = (updates: number, what: string): void => {
    done += updates;
    onProgress?.(done, total, what);
  };
  for (const [i, seed] of seeds.entries())
    for (const name of names) {
      const { policy, updates } = first.get(name)!;
      const prepared = { policy: i === 0 ? policy : await make(name), updates };
      runs.push(await runOf(name, seed, prepared, options, kept, tell));
    }
  const of = (name: string): StudyRun[] => runs.filter((run) => run.name === name);
  const judged = names.map((name) => {
    const own = of(name);
    const over = (key: "changed" | "entropy") =>
      own.every((run) => run[key] !== null) ? mean(own.map((run) => run[key]!)) : null;
    // One seed has no spread: then its episodes are what the interval is over.
    const reached =
      own.length === 1 ? own[0]!.survivalInterval : bootstrapInterval(own.map(({ survival }) => survival));
    return {
      name,
      reached,
      degenerate: degenerateReason({ entropy: over("entropy"), changed: over("changed") }),
      entropy: over("entropy"),
    };
  });
  const told = claimsAbout(judged, of, { control, seeds: seeds.length });
  return {
    runs,
    claims: told,
    of,
    plot: (given = {}) => {
      checkOptions(plotSchema, given, "the options of plot()");
      const points = runs.flatMap(({ name, seed, curve }) =>
        curve.map(({ episodes, survival }) => ({ name, seed, episodes, value: survival })),
      );
      const title = "Steps survived while learning, mean and 95 % interval over seeds";
      return learningCurves(points, { title, notes: told, ...given });
    },
    [displaySymbol]: () => {
      const rows = judged.map(({ name, reached: { estimate, low, high }, degenerate, entropy }) => ({
        variant: name,
        seeds: of(name).length,
        "steps survived": estimate.toFixed(2),
        "95 % interval": `${low.toFixed(2)} to ${high.toFixed(2)}`,
        "harm, % of episodes": (100 * mean(of(name).map(({ harm }) => harm))).toFixed(1),
        "entropy, nats": entropy === null ? "" : entropy.toFixed(2),
        ...(judged.some((one) => one.degenerate !== null) && { "": degenerate === null ? "" : "degenerate" }),
      }));
      const table = tableBundle(rows, { caption: `After training: ${evaluationEpisodes} fresh episodes a seed` });
      return {
        "text/html": `${table["text/html"]}${told.map((claim) => `<p>${escapeHtml(claim)}</p>`).join("")}`,
        "text/plain": [table["text/plain"], ...told].join("\n"),
      };
    },
  };
}

/** What variants are compared by. */
const claimed: { [measure: string]: MeasureWords } = {
  "steps survived": { unit: "steps" },
  "tasks done": { unit: "points", scale: 100, digits: 1 },
};

function bySeed(runs: readonly StudyRun[]): Claimant["reached"] {
  const samples = (of: (run: StudyRun) => number | null) =>
    runs.flatMap((run): Sample[] => {
      const value = of(run);
      return value === null ? [] : [{ cluster: `seed ${run.seed}`, value }];
    });
  return { "steps survived": samples((run) => run.survival), "tasks done": samples((run) => run.successRate) };
}

function byEpisode({ episodes }: StudyRun): Claimant["reached"] {
  const samples = (of: (one: NonNullable<StudyRun["episodes"][number]>) => number[]) =>
    episodes.flatMap((one, i) => (one === null ? [] : of(one).map((value) => ({ cluster: `episode ${i}`, value }))));
  return {
    "steps survived": samples(({ survival }) => [survival]),
    "tasks done": samples(({ asked, done }) => Array.from({ length: asked }, (_, k) => Number(k < done))),
  };
}

/** The degenerate policies, and each variant beside the control: a seed is one piece of evidence, and of a single seed each episode is. */
function claimsAbout(
  judged: readonly { name: string; degenerate: string | null }[],
  of: (name: string) => readonly StudyRun[],
  { control, seeds }: { control: string | null; seeds: number },
): string[] {
  const claimants = judged.map(
    ({ name, degenerate }): Claimant => ({
      name,
      degenerate,
      reached: seeds > 1 ? bySeed(of(name)) : byEpisode(of(name)[0]!),
    }),
  );
  const { sentences } = claims(
    { "": claimants },
    {
      ...{ against: control, as: "control", measures: claimed },
      over: seeds > 1 ? "seeds" : "episodes of one seed",
    },
  );
  return [...degenerateAmong({ "": claimants }), ...sentences];
}

/** A run's policy before it is trained, and how many updates that takes. */
interface Prepared {
  policy: TrainablePolicy;
  updates: number;
}

function updatesOf({ makePolicy: _, ...how }: Variant, env: Environment, policy: TrainablePolicy): number {
  return withDefaults({ ...how, env, policy }).updates;
}

/** One run: out of the file, or trained and measured. */
async function runOf(
  name: string,
  seed: number,
  { policy, updates }: Prepared,
  options: StudyOptions,
  kept: StudyFile | null,
  tell: (updates: number, what: string) => void,
): Promise<StudyRun> {
  const { env, evaluationEpisodes = 50, signal = stopSignal() } = options;
  const variant = options.variants[name]!;
  // Who plays is no setting: a file goes on here as it began elsewhere.
  const { makePolicy: _, on = options.on, ...how } = variant;
  const settings = { ...how, evaluationEpisodes, environment: textOfEnvironment(env) };
  const found = kept?.find(name, seed, settings, policy);
  if (found) {
    tell(updates, `${name}, seed ${seed}: from the file`);
    return { ...found, policy };
  }
  const curve: StudyRun["curve"] = [];
  const given = { panel: false, ...how, env, policy, seed, ...(on && { on }), ...(signal && { signal }) };
  for await (const { episodesSoFar, survival, probabilities, episodes } of train(given)) {
    curve.push({ ...estimatesOf(episodes), episodes: episodesSoFar, probabilities });
    tell(1, `${name}, seed ${seed}: ${survival.toFixed(1)} steps`);
  }
  signal?.throwIfAborted();
  const evaluation = { episodes: evaluationEpisodes, seed: seed + 1_000_003, ...(on && { on }) };
  const { summary, episodes } = await rollout(env, policy.frozen(), { ...evaluation, ...(signal && { signal }) });
  const run: StudyRun = {
    ...{ name, seed, curve, policy },
    ...estimatesOf(episodes.filter(({ fault }) => !fault)),
    survivalInterval: summary.survival,
    episodes: episodes.map(({ survival, steps, fault }) => {
      const asked = steps.filter(({ solved }) => solved !== undefined);
      return fault ? null : { survival, asked: asked.length, done: asked.filter(({ solved }) => solved).length };
    }),
  };
  await kept?.append(run, settings);
  return run;
}
