/**
 * Living a recorded episode again, without the model: recorded programs, recorded answers, the recorded seed; and a fork of
 * one, which is recorded too. Not here: how an episode is lived again anywhere (`episode/again.ts`).
 */

import {
  byHand,
  createAnswers,
  environmentOf,
  type Fork,
  type ForkOptions,
  forkEpisode,
  lifeFields,
  type Replay,
  replayEpisode,
} from "../episode/index.ts";
import type { Sandbox, StepReport } from "../sandbox/types.ts";
import { RecordFailure } from "./error.ts";
import type { EpisodeRecord } from "./store.ts";
import { recordTo } from "./writer.ts";

/** Lives episode `id` again in `sandbox` and compares. */
export async function replay(record: EpisodeRecord, id: number, sandbox: Sandbox): Promise<Replay> {
  const episode = record.episode(id);
  const { callModel, expect } = createAnswers();
  const env = environmentOf(episode, sandbox, callModel);
  return replayEpisode(episode, { env, fields: lifeFields, onExpect: expect, name: `Episode ${id}` });
}

/** How a recorded episode is forked. */
export interface RecordForkOptions extends ForkOptions {
  /** Gives further programs while the agent lives; null ends the fork. Called after `programs` have run. */
  next?: (last: StepReport) => Promise<string | null>;
  /** Answers `self.call_LLM` where the record has no answer to that query. Without it such a call throws in the guest. */
  callModel?: (query: string) => Promise<string>;
}

/** Goes back to a step of an episode and lives on from there. Throws if the steps before it do not replay as recorded. */
export async function fork(
  record: EpisodeRecord,
  id: number,
  { next, callModel, maxSteps = 50, ...options }: RecordForkOptions,
  sandbox: Sandbox,
): Promise<Fork & { episode: number }> {
  const episode = record.episode(id);
  const { step = episode.steps.length - 1, without = "edit" } = options;
  if (!(step in episode.steps)) {
    const known = episode.steps.length === 0 ? "no steps" : `0 to ${episode.steps.length - 1}`;
    throw new RecordFailure({ kind: "unknown", what: "step", id: `${step} in episode ${id}`, known });
  }
  const answers = createAnswers(callModel);
  const { labels } = episode.start;
  const forked = await forkEpisode(
    episode,
    { ...options, maxSteps },
    async ([last]) => {
      const program = (await next?.(last as StepReport)) ?? null;
      return program === null ? [] : [{ ...byHand, program }];
    },
    {
      env: environmentOf(episode, sandbox, answers.callModel),
      fields: lifeFields,
      onExpect: answers.expect,
      onFork: () => answers.expectAny(episode.steps.slice(step).flatMap(({ calls }) => calls)),
      listener: recordTo(record, { ...(labels && { labels }), forkOf: { episode: id, step, without } }),
      name: `Episode ${id}`,
    },
  );
  return forked as Fork & { episode: number };
}
