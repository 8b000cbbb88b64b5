/**
 * The control of every claim: a model that only sharpens. The pretrained model at the temperature that earns most on the
 * training prompts, out of a list. A trained policy that does not beat it has learned to be sure of itself, and no more.
 */

import {
  abortSignal,
  checkOptions,
  integer,
  listOf,
  only,
  optional,
  positiveInteger,
  positiveNumber,
} from "../data/check.ts";
import { type Displayable, displaySymbol, type MimeBundle, stopSignal, tableBundle } from "../display/index.ts";
import { environmentSchema } from "../environment/given.ts";
import { type Environment, SurvivalEnv } from "../environment/index.ts";
import type { Policy, TokenPolicy } from "../policy/index.ts";
import { collect } from "../rollout/index.ts";
import { mean } from "../statistics/index.ts";
import { microTasks } from "../tasks/index.ts";

/** How the temperature is found. */
export interface SharpenOptions {
  /** Where it is tried: training prompts only. @default lives of 4 steps on the training micro-tasks */
  env?: Environment;
  /** Temperatures tried; 1 is the model as it is. @default 1, 0.7, 0.5, 0.3, 0.2, 0.1 */
  temperatures?: readonly number[];
  /** Lives for each. @default 48 */
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
  usefulness: number | null;
}

/** The sharpened policy, and what was tried to find it. */
export interface Sharpened extends Policy, Displayable {
  readonly temperature: number;
  readonly trials: readonly SharpenTrial[];
}

const optionsSchema = only<SharpenOptions>({
  env: optional(environmentSchema),
  temperatures: optional(listOf(positiveNumber, "a list of temperatures")),
  episodes: optional(positiveInteger),
  seed: optional(integer),
  signal: optional(abortSignal),
});

/** Finds the temperature with the highest mean return, and gives the model at it. The first of equals wins. */
export async function sharpen(policy: TokenPolicy, options: SharpenOptions = {}): Promise<Sharpened> {
  checkOptions(optionsSchema, options, "the options of sharpen");
  const { temperatures = [1, 0.7, 0.5, 0.3, 0.2, 0.1], episodes = 48, seed = 0, signal = stopSignal() } = options;
  const env = options.env ?? new SurvivalEnv({ tasks: await microTasks({ split: "training" }), maxSteps: 4 });
  if (temperatures.length === 0) throw new RangeError("Expected at least one of `temperatures` to try, got none");
  const trials: SharpenTrial[] = [];
  for (const temperature of temperatures) {
    const played = await collect(env, policy.pretrained({ temperature }), {
      episodes,
      seed,
      ...(signal && { signal }),
    });
    const lives = played.filter(({ fault }) => !fault);
    const asked = lives.flatMap(({ steps }) => steps.flatMap(({ solved }) => (solved === undefined ? [] : [solved])));
    trials.push({
      temperature,
      return: mean(lives.map((life) => life.return)),
      survival: mean(lives.map(({ survival }) => survival)),
      usefulness: asked.length === 0 ? null : mean(asked.map(Number)),
    });
  }
  const best = trials.reduce((one, other) => (other.return > one.return ? other : one));
  const frozen = policy.pretrained({ temperature: best.temperature });
  return {
    ...frozen,
    temperature: best.temperature,
    trials,
    [displaySymbol]: (): MimeBundle =>
      tableBundle(
        trials.map((trial) => ({
          temperature: String(trial.temperature),
          "return, mean": trial.return.toFixed(2),
          "steps survived": trial.survival.toFixed(2),
          ...(trial.usefulness !== null && { "tasks done, %": (100 * trial.usefulness).toFixed(1) }),
          "": trial === best ? "← best" : "",
        })),
        { caption: `${frozen.name}: ${episodes} lives at each temperature` },
      ),
  };
}
