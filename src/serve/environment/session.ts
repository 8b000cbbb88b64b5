/**
 * One client's environment and the episode that it plays there. Whoever holds a session asks one thing after the other of it.
 * Not here: how messages come and go (`socket.ts`), which sessions there are (`sessions.ts`).
 */

import { randomInt, randomUUID } from "node:crypto";
import type { Environment } from "../../environment/index.ts";
import { EnvironmentServerFailure } from "./error.ts";
import { type Keeping, type KeptEpisode, keepEpisode } from "./keep.ts";
import { readAction, readReset } from "./messages.ts";
import { type Told, toldOfReset, toldOfStep } from "./told.ts";

/** An environment, and where its episode is. */
export interface Session {
  readonly env: Environment;
  readonly keeping: Keeping | undefined;
  episode: PlayedEpisode | null;
}

interface PlayedEpisode {
  id: string;
  steps: number;
  /** Why it is over; null while it goes on. */
  over: string | null;
  kept: KeptEpisode | null;
}

/** A session in an environment, whose episode has not begun. */
export function openSession(env: Environment, keeping: Keeping | undefined): Session {
  return { env, keeping, episode: null };
}

/** Begins an episode, whatever became of the one before. */
export async function resetSession(session: Session, data: unknown): Promise<Told> {
  const { seed, episode_id } = readReset(data);
  const own = seed ?? randomInt(2 ** 31);
  const id = episode_id ?? randomUUID();
  session.episode = null;
  const begun = await session.env.reset({ seed: own });
  // Its first program is as far away as its client is.
  session.env.prepare?.();
  const [, { start }] = begun;
  const kept = session.keeping === undefined ? null : keepEpisode(session.keeping, { seed: own, ...start }, id);
  session.episode = { id, steps: 0, over: null, kept };
  return toldOfReset(begun, { seed: own, episodeId: id });
}

/** Runs one program. An environment that throws has lost its episode. */
export async function stepSession({ env, episode }: Session, data: unknown): Promise<Told> {
  const program = readAction(data);
  if (episode === null) throw new EnvironmentServerFailure({ kind: "not-reset" });
  if (episode.over !== null) throw new EnvironmentServerFailure({ kind: "over", why: episode.over });
  episode.over = "the environment failed";
  const transition = await env.step(program);
  episode.kept?.step(program, transition);
  episode.steps++;
  const { terminated, truncated, info } = transition;
  const why = terminated ? (info.report?.verdict ?? "terminated") : `truncated after ${episode.steps} steps`;
  episode.over = terminated || truncated ? why : null;
  return toldOfStep(transition);
}

/** The episode as the protocol's `state` has it. */
export function stateOf({ episode }: Session): { episode_id: string | null; step_count: number } {
  return { episode_id: episode?.id ?? null, step_count: episode?.steps ?? 0 };
}
