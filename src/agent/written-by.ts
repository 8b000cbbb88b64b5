/**
 * A policy whose programs a server writes, and that learns here: the same model is here as well, and reads what was written
 * (a teacher-forced pass), so that the update has its traces. Training on a server's own word would be training on tokens and
 * log-probabilities that may not fit these weights; therefore ids are asked for, never cut from text anew, and the log-probabilities of
 * both sides are compared in every batch. Who draws from other weights than those that learn is refused.
 */

import { callable, checkOptions, having, numberFrom, only, optional } from "../data/check.ts";
import { modelSchema } from "../llm/answer.ts";
import { type Completion, completeAll, type LanguageModel, LanguageModelFailure } from "../llm/index.ts";
import type { PolicyPlan, TokenPolicy, TrainablePolicy } from "../policy/index.ts";

/** How a server is kept to the policy's weights. */
export interface WrittenByOptions {
  /** Called before programs are asked for whenever the policy's weights are others than at the last call: it brings them to the server. */
  sync?: (policy: TokenPolicy) => Promise<void> | void;
  /** Nats a token that the log-probabilities of both sides may be apart, in the mean of a batch. @default 0.01 */
  tolerance?: number;
}

const optionsSchema = only<WrittenByOptions>({
  sync: optional(callable("a function of the policy that brings its weights to the server")),
  tolerance: optional(numberFrom(0, Number.MAX_VALUE, "nats, 0 or more")),
});

const policySchema = having<TokenPolicy>(
  ["asked", "read"],
  "a token policy, such as `await policies.fromPretrained(...)`, of the weights that the server has",
);

/**
 * Makes a policy that learns from what a server writes: `train({ env, policy: writtenBy(policy, models.openai({ baseURL, model }), { sync }) })`.
 * Its weights, checkpoints and frozen copies are the given policy's own. Acting rejects with a LanguageModelFailure where no trace can be had.
 */
export function writtenBy(policy: TokenPolicy, model: LanguageModel, options: WrittenByOptions = {}): TrainablePolicy {
  checkOptions(policySchema, policy, "policy");
  checkOptions(modelSchema, model, "model");
  checkOptions(optionsSchema, options, "the options of writtenBy");
  const { sync, tolerance = 0.01 } = options;
  let synced: readonly object[] | null = null;
  const bringWeights = async (): Promise<void> => {
    const now = policy.variables.map(({ dataId }) => dataId);
    if (sync === undefined || (synced !== null && now.every((id, i) => id === synced![i]))) return;
    await sync(policy);
    synced = now;
  };
  return {
    ...policy,
    name: `${policy.name}, written by ${model.name}`,
    isWrittenElsewhere: true,
    async act(observations, streams) {
      await bringWeights();
      const { prompts, stop, ...how } = await policy.asked(observations);
      const answers = await completeAll(
        model,
        prompts.map((ids, i) => ({
          ...{ prompt: "", ids, seed: streams[i]!.integer(2 ** 31), logProbs: true },
          ...{ maxTokens: how.maxTokens, temperature: how.temperature, topP: how.topP, stop },
        })),
        { concurrency: Math.max(1, prompts.length) },
      );
      const written = answers.map((answer) => ({
        ...{ ids: idsOf(answer, policy, stop), text: answer.text, cut: answer.finish === "length" },
      }));
      const read = await policy.read(observations, written);
      compare(read, answers, { model: model.name, policy: policy.name, tolerance });
      return read.map(({ action }) => action);
    },
    ...(model.plan !== undefined && {
      async plan(): Promise<PolicyPlan> {
        await bringWeights();
        const { weights, ...learner } = await policy.plan!();
        return { kind: "model", about: { model: await model.plan!(), learner, tolerance }, tensors: {}, weights };
      },
    }),
  };
}

/** All ids that were drawn. A server that leaves out the one that ended the answer is taken at its word where there is only one such. */
function idsOf(
  { ids, tokens, text, finish, model }: Completion,
  { decoder: { tokenizer } }: TokenPolicy,
  stop: readonly string[],
): readonly number[] {
  if (ids === undefined) throw new LanguageModelFailure({ kind: "untraced", model, lacks: "token ids" });
  if (tokens === undefined) throw new LanguageModelFailure({ kind: "untraced", model, lacks: "log-probabilities" });
  const { end } = tokenizer;
  const isOver = finish === "length" || end.includes(ids.at(-1)!) || ids.length === 0;
  const whole = tokenizer.decode(ids);
  if (isOver || (whole !== text && stop.some((mark) => whole.includes(mark)))) return ids;
  if (end.length !== 1) throw new LanguageModelFailure({ kind: "untraced", model, lacks: "the token that ended it" });
  return [...ids, end[0]!];
}

/** Throws a LanguageModelFailure where what the server told is not what the weights here say. */
function compare(
  read: readonly { modelLogProbs: readonly number[] }[],
  answers: readonly Completion[],
  { model, policy, tolerance }: { model: string; policy: string; tolerance: number },
): void {
  const gaps = read.flatMap(({ modelLogProbs: own }, i) =>
    answers[i]!.tokens!.slice(0, own.length).map(({ logProb }, at) => Math.abs(logProb - own[at]!)),
  );
  const apart = gaps.reduce((sum, gap) => sum + gap, 0) / Math.max(1, gaps.length);
  if (!(apart <= tolerance)) throw new LanguageModelFailure({ kind: "unlike", model, policy, apart, tolerance });
}
