/** A module of a user's own, as workers load it: an environment, a reward, a policy. */

import type { LanguageModel, Policy, RewardContext } from "autoagent-lab";
import { SurvivalEnv } from "../../src/environment/index.ts";

/** A reward of one's own: 2 for a step whose program is short. */
export function brevity({ report }: RewardContext): number {
  return report.alive ? 2 : -3;
}

/** Counts its steps twice over. */
export function makeEnv(options: { maxSteps: number }): SurvivalEnv {
  return new SurvivalEnv({ ...options, rewards: [{ name: "double", score: ({ report }) => (report.alive ? 2 : 0) }] });
}

/** Writes a number that its stream draws. */
export const drawing: Policy = {
  name: "drawing",
  act: async (_, streams) =>
    streams.map((stream) => {
      const program = `self.n = ${stream.integer(1000)}`;
      return { program, label: program, choice: 0, logProb: stream.uniform() < 0.5 ? Number.NaN : -0 };
    }),
};

/** A quarter of its programs take the stop away, where there is one. */
export const stopping: Policy = {
  name: "stopping",
  act: async (_, streams) =>
    streams.map((stream) => {
      const program = stream.uniform() < 0.25 ? "delete self.stop;" : `self.n = ${stream.integer(1000)};`;
      return { program, label: program, choice: 0, logProb: Number.NaN };
    }),
};

/** A language model that answers with the question's end. */
export const echoing: LanguageModel = {
  name: "echoing",
  forms: ["chat"],
  complete: async ({ prompt }) => ({
    ...{ text: prompt.slice(-80), model: "echoing", usage: { promptTokens: prompt.length, completionTokens: 80 } },
  }),
};

/** No object, so nothing that could be made here. */
export const three = 3;
