/**
 * Which tasks a training asks. Each task once before any comes again: what the lives of an update do is then a figure on tasks
 * that the policy has not learned from, and nothing is there to be learned by heart (a head that saw 64 tasks twelve times each
 * did). The order is drawn by the run's seed; which tasks an update asks follows from its number alone, so that a run that
 * goes on asks what it would have asked.
 */

import { OptionFailure } from "../data/check.ts";
import type { Environment } from "../environment/index.ts";
import type { BeginOptions } from "../episode/index.ts";
import { createRandom, shuffled } from "../random/index.ts";

/** How tasks are chosen. */
export type Curriculum = "drawn" | "each task new";

interface Plan {
  env: Pick<Environment, "tasks" | "maxSteps">;
  curriculum: Curriculum;
  episodes: number;
  group: number;
  seed: number;
}

/** What each group of an update is reset with; null where lives draw their own. */
export function beginningsOf({ env, curriculum, episodes, group, seed }: Plan, update: number): BeginOptions[] | null {
  if (curriculum === "drawn") return null;
  const { ids, asked, lives } = roundOf(env);
  const groups = episodes / group;
  const orders = new Map<number, string[]>();
  const orderOf = (round: number): string[] => {
    const known = orders.get(round) ?? shuffled(ids, createRandom(seed, "curriculum", round));
    orders.set(round, known);
    return known;
  };
  return Array.from({ length: groups }, (_, i) => {
    const life = update * groups + i;
    const at = (life % lives) * asked;
    return { tasks: orderOf(Math.floor(life / lives)).slice(at, at + asked) };
  });
}

/** How many updates ask only tasks that no update before them asked. */
export function newUpdates({ env, episodes, group }: Pick<Plan, "env" | "episodes" | "group">): number {
  return Math.floor(roundOf(env).lives / (episodes / group));
}

/** A round: so many tasks a life, and so many lives until all were asked. What is left over at its end is left to the next. */
function roundOf({ tasks = [], maxSteps = 1 }: Plan["env"]): { ids: string[]; asked: number; lives: number } {
  const ids = tasks.map(({ id }) => id);
  const asked = Math.min(maxSteps, ids.length);
  return { ids, asked, lives: Math.floor(ids.length / asked) };
}

/** Throws an OptionFailure where there is nothing to choose from. */
export function checkCurriculum({ env, curriculum }: Pick<Plan, "env" | "curriculum">): void {
  if (curriculum === "drawn" || (env.tasks?.length ?? 0) > 0) return;
  const expected = '"drawn" where the environment has no tasks';
  throw new OptionFailure({ kind: "option", name: "curriculum", expected, value: curriculum });
}
