/**
 * What a client is told of an episode. The observation is all that a model may see: some trainers show the whole of it in
 * each turn. How a step was scored goes beside it, in `metadata`. Left out are a task's id, its check and its set-up, paths,
 * and what a fault of the host's says.
 */

import type { Info, Transition } from "../../environment/index.ts";
import type { Json } from "./messages.ts";

/** The data of an answer to a reset or a step. */
export interface Told {
  observation: Json;
  /** Null at the beginning, and where the step could not be scored: an episode that a trainer must leave out. */
  reward: number | null;
  done: boolean;
  metadata: Json;
}

/** What is said in place of a fault's own words, which may name parts of the host. */
const faultCause = "the sandbox failed: this says nothing about the agent";

/** What is told of an episode's beginning. */
export function toldOfReset(
  [observation, info]: readonly [unknown, Info],
  { seed, episodeId }: { seed: number; episodeId: string },
): Told {
  const inSandbox = info.start !== undefined;
  return {
    observation: { ...fieldsOf(observation), ...(inSandbox && { verdict: null, cause: "", output: "" }) },
    reward: null,
    done: false,
    metadata: { seed, episode_id: episodeId },
  };
}

/** What is told of a step. */
export function toldOfStep({ observation, reward, terminated, truncated, info }: Transition<unknown>): Told {
  const { report, rewards, changed, score, solved } = info;
  const fault = report?.verdict === "infrastructure_error";
  const seen = report && { verdict: report.verdict, cause: fault ? faultCause : report.cause, output: report.output };
  return {
    observation: { ...fieldsOf(observation), ...seen },
    reward: fault || !Number.isFinite(reward) ? null : reward,
    done: terminated || truncated,
    metadata: { rewards, effects: report?.effects ?? [], changed, score, solved, terminated, truncated, fault },
  };
}

/** The protocol wants an object; what is none becomes a field of one. */
function fieldsOf(observation: unknown): Json {
  const plain = typeof observation === "object" && observation !== null && !Array.isArray(observation);
  return plain ? (observation as Json) : { observation };
}
