/**
 * Weights that change under a reader's hands: actions drawn with the weights of before, and learned from with those of now,
 * give a gradient of neither. TF.js puts new data into a variable at each `assign`, and that is what is looked at, so a look
 * costs nothing and misses nothing. Not here: who may train (`training/holding.ts`).
 */

import type { Policy, TrainablePolicy } from "./types.ts";

/** Throws an Error if the policy's weights were assigned, or given back, since the watch began. */
export type WeightWatch = () => void;

/** Begins to watch the weights of a policy; one without weights has nothing to watch. `what` is what must not see them change. */
export function watchWeights(policy: Policy, what: string): WeightWatch {
  const { variables = [] } = policy as Partial<TrainablePolicy>;
  const began = variables.map(({ dataId }) => dataId);
  return () => {
    if (variables.some(({ isDisposed }) => isDisposed))
      throw new Error(`The policy ${policy.name} was disposed of during ${what}: dispose of it when that has ended`);
    if (variables.some(({ dataId }, i) => dataId !== began[i]))
      throw new Error(
        `The weights of the policy ${policy.name} were changed during ${what}: change them before or after, or play with \`policy.frozen()\`, a copy that stays as it is`,
      );
  };
}

/** The policy as a rollout calls it, its weights held to what they were when the rollout began. */
export function watched<Observation>(policy: Policy<Observation>): Policy<Observation> {
  const check = watchWeights(policy as Policy, "a rollout");
  const { name, openLoop, batch, cohorts } = policy;
  return {
    ...{
      name,
      ...(openLoop !== undefined && { openLoop }),
      ...(batch !== undefined && { batch }),
      ...(cohorts && { cohorts }),
    },
    async act(observations, streams) {
      check();
      const actions = await policy.act(observations, streams);
      check();
      return actions;
    },
  };
}
