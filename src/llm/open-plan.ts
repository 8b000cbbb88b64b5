/**
 * Opens what `LanguageModel.plan` told: the same model in another process. A model says its own plan; one that closes over
 * somebody's functions, or keeps count of what it was asked, has none.
 */

import type { Decoder, DecoderPlan } from "../model/index.ts";
import type { FreeText, PolicyPlan } from "../policy/index.ts";
import { type LocalOptions, local } from "./local.ts";
import { type OpenAIOptions, openai } from "./openai.ts";
import { type RandomModelOptions, random } from "./random.ts";
import type { LanguageModel, ModelPlan } from "./types.ts";

/** Who opens what a local model stands on; both are their caller's to dispose of. */
export interface SourceOpener {
  decoder(plan: DecoderPlan): Promise<Decoder>;
  policy(plan: PolicyPlan): Promise<{ readonly name: string; freeText?(): Promise<FreeText> }>;
}

/** Opens a plan. Throws a TypeError for one of a kind that this version does not know. */
export async function openModelPlan({ kind, options, source }: ModelPlan, open: SourceOpener): Promise<LanguageModel> {
  switch (kind) {
    case "openai":
      return openai(options as unknown as OpenAIOptions);
    case "random":
      return random(options as RandomModelOptions);
    case "local":
      if (source === undefined) break;
      return local(
        "decoder" in source ? await open.decoder(source.decoder) : await open.policy(source.policy),
        options as LocalOptions,
      );
  }
  throw new TypeError(`The plan of a model is of the kind ${JSON.stringify(kind)}, which is not known here`);
}
