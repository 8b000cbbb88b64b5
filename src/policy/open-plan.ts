/** Opens what `Policy.plan` told: the same policy in another process, whose weights can be set again with each update. */

import type { Decoder, DecoderPlan } from "../model/index.ts";
import { editMenu, fixed } from "./menu.ts";
import type { PolicyPlan } from "./plan.ts";
import { tf } from "./tensors.ts";
import type { TemperatureAbout, TokenAbout } from "./token/plan.ts";
import { tokenPolicy } from "./token/policy.ts";
import { temperaturePolicy } from "./token/temperature.ts";
import type { TokenPolicyOptions } from "./token/types.ts";
import type { Edit, Policy, TrainablePolicy } from "./types.ts";

/** A policy that was opened from its plan. */
export interface OpenedPlan {
  /** The policy with these weights. Those it was given before are no more. */
  withWeights(weights: PolicyPlan["weights"]): Policy;
  dispose(): void;
}

/** Gives the model of a plan, which its caller keeps and disposes of. */
export type ModelOpener = (model: DecoderPlan) => Promise<Decoder>;

/** Opens a plan. Throws a TypeError for one of a kind that this version does not know. */
export async function openPlan(plan: Omit<PolicyPlan, "weights">, modelOf: ModelOpener): Promise<OpenedPlan> {
  switch (plan.kind) {
    case "edit menu": {
      const { edits, logits } = plan.about as unknown as { edits: readonly Edit[]; logits: readonly number[] };
      return trained(editMenu(edits, { logits }), (policy) => policy);
    }
    case "fixed menu": {
      const { name, edits, probabilities } = plan.about as unknown as FixedAbout;
      const policy = fixed(name, edits, probabilities);
      return { withWeights: () => policy, dispose() {} };
    }
    case "token":
      return openToken(plan, modelOf);
    case "temperature": {
      const { model, options, frozen } = plan.about as unknown as TemperatureAbout;
      const policy = await temperaturePolicy(await modelOf(model), options);
      return trained(policy, (own) => (frozen ? own.frozen() : own));
    }
    default:
      throw new TypeError(`The plan of a policy is of the kind ${JSON.stringify(plan.kind)}, which is not known here`);
  }
}

interface FixedAbout {
  name: string;
  edits: readonly Edit[];
  probabilities: readonly number[];
}

async function openToken({ about, tensors }: Omit<PolicyPlan, "weights">, modelOf: ModelOpener): Promise<OpenedPlan> {
  const { model, role, options } = about as unknown as TokenAbout;
  const { tokenSubset, mean, deviation } = tensors as {
    tokenSubset: Int32Array;
    mean: Float32Array;
    deviation: Float32Array;
  };
  const decoder = await modelOf(model);
  const calibrated = (): Partial<TokenPolicyOptions> => {
    const ids = [...tokenSubset];
    return { asks: [], tokenSubset: ids, calibration: { tokenSubset: ids, mean, deviation } };
  };
  const made = { ...options, ...(options.adapter === undefined && calibrated()) };
  const policy = await tokenPolicy(decoder, made as TokenPolicyOptions);
  const { as, temperature } = role;
  const at = { ...(temperature !== undefined && { temperature }) };
  return trained(policy, (own) => (as === "head" ? own : as === "frozen" ? own.frozen(at) : own.pretrained(at)));
}

/** A policy that learns, its variables set, and of it the one that plays. */
function trained<P extends TrainablePolicy>(policy: P, playing: (policy: P) => Policy): OpenedPlan {
  let held: PolicyPlan["weights"] | null = null;
  return {
    withWeights(weights) {
      // Who has them already may be in the middle of an episode by them.
      if (weights === held) return playing(policy);
      held = weights;
      for (const [i, values] of weights.entries()) {
        const variable = policy.variables[i]!;
        tf.tidy(() => variable.assign(tf.tensor(values, variable.shape) as never));
      }
      return playing(policy);
    },
    dispose: () => policy.dispose(),
  };
}
