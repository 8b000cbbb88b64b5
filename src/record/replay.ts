/**
 * Living a recorded episode again, without the model: recorded programs, recorded answers, the recorded seed. A replay
 * must agree byte for byte on everything but timings, or it says where it differs. A fork goes back to a step and goes
 * on from there, with or without what the agent did in it.
 */

import { displaySymbol, type MimeBundle, tableBundle, visible } from "../display/index.ts";
import type { Life, LifeOptions, Sandbox, StepReport } from "../sandbox/types.ts";
import { compareReports, type Difference, describeDifference } from "./compare.ts";
import { RecordFailure } from "./error.ts";
import { recording } from "./recording.ts";
import type { EpisodeRecord } from "./store.ts";
import type { ModelCall, RecordedEpisode, RecordedStep } from "./types.ts";

/** What a replay found. */
export interface Replay {
  episode: number;
  /** Steps that were compared. */
  steps: number;
  agrees: boolean;
  difference: Difference | null;
  /** Set when the record, or the replay twice, ends in a fault of the sandbox: no fact about the agent, not compared. */
  fault: string | null;
  toString(): string;
  [displaySymbol](): MimeBundle;
}

/**
 * Lives episode `id` again in `sandbox` and compares. A replay that the sandbox itself spoils is tried once more, then
 * told as a fault: it says nothing about the record.
 */
export async function replay(record: EpisodeRecord, id: number, sandbox: Sandbox): Promise<Replay> {
  const episode = record.episode(id);
  const first = await liveAgain(episode, sandbox);
  return first.fault === null || endsInFault(episode) ? first : liveAgain(episode, sandbox);
}

function endsInFault({ list }: RecordedEpisode): boolean {
  return list.at(-1)?.report.verdict === "crash";
}

async function liveAgain(episode: RecordedEpisode, sandbox: Sandbox): Promise<Replay> {
  const { id } = episode;
  const answers = createAnswers();
  const life = await sandbox.open(lifeOptions(episode, answers));
  let steps = 0;
  try {
    for (const recorded of episode.list) {
      if (recorded.report.verdict === "crash") return result(id, steps, { fault: recorded.report.cause });
      answers.expect(recorded);
      const report = await life.step(recorded.program, recorded.setup);
      if (report.verdict === "crash") return result(id, steps, { fault: report.cause });
      const difference = answers.difference() ?? compareReports(recorded, report);
      if (difference !== null) return result(id, steps, { difference });
      steps++;
    }
    return result(id, steps, {});
  } finally {
    await life.close();
  }
}

/** How an episode is forked. */
export interface ForkOptions {
  /** The step to go back to, from 0: all before it are lived again as recorded. */
  step: number;
  /**
   * "edit": the step's program is replaced by an empty one, so that later steps keep their numbers and random draws.
   * "nothing": it runs too, as a control.
   */
  without: "edit" | "nothing";
  /** Programs to go on with. @default the recorded ones after `step` */
  programs?: readonly string[];
  /** Gives further programs while the agent lives; null ends the fork. Called after `programs` have run. */
  next?: (last: StepReport) => Promise<string | null>;
  /** Most steps after `step`. @default 50 */
  maxSteps?: number;
  /** Answers `self.call_LLM` where the record has no answer to that query. Without it such a call throws in the guest. */
  callModel?: (query: string) => Promise<string>;
}

/** A forked life, recorded as an episode of its own. */
export interface Fork {
  /** Its id in the record. */
  episode: number;
  of: number;
  step: number;
  without: "edit" | "nothing";
  /** Every step, those lived again included. */
  reports: StepReport[];
  alive: boolean;
  verdict: StepReport["verdict"];
  /** How many steps it lived beyond the original; negative if it lived less. */
  gained: number;
  toString(): string;
  [displaySymbol](): MimeBundle;
}

/** Goes back to a step of an episode and lives on from there. Throws if the steps before it do not replay as recorded. */
export async function fork(record: EpisodeRecord, id: number, options: ForkOptions, sandbox: Sandbox): Promise<Fork> {
  const { step, without, next, maxSteps = 50, callModel } = options;
  const episode = record.episode(id);
  if (!(step in episode.list)) {
    const known = episode.list.length === 0 ? "no steps" : `0 to ${episode.list.length - 1}`;
    throw new RecordFailure({ kind: "unknown", what: "step", id: `${step} in episode ${id}`, known });
  }
  const answers = createAnswers(callModel);
  const opened = recording(sandbox, record, { labels: episode.labels, forkOf: { episode: id, step, without } });
  const life = await opened.open(lifeOptions(episode, answers));
  try {
    const reports = await livePrefix(episode, step, life, answers);
    const programs = options.programs ?? episode.list.slice(step + 1).map(({ program }) => program);
    const queue = [without === "edit" ? "" : episode.list[step]!.program, ...programs.slice(0, maxSteps)];
    answers.expectAny(episode.list.slice(step).flatMap(({ calls }) => calls));
    for (;;) {
      const last = reports.at(-1);
      if (last !== undefined && !last.alive) break;
      const more = queue.length === 0 && next && last && reports.length <= step + maxSteps ? await next(last) : null;
      const program = queue.shift() ?? more;
      if (program === null) break;
      reports.push(await life.step(program, episode.list[reports.length]?.setup));
    }
    return forked(episode, life.episode, reports, { step, without });
  } finally {
    await life.close();
  }
}

async function livePrefix(
  episode: RecordedEpisode,
  until: number,
  life: Life,
  answers: Answers,
): Promise<StepReport[]> {
  const reports: StepReport[] = [];
  for (const recorded of episode.list.slice(0, until)) {
    answers.expect(recorded);
    const report = await life.step(recorded.program, recorded.setup);
    const difference = answers.difference() ?? compareReports(recorded, report);
    if (difference !== null) {
      const detail = `it cannot be forked at step ${until}: ${describeDifference(difference)}`;
      throw new RecordFailure({ kind: "order", episode: episode.id, detail });
    }
    reports.push(report);
  }
  return reports;
}

function forked(
  of: RecordedEpisode,
  episode: number,
  reports: StepReport[],
  { step, without }: Pick<ForkOptions, "step" | "without">,
): Fork {
  const last = reports.at(-1)!;
  const lived = (list: readonly { alive: boolean }[]): number => list.filter(({ alive }) => alive).length;
  const before = lived(of.list.map(({ report }) => report));
  const gained = lived(reports) - before;
  const how = without === "edit" ? `without the edit of step ${step}` : `again from step ${step}`;
  const end = `${last.verdict}${last.cause && `: ${visible(last.cause)}`}`;
  const text = `Episode ${of.id} ${how}: lived ${lived(reports)} steps (was ${before}), ${end}`;
  const rows = reports.map((report) => ({
    step: report.step,
    "as recorded": of.list[report.step]?.report.verdict ?? "",
    forked: report.verdict,
    cause: report.cause,
  }));
  return {
    episode,
    of: of.id,
    step,
    without,
    reports,
    alive: last.alive,
    verdict: last.verdict,
    gained,
    toString: () => text,
    [displaySymbol]: () => tableBundle(rows, { caption: text }),
  };
}

function lifeOptions({ start, list }: RecordedEpisode, { call: callModel, budget }: Answers): LifeOptions {
  const { seed = 0, query = "", genome, limits, asks = false, past: steps, rules = 1 } = start;
  const past = steps && { past: { seed, query, ...(genome && { genome }), steps } };
  const shown = list.some((step) => step.budget !== undefined) && { budget };
  return {
    seed,
    query,
    rules,
    ...(genome && { genome }),
    ...(limits && { limits }),
    ...(asks && { callModel }),
    ...shown,
    ...past,
  };
}

interface Answers {
  /** The step that comes next: its calls must be asked for, in order. */
  expect(recorded: RecordedStep): void;
  /** From here on any recorded call answers an equal query, once. */
  expectAny(calls: readonly ModelCall[]): void;
  call(query: string): Promise<string>;
  /** What the guest was shown of its budget in that step. */
  budget(): unknown;
  /** Where the step asked for something else than recorded. */
  difference(): Difference | null;
}

function createAnswers(callModel?: (query: string) => Promise<string>): Answers {
  let left: ModelCall[] = [];
  let total = 0;
  let step = 0;
  let strict = true;
  let found: Difference | null = null;
  let shown: unknown = null;
  const differ = (recorded: unknown, replayed: unknown): void => {
    found ??= { step, field: `calls[${total - left.length}].query`, recorded, replayed };
  };
  const take = (query: string): ModelCall | undefined => {
    const at = strict ? 0 : left.findIndex((call) => call.query === query);
    if (left[at] !== undefined && left[at].query === query) return left.splice(at, 1)[0];
    if (strict) differ(left[0]?.query ?? null, query);
    return undefined;
  };
  return {
    expect(recorded) {
      left = [...recorded.calls];
      total = left.length;
      step = recorded.step;
      shown = recorded.budget === undefined ? null : JSON.parse(recorded.budget);
    },
    expectAny(calls) {
      left = [...calls];
      strict = false;
    },
    async call(query) {
      const known = take(query);
      if (known?.answer !== undefined) return known.answer;
      if (known !== undefined) throw new Error(known.error);
      if (!strict && callModel) return callModel(query);
      throw new Error("the record has no answer to this query");
    },
    budget: () => shown,
    difference() {
      if (strict && left.length > 0) differ(left[0]!.query, null);
      return found;
    },
  };
}

function result(
  episode: number,
  steps: number,
  { difference = null, fault = null }: { difference?: Difference | null; fault?: string | null },
): Replay {
  const agrees = difference === null;
  const compared = `${steps} ${steps === 1 ? "step" : "steps"}`;
  const text =
    difference !== null
      ? `Episode ${episode}: ${describeDifference(difference)}`
      : `Episode ${episode}: ${compared} agree byte for byte${fault === null ? "" : `; then a fault of the sandbox, not compared: ${fault}`}`;
  return {
    episode,
    steps,
    agrees,
    difference,
    fault,
    toString: () => visible(text),
    [displaySymbol]: () => ({ "text/plain": visible(text) }),
  };
}
