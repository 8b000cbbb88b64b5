/**
 * Which tasks a training asks. **Each task new**: each once before any comes again, so that what the lives of an update do is a figure
 * on tasks that the policy has not learned from, and nothing is there to be learned by heart (a head that saw 64 tasks twelve times each
 * did). **Learnable**: those first of which it is likely that the policy now does them and now does not, because a group that always
 * or never does what was asked teaches nothing of it (sampling for learnability, Rutherford et al. 2024; dynamic sampling in DAPO, Yu et al. 2025,
 * draws again instead). What is likely is learned from the groups of before, so it costs no program. The draws are named by the run's seed
 * and the update, and what was learned is in the checkpoint: a run that goes on asks what it would have asked.
 */

import { OptionFailure } from "../data/check.ts";
import type { Environment } from "../environment/index.ts";
import type { BeginOptions, Episode } from "../episode/index.ts";
import { createRandom, shuffled } from "../random/index.ts";
import type { CurriculumState } from "./types.ts";

/** How tasks are chosen. */
export const curricula = ["drawn", "each task new", "learnable"] as const;
export type Curriculum = (typeof curricula)[number];

interface Plan {
  env: Pick<Environment, "tasks" | "maxSteps">;
  curriculum: Curriculum;
  episodes: number;
  group: number;
  seed: number;
}

/** The tasks of a training, update after update. */
export interface TaskChoice {
  /** What each group of an update is reset with; null where lives draw their own. The same until something is heard. */
  beginnings(update: number): BeginOptions[] | null;
  /** Hears what became of an update's lives. */
  hear(episodes: readonly Episode[]): void;
  /** What it knows; null where it needs nothing. */
  state(): CurriculumState | null;
  restore(state: CurriculumState | null): void;
}

/** Opens the curriculum that the settings ask for. */
export function openCurriculum(plan: Plan): TaskChoice {
  if (plan.curriculum === "learnable") return learnableTasks(plan);
  return { beginnings: (update) => newTasks(plan, update), hear() {}, state: () => null, restore() {} };
}

function newTasks({ env, curriculum, episodes, group, seed }: Plan, update: number): BeginOptions[] | null {
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

/** What a task weighs beside one that was never asked: after a group in which it was now done and now not, and after one that was all the same. */
const afterMixed = 0.5;
const afterSame = 0.1;

/**
 * A task weighs the share of its family's groups that were mixed (each family begins with one that was and one that was not), times
 * what its own last group says. An update's tasks are drawn by weight, none twice before all were.
 */
function learnableTasks({ env, episodes, group, seed }: Plan): TaskChoice {
  const { ids, asked } = roundOf(env);
  const familyOf = new Map(env.tasks!.map(({ id, family = id }) => [id, family]));
  let known: CurriculumState = {};
  const weights = (): Map<string, number> => {
    const families = new Map<string, { asked: number; mixed: number }>();
    for (const [id, own] of Object.entries(known)) {
      const sum = families.get(familyOf.get(id)!) ?? { asked: 0, mixed: 0 };
      families.set(familyOf.get(id)!, { asked: sum.asked + own.asked, mixed: sum.mixed + own.mixed });
    }
    return new Map(
      ids.map((id) => {
        const family = families.get(familyOf.get(id)!) ?? { asked: 0, mixed: 0 };
        const own = known[id];
        const last = own === undefined ? 1 : own.wasMixed ? afterMixed : afterSame;
        return [id, (last * (family.mixed + 1)) / (family.asked + 2)];
      }),
    );
  };
  return {
    beginnings(update) {
      const order = drawnByWeight(weights(), createRandom(seed, "curriculum", "learnable", update));
      return Array.from({ length: episodes / group }, (_, i) => ({
        tasks: Array.from({ length: asked }, (_, t) => order[(i * asked + t) % order.length]!),
      }));
    },
    hear(played) {
      const next = { ...known };
      for (const [id, solved] of outcomesByTask(played)) {
        const wasMixed = solved.includes(true) && solved.includes(false);
        const before = next[id] ?? { asked: 0, mixed: 0 };
        next[id] = { asked: before.asked + 1, mixed: before.mixed + (wasMixed ? 1 : 0), wasMixed };
      }
      known = next;
    },
    state: () => known,
    restore(state) {
      known = state ?? {};
    },
  };
}

/** Whether each program did what was asked, by task; one alone says nothing of the others, and is left out. */
function outcomesByTask(episodes: readonly Episode[]): Map<string, boolean[]> {
  const found = new Map<string, boolean[]>();
  for (const { steps } of episodes)
    for (const { task, solved } of steps)
      if (task !== undefined && solved !== undefined) found.set(task, [...(found.get(task) ?? []), solved]);
  return new Map([...found].filter(([, own]) => own.length > 1));
}

/** All of them in a drawn order in which the heavy ones tend to come first (weighted sampling without replacement, Efraimidis and Spirakis 2006). */
function drawnByWeight(weights: ReadonlyMap<string, number>, random: ReturnType<typeof createRandom>): string[] {
  const keyed = [...weights].map(([id, weight]) => ({ id, key: Math.log(1 - random.uniform()) / weight }));
  return keyed.sort((a, b) => b.key - a.key).map(({ id }) => id);
}

/**
 * A round: so many tasks a life, and so many lives until all were asked. What is left over at its end is left to the next. There
 * are tasks: `checkCurriculum` saw to it.
 */
function roundOf({ tasks, maxSteps = 1 }: Plan["env"]): { ids: string[]; asked: number; lives: number } {
  const ids = tasks!.map(({ id }) => id);
  const asked = Math.min(maxSteps, ids.length);
  return { ids, asked, lives: Math.floor(ids.length / asked) };
}

/** Throws an OptionFailure where there is nothing to choose from, or what is to be chosen by is not known in time. */
export function checkCurriculum({
  env,
  curriculum,
  stale,
  group,
}: Pick<Plan, "env" | "curriculum" | "group"> & { stale: number }): void {
  if (curriculum === "drawn") return;
  const refuse = (expected: string) =>
    new OptionFailure({ kind: "option", name: "curriculum", expected, value: curriculum });
  if ((env.tasks?.length ?? 0) === 0) throw refuse('"drawn" where the environment has no tasks');
  if (curriculum !== "learnable") return;
  if (stale === 1)
    throw refuse(
      '"drawn" or "each task new" with `stale: 1`, where a batch is chosen before the one before it was heard of',
    );
  if (group === 1)
    throw refuse(
      '"drawn" or "each task new" with `group: 1`: several answers to one task tell whether it is now done and now not',
    );
}
