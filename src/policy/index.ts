/** Policies: what draws the programs, and what REINFORCE trains. */

import { editMenu, randomPolicy } from "./menu.ts";
import { tokenPolicy } from "./token/policy.ts";
import { fromPretrained } from "./token/pretrained.ts";
import { temperaturePolicy } from "./token/temperature.ts";

export type { GivenPolicy, PolicyFunction } from "./given.ts";
export { type EditMenu, editMenu, paperMenu, randomPolicy } from "./menu.ts";
export { pythonMenu } from "./menu-python.ts";
export type { Numbers, PolicyPlan } from "./plan.ts";
export { tf } from "./tensors.ts";
export type { AdapterOptions } from "./token/adapter/weights.ts";
export { tokenPolicy } from "./token/policy.ts";
export { fromPretrained, openPretrained, trainingAsks } from "./token/pretrained.ts";
export { temperaturePolicy } from "./token/temperature.ts";
export type { Steering, TokenPolicy, TokenPolicyOptions } from "./token/types.ts";
export type * from "./types.ts";

/** The ready-made policies. */
export const policies = {
  editMenu,
  random: randomPolicy,
  fromPretrained,
  token: tokenPolicy,
  temperature: temperaturePolicy,
};
export { checkPrompt, loadPrompt, type PromptDesign, promptOwn, promptPrefix, usualPrompt } from "../model/index.ts";
