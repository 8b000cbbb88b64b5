/**
 * An episode that can be looked at and gone back to: its timeline, its death certificate, the same life again, and what
 * would have come of it without one of its edits. Played in the environment that it was lived in, from its seed.
 */

import { type Certificate, certificateOf } from "../agent/index.ts";
import { displaySymbol, escapeHtml, type MimeBundle, tableBundle } from "../display/index.ts";
import type { Environment } from "../environment/index.ts";
import {
  type Episode,
  type EpisodeJob,
  type Fork,
  type ForkOptions,
  forkEpisode,
  genomeBefore,
  labelOf,
  type Replay,
  replayEpisode,
} from "../episode/index.ts";
import { episodeTimeline, type Figure } from "../plot/index.ts";
import type { Policy } from "../policy/index.ts";

/** Where an episode was lived: what was played, and as which of a batch. */
export interface Origin {
  env: Environment;
  policy: Policy;
  job: EpisodeJob;
}

export interface PlayedEpisode extends Episode {}

/** One episode of a rollout. */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the fields are the episode's, copied by the constructor
export class PlayedEpisode {
  readonly #origin: Origin;

  constructor(episode: Episode, origin: Origin) {
    Object.assign(this, episode);
    this.#origin = origin;
  }

  /** What ended it, the program that did it, and what the agent was before. */
  get certificate(): Certificate {
    const at = this.steps.length - 1;
    const { verdict, cause, effects, program, report } = this.steps[at]!;
    return certificateOf({
      ...{ alive: verdict === "survived", survived: this.survival, verdict, cause, effects: [...effects], program },
      after: report?.genome ?? [],
      lastLiving: genomeBefore(this, at) ?? [],
      fork: `await episode.fork() goes back to step ${at}, leaves that program out and lets the policy go on`,
    });
  }

  /** Its steps with what each was worth, as a plotly figure. */
  timeline(): Figure {
    const steps = this.steps.map((step) => ({ ...step, label: labelOf(step) }));
    return episodeTimeline(steps, { title: `Episode ${this.index}` });
  }

  /** Lives it again, program by program, and compares all that is known of it but timings. */
  replay(): Promise<Replay> {
    return replayEpisode(this, this.#again());
  }

  /** Goes back to a step and on from there, with or without its program; after the recorded programs the policy goes on. */
  fork(options: ForkOptions = {}): Promise<Fork> {
    const { policy } = this.#origin;
    return forkEpisode(this, options, (...asked) => policy.act(...asked), this.#again());
  }

  #again() {
    const { env, job } = this.#origin;
    return { env, job, name: `Episode ${this.index}` };
  }

  /** A table of its steps, and the certificate below it. */
  [displaySymbol](): MimeBundle {
    const caption = `Episode ${this.index}: ${this.survival} steps survived, return ${this.return}`;
    const rows = this.steps.map((step, i) => ({
      step: i,
      program: labelOf(step),
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
