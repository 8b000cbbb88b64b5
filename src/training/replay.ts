/**
 * Learning again from what went well (self-imitation, Oh et al. 2018): programs of earlier updates that did what they were asked, which
 * are few, are a part of later updates' batches, each as if its advantage were one. What a program was drawn by does not matter to that: it
 * is likelihood that is raised, not a return's estimate, so there is no importance weight. Tasks are drawn evenly, those with few such programs
 * as often as those with many, and no program is kept twice. Kept are a task's id and the ids of a program's tokens: a run that goes
 * on reads them again, and is the same to the bit, because each is read by the frozen model in a pass of its own when it is first used.
 */

import { OptionFailure } from "../data/check.ts";
import type { Environment } from "../environment/index.ts";
import type { Episode } from "../episode/index.ts";
import type { Action, TrainablePolicy } from "../policy/index.ts";
import { createRandom } from "../random/index.ts";
import type { Settings } from "./options.ts";
import type { ReplayState } from "./types.ts";

/** What went well so far. */
export interface Replay {
  /** Programs to learn from again in an update; none before anything went well. */
  draw(update: number): Promise<Action[]>;
  /** Hears what became of an update's lives. */
  hear(episodes: readonly Episode[]): void;
  /** What is kept; null where nothing is asked for. */
  state(): ReplayState | null;
  restore(state: ReplayState | null): void;
}

/** Programs of a task that are kept: the newest. */
const mostOfTask = 8;

type Kept = ReplayState[string][number];

/** Opens it as the settings ask. */
export function openReplay({
  replay,
  seed,
  env,
  policy,
}: Pick<Settings, "replay" | "seed" | "env" | "policy">): Replay {
  if (replay === 0) return { draw: async () => [], hear() {}, state: () => null, restore() {} };
  const askOf = new Map((env.tasks ?? []).map(({ id, ask }) => [id, ask!]));
  const known = new Map<string, Kept[]>();
  const read = new WeakMap<Kept, Promise<Action>>();
  const actionOf = (task: string, kept: Kept): Promise<Action> => {
    const action = read.get(kept) ?? readAgain(policy, askOf.get(task)!, kept);
    read.set(kept, action);
    return action;
  };
  return {
    async draw(update) {
      // In the order that a checkpoint has them in, which ids that are numbers change: a run that goes on draws the same.
      const tasks = Object.keys(Object.fromEntries(known)).filter((task) => askOf.has(task));
      if (tasks.length === 0) return [];
      const random = createRandom(seed, "replay", update);
      const actions: Action[] = [];
      for (let i = 0; i < replay; i++) {
        const task = random.choice(tasks);
        actions.push(await actionOf(task, random.choice(known.get(task)!)));
      }
      return actions;
    },
    hear(episodes) {
      for (const { task, ...kept } of wentWell(episodes)) {
        const before = known.get(task) ?? [];
        if (before.some(({ program }) => program === kept.program)) continue;
        known.set(task, [...before, kept].slice(-mostOfTask));
      }
    },
    state: () => Object.fromEntries(known),
    restore(state) {
      known.clear();
      for (const [task, kept] of Object.entries(state ?? {})) known.set(task, [...kept]);
    },
  };
}

/** Programs that did what they were asked, whole ones: of one that was cut nobody knows how it would end. */
function wentWell(episodes: readonly Episode[]): (Kept & { task: string })[] {
  return episodes
    .flatMap(({ steps }) => steps)
    .flatMap(({ task, solved, program, action: { choice, cut } }) =>
      task !== undefined && solved === true && cut !== true && typeof choice !== "number"
        ? [{ task, program, ids: [...choice] }]
        : [],
    );
}

async function readAgain(policy: TrainablePolicy, ask: string, { program, ids }: Kept): Promise<Action> {
  const [one] = await policy.read!([{ task: ask }], [{ ids, text: program, cut: false }]);
  return one!.action;
}

/** Throws an OptionFailure where nothing can be learned from again. */
export function checkReplay({
  replay,
  env,
  policy,
  gradients,
}: Pick<Settings, "replay" | "policy" | "gradients"> & { env: Pick<Environment, "tasks"> }): void {
  if (replay === 0) return;
  const refuse = (expected: string) => new OptionFailure({ kind: "option", name: "replay", expected, value: replay });
  if ((env.tasks ?? []).length === 0 || env.tasks!.some(({ ask }) => ask === undefined))
    throw refuse("0 where the environment has no tasks: nothing tells which programs did what they were asked");
  if (policy.read === undefined)
    throw refuse("0 for a policy that cannot read programs again, as `policies.editMenu()` cannot");
  if (gradients !== "whole batch")
    throw refuse("0 with `gradients` of parts, which are of the lives that were played for an update alone");
}
