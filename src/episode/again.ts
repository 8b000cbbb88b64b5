/**
 * An episode lived again, program by program, in an environment: the one it was played in, or a bare life that a record
 * begins. A replay must agree with it on everything but timings, or it says where it differs. A fork goes back to a step and
 * goes on from there, with or without what the agent did in it.
 */

import { anything, checkOptions, listOf, numberFrom, oneOf, only, optional, text } from "../data/check.ts";
import { displaySymbol, type MimeBundle, tableBundle, visible } from "../display/index.ts";
import type { Environment } from "../environment/types.ts";
import type { Action, Policy } from "../policy/types.ts";
import { allFields, compareSteps, type Difference, describeDifference } from "./compare.ts";
import { type EpisodeJob, type EpisodeListener, runEpisode } from "./run.ts";
import type { Episode, EpisodeStart, Step } from "./types.ts";

/** Where and how an episode is lived again. */
export interface AgainOptions {
  env: Environment;
  /** What names its draws. @default as the first of a batch: for environments that know their own seed */
  job?: EpisodeJob;
  /** What is compared. @default all that an environment tells */
  fields?: readonly (keyof Step)[];
  /** Called before each step that is lived as it was. */
  onExpect?: (step: Step) => void;
  /** How it is called in texts. */
  name: string;
}

/** What a replay found. */
export interface Replay {
  /** The episode's id in its record; null where it is in none. */
  episode: number | null;
  /** Steps that were compared. */
  steps: number;
  agrees: boolean;
  difference: Difference | null;
  /** Set when the episode, or the replay twice, ends in a fault of the sandbox: no fact about the agent, not compared. */
  fault: string | null;
  /** In words, which rules are others than those that it was judged by; null: the same, or it does not name its own. */
  otherRules: string | null;
  toString(): string;
  [displaySymbol](): MimeBundle;
}

/**
 * Lives an episode again and compares. A replay that the sandbox itself spoils is tried once more, then told as a fault: it
 * says nothing about the episode.
 */
export async function replayEpisode(episode: Episode, options: AgainOptions): Promise<Replay> {
  const first = await liveAgain(episode, options);
  return first.fault === null || episode.steps.at(-1)?.verdict === "infrastructure_error"
    ? first
    : liveAgain(episode, options);
}

async function liveAgain(episode: Episode, options: AgainOptions): Promise<Replay> {
  const { compared, fault, otherRules, ...found } = await livePrefix(episode, options);
  const unreached = fault === null ? episode.steps[compared] : undefined;
  const missing = unreached && {
    step: compared,
    field: "verdict",
    recorded: unreached.verdict,
    replayed: "not reached",
  };
  const difference = found.difference ?? missing ?? null;
  const { name } = options;
  const agrees = difference === null;
  const count = `${compared} ${compared === 1 ? "step agrees" : "steps agree"} byte for byte`;
  const end = fault === null ? "" : `; then a fault of the sandbox, not compared: ${fault}`;
  const told = otherRules === null ? "" : `; judged by other rules than then: ${otherRules}`;
  const text = `${name}: ${agrees ? `${count}${end}` : describeDifference(difference)}${told}`;
  return {
    ...{ episode: episode.id, steps: compared, agrees, difference, fault, otherRules },
    toString: () => visible(text),
    [displaySymbol]: () => ({ "text/plain": visible(text) }),
  };
}

/** What came of living an episode again. */
interface Found extends Pick<Replay, "difference" | "fault" | "otherRules"> {
  compared: number;
}

/** The rules that an episode names and that are not the same now: those of its body (decoys, probes), and of verdicts. */
function otherRules(was: EpisodeStart, is: EpisodeStart): string | null {
  const told: string[] = [];
  const [old, now] = [was, is].map(({ body }) => body && [body.name, body.hash].join(" "));
  if (old !== undefined && now !== undefined && old !== now) told.push(`the body is ${now}, and was ${old}`);
  if (was.verdicts !== undefined && is.verdicts !== undefined && was.verdicts !== is.verdicts)
    told.push(`verdicts are by version ${is.verdicts}, and were by ${was.verdicts}`);
  return told.length === 0 ? null : told.join("; ");
}

/** Lives the steps again, until one differs or is a fault. */
async function livePrefix(
  { steps, start: recorded }: Episode,
  { env, job = { index: 0 }, fields = allFields, onExpect }: AgainOptions,
): Promise<Found> {
  const found: Found = { compared: 0, difference: null, fault: null, otherRules: null };
  let played = 0;
  const own = env.clone();
  try {
    await runEpisode(
      own,
      async () => {
        const next = steps[played];
        if (next === undefined || found.difference !== null || found.fault !== null) return [];
        if (next.verdict === "infrastructure_error") found.fault = next.cause;
        if (found.fault !== null) return [];
        onExpect?.(next);
        return [{ ...next.action, program: next.program }];
      },
      job,
      {
        onStart(start) {
          found.otherRules = otherRules(recorded, start);
          return null;
        },
        onStep(step) {
          if (step.verdict === "infrastructure_error") found.fault = step.cause;
          else found.difference = compareSteps(played, steps[played]!, step, fields);
          if (found.fault === null && found.difference === null) found.compared++;
          played++;
        },
      },
    );
  } finally {
    await own.close();
  }
  return found;
}

/** How an episode is forked. */
export interface ForkOptions {
  /** The step to go back to, from 0: all before it are lived again as they were. @default the last one */
  step?: number;
  /**
   * "edit": the step's program is replaced by an empty one, so that later steps keep their numbers and random draws.
   * "nothing": it runs too, as a control. @default "edit"
   */
  without?: "edit" | "nothing";
  /** Programs to go on with. @default those after `step`, as they were */
  programs?: readonly string[];
  /** Most steps after those. @default until the environment ends it */
  maxSteps?: number;
}

/** What came of going back. */
export interface Fork {
  /** The fork's id, and that of the episode which it was forked from, where they are in a record. */
  episode: number | null;
  of: number | null;
  step: number;
  without: "edit" | "nothing";
  /** Every step, those lived again included. */
  steps: Step[];
  alive: boolean;
  verdict: Step["verdict"];
  /** Steps survived; and how many more than the original's, negative for fewer. */
  survival: number;
  gained: number;
  toString(): string;
  [displaySymbol](): MimeBundle;
}

const forkSchema = only<ForkOptions>({
  step: anything<number>(), // which steps there are is the episode's to say
  without: optional(oneOf("edit", "nothing")),
  programs: optional(listOf(text, "a list of programs")),
  maxSteps: optional(numberFrom(0, Number.POSITIVE_INFINITY)),
});

/**
 * Goes back to a step and on from there: `act` is asked when the programs have run out, and may end it by giving nothing.
 * Throws a RangeError for a step that is not there, and an Error where a step before it does not come out as it was.
 */
export async function forkEpisode(
  episode: Episode,
  options: ForkOptions,
  act: Policy["act"],
  again: AgainOptions & { onFork?: () => void; listener?: EpisodeListener },
): Promise<Fork> {
  checkOptions(forkSchema, options, "the options of a fork");
  const { step = episode.steps.length - 1, without = "edit", programs, maxSteps = Number.POSITIVE_INFINITY } = options;
  const { steps: was } = episode;
  if (!Number.isSafeInteger(step) || !(step in was))
    throw new RangeError(`Expected \`step\` to be from 0 to ${was.length - 1}, got ${step}`);
  const { env, job = { index: 0 }, fields, onExpect, onFork, listener = {}, name } = again;
  const rest = programs ?? was.slice(step + 1).map(({ program }) => program);
  const given = [
    ...was.slice(0, step).map(({ program }) => program),
    without === "edit" ? "" : was[step]!.program,
    ...rest,
  ];
  const steps: Step[] = [];
  const next: Policy["act"] = async (observations, streams) => {
    const at = steps.length;
    if (at < step) onExpect?.(was[at]!);
    if (at === step) onFork?.();
    if (at < given.length) return [{ ...(was[at]?.action ?? byHand), program: given[at]! } satisfies Action];
    return at >= given.length + maxSteps ? [] : act(observations, streams);
  };
  const own = env.clone();
  try {
    const played = await runEpisode(own, next, job, {
      ...listener,
      onStep(one) {
        const difference = steps.length < step ? compareSteps(steps.length, was[steps.length]!, one, fields) : null;
        if (difference !== null)
          throw new Error(`${name} cannot be forked at step ${step}: ${describeDifference(difference)}`);
        steps.push(one);
        listener.onStep?.(one);
      },
    });
    return forked(episode, played, { step, without, name });
  } finally {
    await own.close();
  }
}

/** What is told of a program that no policy drew. */
export const byHand: Step["action"] = { label: "", choice: -1, logProb: Number.NaN };

function forked(
  of: Episode,
  { id, steps }: Episode,
  { step, without, name }: { step: number; without: "edit" | "nothing"; name: string },
): Fork {
  const { verdict, cause } = steps.at(-1)!;
  const alive = verdict === "survived";
  const survived = (list: readonly Step[]): number => list.filter((one) => one.verdict === "survived").length;
  const [survival, before] = [survived(steps), survived(of.steps)];
  const how = without === "edit" ? `without the edit of step ${step}` : `again from step ${step}`;
  const text = visible(
    `${name} ${how}: ${survival} steps (was ${before}), ${verdict}${cause === "" ? "" : `: ${cause}`}`,
  );
  const rows = steps.map((one, i) => ({
    step: i,
    program: labelOf(one),
    "as it was": of.steps[i]?.verdict ?? "",
    forked: one.verdict,
    reward: one.reward,
  }));
  return {
    ...{ episode: id, of: of.id, step, without, steps, alive, verdict, survival, gained: survival - before },
    toString: () => text,
    [displaySymbol]: () => tableBundle(rows, { caption: text }),
  };
}

/** A short name of a step, for a table. */
export function labelOf({ program, action: { label } }: Step): string {
  if (program === "") return "(nothing)";
  return label || (program.split("\n").find((text) => text.trim() !== "") ?? "(nothing)").slice(0, 60);
}
