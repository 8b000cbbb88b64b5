/**
 * An environment whose steps record their reward parts beside the life that its recording sandbox records. It asks only
 * for the shape of an environment, so anyone's will do.
 */

import type { StepReport } from "../sandbox/types.ts";
import type { RecordingSandbox } from "./recording.ts";

/** What a step must tell: the sandbox's own report, not a copy of it, and the reward parts. */
export interface RewardedStep {
  info: { rewards: { [name: string]: number }; report: StepReport | null };
}

/** The part of an environment that is listened to. */
export interface RewardingEnvironment {
  step(program: string): Promise<RewardedStep>;
  stepMany?(programs: readonly string[]): Promise<RewardedStep[]>;
  clone(): RewardingEnvironment;
}

/**
 * The same environment, recording the reward parts of each step; its clones do too. Steps of lives that are not of
 * `sandbox` are left alone. A reward that is not a finite number throws a RecordFailure that names it.
 */
export function recordRewards<E extends RewardingEnvironment>(env: E, sandbox: RecordingSandbox): E {
  const note = <T extends RewardedStep>(step: T): T => {
    const { report, rewards } = step.info;
    const place = report === null ? null : sandbox.where(report);
    if (place !== null) sandbox.record.appendParts(place.episode, place.step, { rewards });
    return step;
  };
  const listening: RewardingEnvironment = {
    step: async (program) => note(await env.step(program)),
    stepMany: async (programs) => (await env.stepMany!(programs)).map(note),
    clone: () => recordRewards(env.clone(), sandbox),
  };
  return new Proxy(env, {
    get(target, name) {
      const own: unknown = Reflect.get(target, name, target);
      if (typeof own !== "function") return own;
      // Methods run on the environment itself: a class's private fields are not reachable through a proxy.
      return Object.hasOwn(listening, name) ? Reflect.get(listening, name) : own.bind(target);
    },
  });
}
