/** A language model as a policy: it writes each step's program. It does not learn, so it can be measured, not trained. */

import { callable, checkOptions, flag, only, optional } from "../data/check.ts";
import { ask as askModel, modelSchema } from "../llm/answer.ts";
import type { Completion, LanguageModel } from "../llm/index.ts";
import type { Action, Policy, PolicyPlan } from "../policy/index.ts";
import { type BodyName, bodies } from "../sandbox/index.ts";
import { bodySchema } from "../sandbox/options.ts";

/** What a model is asked, out of what an environment shows. */
interface Asked {
  query?: string;
  response?: string;
}

/** How a model is asked for programs. */
export interface ModelPolicyOptions<Observation> {
  /** What an observation asks. @default its response, else its query */
  prompt?: (seen: Observation) => string;
  /** The language of the agents that it writes for. @default "javascript" */
  body?: BodyName;
  /**
   * Ask for the log-probability of each token, as the model has it before temperature and cuts; actions carry them, and token ids where
   * these are told (`models.openai({ tokenIds: true })`). Some servers refuse the question. @default false
   */
  logProbs?: boolean;
}

const optionsSchema = only<ModelPolicyOptions<unknown>>({
  prompt: optional(callable<(seen: unknown) => string>("a function of the observation")),
  body: optional(bodySchema),
  logProbs: optional(flag),
});

/**
 * Makes a policy of a model. Unless `logProbs` are asked for and told, its actions carry no log-probability (NaN). Throws an
 * OptionFailure for what is no model, and for options that have no meaning.
 */
export function modelPolicy<Observation>(
  model: LanguageModel,
  options: ModelPolicyOptions<Observation> = {},
): Policy<Observation> {
  checkOptions(modelSchema, model, "model");
  checkOptions(optionsSchema, options as ModelPolicyOptions<unknown>, "the options of modelPolicy");
  const { prompt, body = "javascript", logProbs = false } = options;
  const ask = prompt ?? ((seen: Observation) => (seen as Asked).response || (seen as Asked).query || "What next?");
  return {
    name: model.name,
    // A prompt of the caller's may say anything: such a policy is like no other, and functions do not travel.
    ...(prompt === undefined && {
      ...(model.fingerprint !== undefined && {
        // What it tells of its programs makes its episodes others.
        fingerprint: async () =>
          JSON.stringify([await model.fingerprint!(), body, ...(logProbs ? ["log-probabilities"] : [])]),
      }),
      ...(model.plan !== undefined && {
        plan: async (): Promise<PolicyPlan> => ({
          ...{ kind: "model", about: { model: await model.plan!(), body, logProbs }, tensors: {}, weights: [] },
        }),
      }),
    }),
    act: (observations, streams) =>
      Promise.all(
        observations.map(async (seen, i): Promise<Action> => {
          const question = {
            prompt: ask(seen),
            seed: streams[i]!.integer(2 ** 31),
            language: body,
            ...(logProbs && { logProbs }),
          };
          const answer = await askModel(model, question);
          const program = bodies[body].extractProgram(answer.text);
          const label = program.split("\n")[0]!.slice(0, 40);
          return { program, label, choice: -1, logProb: Number.NaN, ...(logProbs && toldOf(answer)) };
        }),
      ),
  };
}

/** What a model told of how likely its answer was. */
function toldOf({ tokens, ids, finish }: Completion): Partial<Action> {
  const logProbs = tokens?.map(({ logProb }) => logProb);
  return {
    ...(ids && { choice: ids }),
    ...(logProbs && {
      ...{ logProb: logProbs.reduce((sum, one) => sum + one, 0), logProbs, tokens: logProbs.length },
    }),
    ...(finish && { cut: finish === "length" }),
  };
}
