/** Who answers `self.call_LLM` in a judged life: the line's own answers, a model of the user's choice, or nobody, politely. */

import type { LanguageModel } from "../llm/index.ts";
import { createRandom } from "../random/index.ts";
import { type BodyName, bodies, type LifeOptions } from "../sandbox/index.ts";
import { CliFailure } from "./error.ts";

/** What a life without a model is answered: harmless as a program, true as a text. */
export const unanswered: { readonly [body in BodyName]: string } = {
  javascript: "// autoagent judge was given no model: see --model",
  python: "# autoagent judge was given no model: see --model",
};

/** What answers one life. `failure` is what a model failed with: then its verdict says nothing about the programs. */
export interface Answers {
  callModel: NonNullable<LifeOptions["callModel"]>;
  readonly failure: unknown;
}

/** Makes what answers a life. */
export type MakeAnswers = (line: { body: BodyName; seed: number; answers: readonly string[] }) => Answers;

/**
 * Answers by a line's own list first, in order, then by the model: NAME on this machine, or on the server at `url`. The draws
 * are named by the line's seed and the question's number, so that a line has one verdict. A model on this machine is
 * opened here, so that one which is not there is told before any line is read.
 */
export async function makeAnswers({ model: name, url }: { model?: string; url?: string } = {}): Promise<MakeAnswers> {
  if (url !== undefined && name === undefined)
    throw new CliFailure({
      kind: "arguments",
      command: "judge",
      detail: "--url needs --model NAME, as its server calls it",
    });
  const model = name === undefined ? null : await openNamed(name, url);
  return ({ body, seed, answers }) => {
    let asked = 0;
    let failure: unknown = null;
    const callModel: Answers["callModel"] = async (prompt, how) => {
      const number = asked++;
      const own = answers[number];
      if (own !== undefined) return own;
      if (model === null) return unanswered[body];
      const draw = createRandom(seed, "answer", number).integer(2 ** 31);
      try {
        return bodies[body].extractProgram((await model.complete({ prompt, seed: draw, language: body, ...how })).text);
      } catch (error) {
        failure ??= error;
        throw error;
      }
    };
    return {
      callModel,
      get failure() {
        return failure;
      },
    };
  };
}

/** The runtime of models is loaded where one is asked for: it takes a second. */
async function openNamed(name: string, url: string | undefined): Promise<LanguageModel> {
  const { models } = await import("../llm/index.ts");
  if (url !== undefined) return models.openai({ model: name, baseURL: url });
  const model = models.local(name);
  await model.open();
  return model;
}
