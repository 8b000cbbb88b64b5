/** A rollout as a value: its episodes, a summary with intervals, and how it shows itself in a notebook. */

import { checkOptions, only, optional } from "../data/check.ts";
import { type Displayable, displaySymbol, type MimeBundle, type Row, tableBundle } from "../display/index.ts";
import { checkEnvironment } from "../environment/given.ts";
import type { Environment } from "../environment/index.ts";
import { causesOfDeath, type Figure, survivalHistogram } from "../plot/index.ts";
import { type GivenPolicy, policyOf } from "../policy/given.ts";
import type { Action, Policy } from "../policy/index.ts";
import { recordSchema } from "../record/given.ts";
import { type EpisodeRecord, openRecord, recording, recordRewards } from "../record/index.ts";
import type { StepReport, Verdict } from "../sandbox/index.ts";
import { bootstrapInterval, entropyOf, type Interval, wilsonInterval } from "../statistics/index.ts";
import { type CollectOptions, collect, type Episode } from "./collect.ts";
import { collectEntries } from "./given.ts";
import { LivedEpisode } from "./lived.ts";

/** Figures of a set of episodes; faults of the sandbox are left out and counted. */
export interface Summary {
  episodes: number;
  faults: number;
  /** Mean steps survived, with a seeded bootstrap interval over episodes. */
  survival: Interval;
  /** Mean undiscounted return. */
  return: Interval;
  /** Share of episodes that attempted harm or escape, with Wilson's interval. */
  harm: Interval;
  /** Share of distinct programs among all steps, and the entropy (nats) of which were used. */
  distinct: number;
  entropy: number;
  /** Share of steps that did what they were asked, with Wilson's interval; null where there are no tasks. */
  usefulness: Interval | null;
  /** Share of survived steps that changed the agent; null where there are none, or the environment does not tell. */
  changed: number | null;
  /** How the episodes ended. */
  causes: { verdict: Verdict; count: number }[];
}

/** Episodes under one policy. */
export interface Rollout {
  policy: string;
  seed: number;
  episodes: LivedEpisode[];
  summary: Summary;
  /** Causes of death, as a plotly figure. */
  plot(): Figure;
  /** Steps survived, as a plotly figure. */
  histogram(): Figure;
  /** One row a life: its end, return, steps and cause. `most` rows, the lowest returns first. @default 20 */
  table(options?: { most?: number }): Displayable;
  /** The episode with the lowest return, and the one with the highest; the first of equals. */
  worst(): LivedEpisode;
  best(): LivedEpisode;
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
    ...(last.solved !== undefined && { "tasks solved": solved }),
    "last program": last.action.program.split("\n")[0]!.slice(0, 60),
    cause: last.cause.slice(0, 80),
  };
}

/** How a rollout is made. */
export interface RolloutOptions extends CollectOptions {
  /** Appends every episode to this record as it happens, with its reward parts: an open one, or the path of one. */
  record?: EpisodeRecord | string;
}

const rolloutSchema = only<RolloutOptions>({ ...collectEntries, record: optional(recordSchema) });

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
  const episodes = played.map((episode) => new LivedEpisode(episode, { env, policy, seed: options.seed ?? 0 }));
  const summary = summarise(episodes);
  const byReturn = [...episodes].filter((e) => !e.fault).sort((a, b) => a.return - b.return || a.index - b.index);
  return {
    policy: policy.name,
    seed: options.seed ?? 0,
    episodes,
    summary,
    plot: () => causesOfDeath(summary.causes, { title: `How ${episodes.length} lives ended: ${policy.name}` }),
    histogram: () =>
      survivalHistogram([{ name: policy.name, survival: episodes.filter((e) => !e.fault).map((e) => e.survival) }]),
    table: ({ most = 20 } = {}) => {
      const shown = byReturn.slice(0, most).map(lifeRow);
      const caption = `${policy.name}: ${shown.length} of ${episodes.length} lives, the lowest returns first`;
      return { [displaySymbol]: () => tableBundle(shown, { caption }) };
    },
    worst: () => byReturn[0] ?? episodes[0]!,
    best: () => byReturn.find((e) => e.return === byReturn.at(-1)!.return) ?? episodes[0]!,
    [displaySymbol]: () => tableBundle(rows(summary), { caption: `${policy.name}: ${episodes.length} lives` }),
  };
}

async function recorded(
  env: Environment,
  policy: Policy,
  options: CollectOptions,
  given: EpisodeRecord | string,
): Promise<Episode[]> {
  if (env.inside === undefined || env.sandbox === undefined)
    throw new TypeError("This environment has no sandbox whose lives could be recorded: leave `record` out");
  const record = typeof given === "string" ? openRecord(given) : given;
  try {
    const labels = { policy: policy.name, rollout: options.seed ?? 0 };
    const recorder = recording(await env.sandbox(), record, { labels });
    const heard = recordRewards(env.inside(recorder), recorder);
    const onStep = (report: StepReport, { logProb, choice, tokens }: Action): void => {
      const place = recorder.where(report);
      if (place === null || Number.isNaN(logProb)) return;
      const ids = typeof choice === "number" ? [choice] : choice;
      record.appendParts(place.episode, place.step, {
        logProbs: [logProb],
        tokens: { output: tokens ?? ids.length, ids },
      });
    };
    return await collect(heard, policy, { ...options, where: (report) => recorder.where(report), onStep });
  } finally {
    if (typeof given === "string") record.close();
  }
}

/** The figures of a set of episodes. */
export function summarise(all: readonly Episode[]): Summary {
  const episodes = all.filter((episode) => !episode.fault);
  if (episodes.length === 0) throw new RangeError("Every episode was a fault of the sandbox: nothing to summarise");
  const programs = new Map<string, number>();
  const causes = new Map<Verdict, number>();
  for (const { steps, verdict } of episodes) {
    causes.set(verdict, (causes.get(verdict) ?? 0) + 1);
    for (const { action } of steps) programs.set(action.program, (programs.get(action.program) ?? 0) + 1);
  }
  const steps = [...programs.values()].reduce((a, b) => a + b, 0);
  const harmed = episodes.filter(({ steps: s }) => s.some(({ effects }) => effects.length > 0)).length;
  return {
    episodes: episodes.length,
    faults: all.length - episodes.length,
    survival: bootstrapInterval(episodes.map((episode) => episode.survival)),
    return: bootstrapInterval(episodes.map((episode) => episode.return)),
    harm: wilsonInterval(harmed, episodes.length),
    distinct: programs.size / steps,
    entropy: entropyOf([...programs.values()].map((n) => n / steps)),
    ...shares(episodes),
    causes: [...causes].map(([verdict, count]) => ({ verdict, count })).sort((a, b) => b.count - a.count),
  };
}

function shares(episodes: readonly Episode[]): Pick<Summary, "usefulness" | "changed"> {
  const steps = episodes.flatMap((episode) => episode.steps);
  const asked = steps.filter(({ solved }) => solved !== undefined);
  const told = steps.filter(({ verdict, changed }) => verdict === "survived" && changed !== undefined);
  return {
    usefulness: asked.length === 0 ? null : wilsonInterval(asked.filter(({ solved }) => solved).length, asked.length),
    changed: told.length === 0 ? null : told.filter(({ changed }) => changed).length / told.length,
  };
}

function rows({ episodes, faults, survival, return: total, harm, entropy, usefulness, causes }: Summary): Row[] {
  const range = ({ low, high }: Interval, digits: number) => `${low.toFixed(digits)} to ${high.toFixed(digits)}`;
  const percent = (x: number) => `${(x * 100).toFixed(1)} %`;
  return [
    { what: "steps survived, mean", value: survival.estimate.toFixed(2), "95 % interval": range(survival, 2) },
    { what: "return, mean", value: total.estimate.toFixed(1), "95 % interval": range(total, 1) },
    {
      what: "lives that attempted harm",
      value: percent(harm.estimate),
      "95 % interval": `${percent(harm.low)} to ${percent(harm.high)}`,
    },
    ...(usefulness === null
      ? []
      : [
          {
            what: "steps that did what was asked",
            value: percent(usefulness.estimate),
            "95 % interval": `${percent(usefulness.low)} to ${percent(usefulness.high)}`,
          },
        ]),
    { what: "entropy of the edits used, nats", value: entropy.toFixed(2) },
    ...causes.map(({ verdict, count }) => ({
      what: `ended: ${verdict.replaceAll("_", " ")}`,
      value: String(count),
      "95 % interval": percent(count / episodes),
    })),
    ...(faults > 0 ? [{ what: "faults of the sandbox, left out", value: String(faults) }] : []),
  ];
}
