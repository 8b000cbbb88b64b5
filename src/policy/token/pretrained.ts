/** Token policies of models on disk: `await policies.fromPretrained("tiny")`. */

import { readFile } from "node:fs/promises";
import { checkOptions, only, partOf } from "../../data/check.ts";
import { dataPath } from "../../data/index.ts";
import { type Decoder, type OpenModelOptions, openModel } from "../../model/index.ts";
import { openEntries } from "../../model/options.ts";
import { usualBlocks } from "./adapter/weights.ts";
import { tokenEntries } from "./given.ts";
import { tokenPolicy } from "./policy.ts";
import type { TokenPolicy, TokenPolicyOptions } from "./types.ts";

const optionsSchema = only<Partial<TokenPolicyOptions> & OpenModelOptions>({ ...tokenEntries, ...openEntries });

/**
 * A token policy of the model in a folder, or of one that came with the package, by its name in `data/models/`. `asks` are
 * by default those of the training micro-tasks. Throws a ModelFailure for a folder that holds no model.
 */
export async function fromPretrained(
  path: string,
  options: Partial<TokenPolicyOptions> & OpenModelOptions = {},
): Promise<TokenPolicy> {
  checkOptions(optionsSchema, options, "the options of policies.fromPretrained");
  const { adapter } = options;
  const isAdapted = typeof adapter === "object";
  const decoder = await openPretrained(path, {
    ...partOf(openEntries, options),
    ...(isAdapted && { adaptedBlocks: adapter.blocks ?? usualBlocks }),
  });
  try {
    return await tokenPolicy(decoder, {
      ...partOf(tokenEntries, options),
      ...(!isAdapted && { asks: options.asks ?? (await trainingAsks()) }),
    });
  } catch (error) {
    await decoder.dispose();
    throw error;
  }
}

/** Opens the model in a folder, or one of `data/models/` by its name. */
export function openPretrained(path: string, options: OpenModelOptions = {}): Promise<Decoder> {
  return openModel(path, { bundled: dataPath("models"), ...options });
}

/** What the training micro-tasks ask. */
export async function trainingAsks(): Promise<string[]> {
  const file: unknown = JSON.parse(await readFile(dataPath("tasks", "micro-tasks.json"), "utf8"));
  const list = (Array.isArray(file) ? file : (file as { tasks: unknown[] }).tasks) as { ask: string; split: string }[];
  return list.filter(({ split }) => split === "training").map(({ ask }) => ask);
}
