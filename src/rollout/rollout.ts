/** A rollout as a value: its episodes, a summary with intervals, and how it shows itself in a notebook. */

import { checkOptions, only, optional, positiveInteger } from "../data/check.ts";
import { type Displayable, displaySymbol, type MimeBundle, type Row, tableBundle } from "../display/index.ts";
import { checkEnvironment } from "../environment/given.ts";
import type { Environment } from "../environment/index.ts";
import {
  type AnyFigures,
  type Episode,
  type EpisodeListener,
  estimateOf,
  metricTable,
  type Summary,
  shownFigure,
  summarise,
} from "../episode/index.ts";
import { causesOfDeath, type Figure, survivalHistogram } from "../plot/index.ts";
import { type GivenPolicy, policyOf } from "../policy/given.ts";
import type { Policy } from "../policy/index.ts";
import { recordSchema } from "../record/given.ts";
import { checkRecordable, type EpisodeRecord, holdRecord, recordTo } from "../record/index.ts";
import { collect } from "./collect.ts";
import { jobOf } from "./elsewhere.ts";
import { type CollectOptions, collectEntries } from "./given.ts";
import { PlayedEpisode } from "./played.ts";

/** Episodes under one policy. */
export interface Rollout {
  policy: string;
  seed: number;
  episodes: PlayedEpisode[];
  summary: Summary;
  /** Causes of death, as a plotly figure. */
  plot(): Figure;
  /** Steps survived, as a plotly figure. */
  histogram(): Figure;
  /** One row a life: its end, return, steps and cause. `most` rows, the lowest returns first, what was not scored last. @default 20 */
  table(options?: { most?: number }): Displayable;
  /** The episode with the lowest return, and the one with the highest; the first of equals. Only where none was scored, one of those. */
  worst(): PlayedEpisode;
  best(): PlayedEpisode;
  [displaySymbol](): MimeBundle;
}

function lifeRow({ index, survival, return: total, verdict, steps }: Episode): Row {
  const last = steps.at(-1)!;
  const solved = steps.filter((step) => step.solved).length;
  return {
    life: index,
    "steps survived": survival,
    return: total,
    end: verdict.replaceAll("_", " "),
    ...(steps.some((step) => step.solved !== undefined) && { "tasks solved": solved }),
    "last program": last.program.split("\n")[0]!.slice(0, 60),
    cause: last.cause.slice(0, 80),
  };
}

/** How a rollout is made. */
export interface RolloutOptions extends CollectOptions {
  /** Appends every episode to this record as it happens, with its reward parts: an open one, or the path of one. */
  record?: EpisodeRecord | string;
}

const rolloutSchema = only<RolloutOptions>({ ...collectEntries, record: optional(recordSchema) });

const tableSchema = only<{ most?: number }>({ most: optional(positiveInteger) });

/**
 * Plays episodes of a policy in an environment: `await rollout(env, policy, { episodes: 200, seed: 7 })`. The policy may be
 * a bare function: `() => "self.x = 1"`. Rejects with an OptionFailure that names what has no meaning.
 */
export async function rollout<Observation>(
  env: Environment<Observation>,
  given: GivenPolicy<NoInfer<Observation>>,
  options: RolloutOptions,
): Promise<Rollout> {
  checkEnvironment(env);
  checkOptions(rolloutSchema, options, "the options of rollout");
  const policy = policyOf(given) as Policy;
  const { record, ...how } = options;
  const played = record === undefined ? await collect(env, policy, how) : await recorded(env, policy, how, record);
  const { seed = 0, group = 1, begin } = options;
  const episodes = played.map(
    (episode) =>
      new PlayedEpisode(episode, { env, policy, job: jobOf({ seed, group, ...(begin && { begin }) }, episode.index) }),
  );
  const summary = summarise(episodes);
  const sound = episodes.filter((e) => !e.fault);
  const scored = sound.filter((e) => !Number.isNaN(e.return)).sort((a, b) => a.return - b.return || a.index - b.index);
  const byReturn = [...scored, ...sound.filter((e) => Number.isNaN(e.return))];
  return {
    policy: policy.name,
    seed,
    episodes,
    summary,
    plot: () => causesOfDeath(summary.causes, { title: `How ${summary.episodes} episodes ended: ${policy.name}` }),
    histogram: () => survivalHistogram([{ name: policy.name, survival: sound.map((e) => e.survival) }]),
    table: (given = {}) => {
      checkOptions(tableSchema, given, "the options of table()");
      const { most = 20 } = given;
      const shown = byReturn.slice(0, most).map(lifeRow);
      const caption = `${policy.name}: ${shown.length} of ${episodes.length} episodes, the lowest returns first`;
      return { [displaySymbol]: () => tableBundle(shown, { caption }) };
    },
    worst: () => byReturn[0]!,
    best: () => scored.find((e) => e.return === scored.at(-1)!.return) ?? byReturn[0]!,
    [displaySymbol]: () => tableBundle(rows(summary), { caption: `${policy.name}: ${episodes.length} episodes` }),
  };
}

async function recorded(
  env: Environment,
  policy: Policy,
  options: CollectOptions,
  given: EpisodeRecord | string,
): Promise<Episode[]> {
  const held = holdRecord(given, { create: true });
  const labels = { policy: policy.name, rollout: options.seed ?? 0, ...policy.runsOn };
  const listen = (index: number): EpisodeListener => {
    const other = options.listen?.(index) ?? {};
    let own: Required<EpisodeListener>;
    return {
      onStart(start, job) {
        checkRecordable(start);
        own = recordTo(held.record, { labels });
        other.onStart?.(start, job);
        return own.onStart(start, job);
      },
      onStep(step) {
        own.onStep(step);
        other.onStep?.(step);
      },
      onEnd(episode, actions) {
        own.onEnd(episode, actions);
        other.onEnd?.(episode, actions);
      },
    };
  };
  try {
    return await collect(env, policy, { ...options, listen });
  } finally {
    held.release();
  }
}

/** A row a metric, then how the lives ended. */
function rows(summary: Summary): Row[] {
  const { episodes, causes, faults } = summary;
  return [
    ...figureRows(summary),
    ...causes.map(({ verdict, count }) => ({
      what: `ended: ${verdict.replaceAll("_", " ")}`,
      value: String(count),
      "95 % interval": shownFigure(count / episodes, "share"),
    })),
    ...(faults > 0 ? [{ what: "faults of the sandbox, left out", value: String(faults) }] : []),
  ];
}

function figureRows(summary: Summary): Row[] {
  return metricTable().flatMap(([name, { label, unit, detail }]): Row[] => {
    const figure = (summary as unknown as AnyFigures)[name] ?? null;
    const estimate = estimateOf(figure);
    if (detail || estimate === null) return [];
    const value = shownFigure(estimate, unit);
    if (typeof figure !== "object" || figure === null) return [{ what: label, value }];
    const ends = [figure.low, figure.high].map((end) => shownFigure(end, unit));
    return [{ what: label, value, "95 % interval": ends.join(" to ") }];
  });
}
