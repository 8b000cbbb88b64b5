/**
 * An episode that can be looked at and gone back to: its timeline, its death certificate, the same life again, and what
 * would have come of it without one of its edits. Played in the environment that it was lived in, from its seed.
 */

import { type Certificate, certificateOf } from "../agent/index.ts";
import { displaySymbol, escapeHtml, type MimeBundle, tableBundle } from "../display/index.ts";
import type { Environment, Transition } from "../environment/index.ts";
import { type Figure, lifeTimeline } from "../plot/index.ts";
import type { Policy } from "../policy/index.ts";
import { createRandom } from "../random/index.ts";
import { type Episode, type EpisodeStep, stepOf } from "./collect.ts";

/** Where an episode was lived. */
export interface Origin {
  env: Environment;
  policy: Policy;
  /** The rollout's seed. */
  seed: number;
}

/** How to go back. */
export interface EpisodeForkOptions {
  /** The step to go back to, from 0. @default the last one */
  step?: number;
  /** "edit": the step's program is left out. "nothing": it runs too, as a control. @default "edit" */
  without?: "edit" | "nothing";
  /** Most steps that the policy goes on for, after the recorded ones. @default until the environment ends it */
  maxSteps?: number;
}

/** What came of going back. */
export interface ForkedEpisode {
  step: number;
  without: "edit" | "nothing";
  /** All steps, those lived again included. */
  steps: EpisodeStep[];
  alive: boolean;
  verdict: EpisodeStep["verdict"];
  survival: number;
  /** Steps survived beyond the original's; negative for fewer. */
  gained: number;
  toString(): string;
  [displaySymbol](): MimeBundle;
}

/** Whether a life came out the same when it was lived again. */
export interface EpisodeReplay {
  agrees: boolean;
  /** The first step that differs. */
  difference: { step: number; was: EpisodeStep; is: EpisodeStep | null } | null;
  toString(): string;
}

export interface LivedEpisode extends Episode {}

/** One life of a rollout. */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the fields are the episode's, copied by the constructor
export class LivedEpisode {
  readonly #origin: Origin;

  constructor(episode: Episode, origin: Origin) {
    Object.assign(this, episode);
    this.#origin = origin;
  }

  /** What ended it, the program that did it, and what the agent was before. */
  get certificate(): Certificate {
    const last = this.steps.at(-1)!;
    const { before = [], after = [] } = this.ending ?? {};
    const alive = last.verdict === "survived";
    const { verdict, cause, effects } = last;
    return certificateOf({
      ...{ alive, survived: this.survival, verdict, cause, effects, after },
      program: last.action.program,
      lastLiving: before,
      fork: `await episode.fork() goes back to step ${this.steps.length - 1}, leaves that program out and lets the policy go on`,
    });
  }

  /** Its steps with what each was worth, as a plotly figure. */
  timeline(): Figure {
    const steps = this.steps.map(({ action, verdict, reward, changed, solved }) => ({
      label: labelOf(action),
      verdict,
      reward,
      ...(changed !== undefined && { changed }),
      ...(solved !== undefined && { solved }),
    }));
    return lifeTimeline(steps, { title: `Life ${this.index}` });
  }

  /** Lives it again, program by program, and compares verdicts, causes, effects and rewards. */
  async replay(): Promise<EpisodeReplay> {
    const again = await this.#play(
      this.steps.map(({ action }) => action.program),
      0,
    );
    const facts = (step: EpisodeStep | undefined): string =>
      JSON.stringify([step?.verdict, step?.cause, step?.effects, step?.rewards, step?.solved, step?.changed]);
    const at = this.steps.findIndex((step, i) => facts(step) !== facts(again[i]));
    const difference = at < 0 ? null : { step: at, was: this.steps[at]!, is: again[at] ?? null };
    const text =
      difference === null
        ? `Life ${this.index}: ${this.steps.length} steps agree`
        : `Life ${this.index}: step ${at} was ${difference.was.verdict}, and is ${difference.is?.verdict ?? "not reached"}`;
    return { agrees: difference === null, difference, toString: () => text };
  }

  /** Goes back to a step and on from there, with or without its program; after the recorded programs the policy goes on. */
  async fork(options: EpisodeForkOptions = {}): Promise<ForkedEpisode> {
    const { step = this.steps.length - 1, without = "edit", maxSteps = Number.POSITIVE_INFINITY } = options;
    if (!Number.isSafeInteger(step) || !(step in this.steps))
      throw new RangeError(`Expected \`step\` to be from 0 to ${this.steps.length - 1}, got ${step}`);
    const programs = this.steps.map(({ action }, i) => (i === step && without === "edit" ? "" : action.program));
    const steps = await this.#play(programs, maxSteps);
    const { verdict, cause } = steps.at(-1)!;
    const alive = verdict === "survived";
    const survival = alive ? steps.length : steps.length - 1;
    const gained = survival - this.survival;
    const how = without === "edit" ? `without the program of step ${step}` : `again from step ${step}`;
    const text = `Life ${this.index} ${how}: ${survival} steps (was ${this.survival}), ${alive ? "alive at the end" : `${verdict}: ${cause}`}`;
    const rows = steps.map((one, i) => ({
      step: i,
      program: labelOf(one.action),
      "as it was": this.steps[i]?.verdict ?? "",
      forked: one.verdict,
      reward: one.reward,
    }));
    return {
      ...{ step, without, steps, alive, verdict, survival, gained },
      toString: () => text,
      [displaySymbol]: () => tableBundle(rows, { caption: text }),
    };
  }

  /** Programs first, then what the policy draws, from the streams that the rollout would have given it. */
  async #play(programs: readonly string[], more: number): Promise<EpisodeStep[]> {
    const { policy, seed } = this.#origin;
    const env = this.#origin.env.clone();
    const random = createRandom(seed, "episode", this.index);
    const steps: EpisodeStep[] = [];
    try {
      let [observation] = await env.reset({ seed: this.seed });
      for (;;) {
        const given = programs[steps.length];
        if (given === undefined && steps.length >= programs.length + more) return steps;
        const [drawn] =
          given === undefined ? await policy.act([observation], [random.child("step", steps.length)]) : [];
        const action = drawn ?? { ...this.steps[steps.length]!.action, program: given! };
        const transition: Transition<unknown> = await env.step(action.program);
        steps.push(stepOf(action, transition));
        observation = transition.observation;
        if (transition.terminated || transition.truncated) return steps;
      }
    } finally {
      await env.close();
    }
  }

  /** A table of its steps, and the certificate below it. */
  [displaySymbol](): MimeBundle {
    const caption = `Life ${this.index}: ${this.survival} steps survived, return ${this.return}`;
    const rows = this.steps.map((step, i) => ({
      step: i,
      program: labelOf(step.action),
      verdict: step.verdict.replaceAll("_", " "),
      reward: step.reward,
      ...(step.changed !== undefined && { changed: step.changed ? "✎" : "" }),
      ...(step.solved !== undefined && { "did what was asked": step.solved ? "★" : "" }),
    }));
    const table = tableBundle(rows, { caption });
    const end = this.certificate[displaySymbol]();
    const html = end["text/html"] ?? `<div>${escapeHtml(String(end["text/plain"]))}</div>`;
    return {
      "text/html": `${table["text/html"]}${html}`,
      "text/plain": `${table["text/plain"]}\n${end["text/plain"]}`,
    };
  }
}

function labelOf({ label, program }: EpisodeStep["action"]): string {
  const line = program.split("\n").find((text) => text.trim() !== "") ?? "(nothing)";
  return program === "" ? "(nothing)" : label || line.slice(0, 60);
}
