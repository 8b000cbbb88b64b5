/**
 * The control of every claim: a model that only sharpens. The pretrained model at the temperature that earns most on prompts
 * to choose settings by. A trained policy that does not beat it has not been shown to have learned more than to be sure of itself.
 * So that neither side has a freedom that the other lacks, a trained policy's temperature is found in the same way.
 */

import {
  abortSignal,
  checkOptions,
  integer,
  listOf,
  oneOf,
  only,
  optional,
  positiveInteger,
  positiveNumber,
} from "../data/check.ts";
import { type Displayable, displaySymbol, type MimeBundle, stopSignal, tableBundle } from "../display/index.ts";
import { environmentSchema } from "../environment/given.ts";
import { type Environment, SurvivalEnv } from "../environment/index.ts";
import { type Episode, estimatesOf } from "../episode/index.ts";
import type { Policy, TokenPolicy } from "../policy/index.ts";
import { collect } from "../rollout/index.ts";
import { microTasks } from "../tasks/index.ts";

/** How the temperature is found. */
export interface SharpenOptions {
  /** Where it is tried: never on what is held out. @default episodes of 4 steps on the validation micro-tasks */
  env?: Environment;
  /**
   * Temperatures tried; 1 is the model as it is. Where the best one is the hottest or the coldest, others are tried beyond
   * it, until the best has worse ones on both sides (four at most, from 0.02 to 3). @default 1, 0.7, 0.5, 0.3, 0.2, 0.1
   */
  temperatures?: readonly number[];
  /** Which weights: the model as it was before any training, or as the policy has it now. @default "pretrained" */
  weights?: "pretrained" | "trained";
  /** Episodes for each. @default 48 */
  episodes?: number;
  /** @default 0 */
  seed?: number;
  signal?: AbortSignal;
}

/** What came of a temperature. */
export interface SharpenTrial {
  temperature: number;
  return: number;
  survival: number;
  successRate: number | null;
}

/** The sharpened policy, and what was tried to find it. */
export interface Sharpened extends Policy, Displayable {
  readonly temperature: number;
  /** In the order in which they were tried. */
  readonly trials: readonly SharpenTrial[];
  /** How it was found: the same search may be given to another policy. */
  readonly search: Required<Omit<SharpenOptions, "signal" | "weights">>;
}

/** A trained policy's run whose temperature was found as the control's was. */
export interface SharpenedRun {
  name: string;
  temperature: number;
}

/** Plays the episodes of one temperature. */
export type PlayTrial = (
  env: Environment,
  policy: Policy,
  how: { episodes: number; seed: number; signal?: AbortSignal },
) => Promise<readonly Episode[]>;

const usual = [1, 0.7, 0.5, 0.3, 0.2, 0.1];

/** Of a temperature that met nothing but faults of the sandbox: it is never the best. */
const untold = { return: Number.NaN, survival: Number.NaN, successRate: null };

/** Most temperatures that are tried beyond those asked for, and how far they go. */
const mostBeyond = 4;
const [coldest, hottest] = [0.02, 3];

const optionsSchema = only<SharpenOptions>({
  env: optional(environmentSchema),
  temperatures: optional(listOf(positiveNumber, "a list of temperatures")),
  weights: optional(oneOf("pretrained", "trained")),
  episodes: optional(positiveInteger),
  seed: optional(integer),
  signal: optional(abortSignal),
});

/** Finds the temperature with the highest mean return, and gives the model at it. The first of equals wins. */
export async function sharpen(policy: TokenPolicy, options: SharpenOptions = {}): Promise<Sharpened> {
  checkOptions(optionsSchema, options, "the options of sharpen");
  return sharpenBy(policy, options, collect);
}

/** The same, by who plays the episodes. */
export async function sharpenBy(policy: TokenPolicy, options: SharpenOptions, play: PlayTrial): Promise<Sharpened> {
  const { temperatures = usual, weights = "pretrained", episodes = 48, seed = 0, signal = stopSignal() } = options;
  const env = options.env ?? new SurvivalEnv({ tasks: await microTasks({ split: "validation" }), maxSteps: 4 });
  if (temperatures.length === 0) throw new RangeError("Expected at least one of `temperatures` to try, got none");
  const at = (temperature: number): Policy =>
    weights === "trained" ? policy.frozen({ temperature }) : policy.pretrained({ temperature });
  const trials: SharpenTrial[] = [];
  for (const temperature of temperaturesTried(temperatures, trials)) {
    const played = await play(env, at(temperature), { episodes, seed, ...(signal && { signal }) });
    const sound = played.filter(({ fault }) => !fault);
    const { return: total, survival, successRate } = sound.length > 0 ? estimatesOf(sound) : untold;
    trials.push({ temperature, return: total, survival, successRate });
  }
  const best = bestOf(trials);
  const found = at(best.temperature);
  return {
    ...found,
    ...{ temperature: best.temperature, trials, search: { env, temperatures, episodes, seed } },
    [displaySymbol]: () => trialsBundle(trials, `${found.name}: ${episodes} episodes at each temperature`),
  };
}

/** Those asked for, and then further ones while the best of what `trials` has by then is at an end. */
function* temperaturesTried(asked: readonly number[], trials: readonly SharpenTrial[]): Generator<number> {
  yield* asked;
  for (let more = 0; more < mostBeyond; more++) {
    const next = beyond(trials);
    if (next === null) return;
    yield next;
  }
}

/** A temperature beyond the best one where that is at an end, as far as the last two are apart; null where it is not. */
function beyond(trials: readonly SharpenTrial[]): number | null {
  const sorted = [...new Set(trials.map(({ temperature }) => temperature))].sort((a, b) => b - a);
  const { temperature: best } = bestOf(trials);
  const step = (end: number, before: number | undefined, usually: number) =>
    Number(((end * end) / (before ?? end / usually)).toPrecision(3));
  const ends = [
    { end: sorted.at(-1)!, next: step(sorted.at(-1)!, sorted.at(-2), 0.5) },
    { end: sorted[0]!, next: step(sorted[0]!, sorted[1], 2) },
  ];
  const open = ends.find(({ end, next }) => end === best && next >= coldest && next <= hottest);
  return open?.next ?? null;
}

function bestOf(trials: readonly SharpenTrial[]): SharpenTrial {
  return trials.reduce((one, other) => (other.return > one.return || Number.isNaN(one.return) ? other : one));
}

function trialsBundle(trials: readonly SharpenTrial[], caption: string): MimeBundle {
  const best = bestOf(trials);
  const rows = [...trials].sort((a, b) => b.temperature - a.temperature);
  const atEnd = best === rows[0] || best === rows.at(-1);
  return tableBundle(
    rows.map((trial) => ({
      temperature: String(trial.temperature),
      "return, mean": trial.return.toFixed(2),
      "steps survived": trial.survival.toFixed(2),
      ...(trial.successRate !== null && { "tasks done, %": (100 * trial.successRate).toFixed(1) }),
      "": trial === best ? `← best${atEnd ? ", at an end of what was tried" : ""}` : "",
    })),
    { caption },
  );
}
