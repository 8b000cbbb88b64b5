/**
 * A runner plays episodes, one for each job: here, in this process. What an episode is does not depend on its runner, nor on
 * what else is played beside it.
 */

import { show } from "../data/check.ts";
import type { Environment } from "../environment/index.ts";
import { type Episode, type EpisodeJob, type EpisodeListener, runEpisode } from "../episode/index.ts";
import { gather } from "../policy/gather.ts";
import type { Policy } from "../policy/index.ts";
import { watched } from "../policy/watch.ts";

/** Plays episodes of one policy in one environment. */
export interface Runner {
  /** How many it plays at once, at most. */
  places(): Promise<number>;
  /** Plays one. Rejects with the signal's reason when it is aborted. */
  play(
    job: EpisodeJob,
    how?: { listener?: EpisodeListener | undefined; signal?: AbortSignal | undefined },
  ): Promise<Episode>;
  /** Gives back what it holds. */
  close(): Promise<void>;
}

/** Most steps drawn ahead for a policy that does not look at observations. */
const drawnAhead = 64;

/**
 * Plays in this process, each episode in a clone of the environment. Where the policy likes to be asked for many at once, it
 * is asked once for a step of all that are in play, or once for each of the cohorts that it likes them in. Rejects where the policy's weights are changed meanwhile: the episodes
 * would be of no policy that there was.
 */
export function localRunner(env: Environment, given: Policy): Runner {
  const policy = counted(watched(given));
  const { batch = 1, cohorts = 1 } = policy;
  const gatherings = batch > 1 ? Array.from({ length: cohorts }, () => gather(policy)) : null;
  const idle: Environment[] = [];
  const all: Environment[] = [];
  let closed = false;
  const take = (): Environment => {
    const own = idle.pop() ?? env.clone();
    if (!all.includes(own)) all.push(own);
    return own;
  };
  return {
    // An episode without a place of its own would be lived again from its birth at each of its steps.
    places: async () => (await env.places?.()) ?? Number.POSITIVE_INFINITY,
    async play(job, { listener, signal } = {}) {
      const own = take();
      const gathering = gatherings?.[job.index % cohorts];
      const act: Policy["act"] = (...asked) =>
        gathering === undefined ? policy.act(...asked) : gathering.act(job.index, ...asked);
      // A step that somebody waits for is played alone: it is told of before the next one begins.
      const ahead = policy.openLoop && own.stepMany && !listener?.onStep ? drawnAhead : 1;
      gathering?.join();
      try {
        return await runEpisode(own, act, job, { ...listener, ahead, signal });
      } finally {
        gathering?.leave();
        idle.push(own);
        // Who was in the middle of an episode may have begun a life after all were closed.
        if (closed) await own.close();
      }
    },
    async close() {
      closed = true;
      await Promise.all(all.map((own) => own.close()));
    },
  };
}

/** The same policy, held to one action for each observation. */
function counted(policy: Policy): Policy {
  return {
    ...policy,
    async act(observations, streams) {
      const actions = await policy.act(observations, streams);
      const isList = Array.isArray(actions);
      const wrong = isList ? actions.findIndex((one) => typeof one?.program !== "string") : -1;
      if (!isList || wrong >= 0)
        throw new TypeError(
          `The policy ${policy.name} gave ${show(isList ? actions[wrong] : actions)}: let act() give a list of actions, { program, logProb, choice, label }, or be a function that gives programs`,
        );
      const [given, asked] = [actions.length, observations.length];
      if (given === asked) return actions;
      throw new TypeError(
        `The policy ${policy.name} gave ${given} actions for ${asked} ${asked === 1 ? "observation" : "observations"}: let act() give one for each`,
      );
    },
  };
}
