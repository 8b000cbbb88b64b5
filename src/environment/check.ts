/**
 * Checks anyone's environment against the contract of `types.ts`, as Gymnasium's `check_env` does: it plays a short
 * episode twice and compares. Not here: what a good reward is.
 */

import { checkOptions, flag, integer, only, optional, show, someOf, text } from "../data/check.ts";
import { EnvironmentFailure } from "./error.ts";
import { checkEnvironment } from "./given.ts";
import { bodyOf } from "./settings.ts";
import { SurvivalEnv } from "./survival.ts";
import type { Environment, Transition } from "./types.ts";

/** What `checkEnv` plays. */
export interface CheckOptions {
  /** Programs to step with, in order; the episode may end before the last. @default three harmless ones, in the agents' language */
  programs?: readonly string[];
  /** @default 1 */
  seed?: number;
}

/** What is played where nothing is said. */
const harmless = {
  javascript: ["self.a = 1;", "let b = 2;", "console.log(b);"],
  python: ["self.a = 1", "b = 2", "print(b)"],
};

const optionsSchema = only<CheckOptions & { throwing?: boolean }>({
  programs: optional(someOf(text, "a list of at least one program")),
  seed: optional(integer),
  throwing: optional(flag),
});

/**
 * Resolves with the faults it found, as sentences; an empty list is a pass. `throwing: true` rejects with the first.
 * Checked: step before reset, types of what comes back, reward parts that sum to the reward, step after the end, that the
 * same seed and programs give the same episode, and what a rollout would pass by: a clone of another class, and a
 * `stepMany` that gives something else than `step`.
 */
export async function checkEnv(
  env: Environment,
  options: CheckOptions & { throwing?: boolean } = {},
): Promise<string[]> {
  checkEnvironment(env);
  checkOptions(optionsSchema, options, "the options of checkEnv");
  const isPython = env instanceof SurvivalEnv && bodyOf(env.options).name === "python";
  const { programs = isPython ? harmless.python : harmless.javascript, seed = 1, throwing = false } = options;
  const faults: string[] = [];
  const [fresh, other] = [env.clone(), env.clone()];
  try {
    await compare({ env, fresh, other }, { programs, seed }, faults);
  } finally {
    await Promise.all([fresh.close(), other.close()]);
  }
  if (throwing && faults.length > 0) throw new EnvironmentFailure({ kind: "contract", fault: faults[0]! });
  return faults;
}

/** Plays in two clones, and notes what is wrong. */
async function compare(
  { env, fresh, other }: { env: Environment; fresh: Environment; other: Environment },
  { programs, seed }: Required<CheckOptions>,
  faults: string[],
): Promise<void> {
  const [own, cloned] = [classOf(env), classOf(fresh)];
  if (own !== cloned)
    faults.push(`clone() gives a ${cloned.name}, not a ${own.name}: what ${own.name} does otherwise, rollouts pass by`);
  if (fresh === env) faults.push("clone() returned the environment itself: a parallel rollout needs another one");
  if (!(await rejects(() => fresh.step(programs[0]!)))) faults.push("step() before reset() did not fail");
  const first = await play(fresh, programs, seed, faults);
  const again = await play(fresh, programs, seed, []);
  const elsewhere = await play(other, programs, seed, []);
  if (first !== again) faults.push(`the same seed (${seed}) and programs gave another episode after reset()`);
  if (first !== elsewhere) faults.push(`the same seed (${seed}) and programs gave another episode in a clone`);
  if (fresh.stepMany !== undefined && first !== (await play(fresh, programs, seed, [], "stepMany")))
    faults.push(
      "stepMany() gave other transitions than step() one by one: a policy that looks at nothing is played by it",
    );
}

/** Plays one episode and notes faults; gives it as text that two equal episodes share. */
async function play(
  env: Environment,
  programs: readonly string[],
  seed: number,
  faults: string[],
  how: "step" | "stepMany" = "step",
): Promise<string> {
  const fault = (text: string): void => {
    if (!faults.includes(text)) faults.push(text);
  };
  const begun: unknown = await env.reset({ seed });
  if (!Array.isArray(begun) || begun.length !== 2) fault("reset() must give [observation, info]");
  const seen: unknown[] = [begun];
  let ended = false;
  if (how === "stepMany") seen.push(...(await env.stepMany!(programs)));
  for (const program of how === "step" ? programs : []) {
    const transition = (await env.step(program)) as Transition<unknown> | null | undefined;
    seen.push(transition);
    if (typeof transition !== "object" || transition === null) {
      fault(`step() gave ${show(transition)}: it must give { observation, reward, terminated, truncated, info }`);
      break;
    }
    checkTransition(transition, fault);
    ended = transition.terminated || transition.truncated;
    if (ended) break;
  }
  if (ended && !(await rejects(() => env.step(programs[0]!))))
    fault("step() after the end of the episode did not fail");
  // Wall time is the one thing that may differ.
  return JSON.stringify(seen, (key, value: unknown) => (key === "ms" ? undefined : value));
}

function classOf(env: object): { name: string } {
  return (Object.getPrototypeOf(env) as { constructor?: { name: string } } | null)?.constructor ?? { name: "" };
}

function checkTransition(
  { reward, terminated, truncated, info, ...rest }: Transition<unknown>,
  fault: (text: string) => void,
): void {
  if (!("observation" in rest)) fault("step() gave no observation");
  if (typeof reward !== "number" || !Number.isFinite(reward))
    fault(`step() gave the reward ${show(reward)}: it must be a finite number`);
  if (typeof terminated !== "boolean" || typeof truncated !== "boolean")
    fault("step() must say terminated and truncated, each true or false");
  const parts = info?.rewards;
  if (typeof parts !== "object" || parts === null) return fault("step() gave no info.rewards");
  const sum = Object.values(parts).reduce((total, part) => total + part, 0);
  if (Number.isFinite(reward) && !(Math.abs(sum - reward) <= 1e-9))
    fault(`the parts in info.rewards sum to ${sum}, the reward is ${reward}`);
}

async function rejects(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return false;
  } catch {
    return true;
  }
}
