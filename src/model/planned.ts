/** Opens a decoder by its plan, in another process than the one that made it. Of random weights only the tokenizer is read from files. */

import { dataPath } from "../data/index.ts";
import { openModel, readSource } from "./open.ts";
import { randomModel } from "./random.ts";
import type { Decoder, DecoderPlan } from "./types.ts";

/** Opens it. Throws an Error where the files are others than the plan's, a ModelFailure where there are none. */
export async function openPlanned(plan: DecoderPlan): Promise<Decoder> {
  const decoder = await openAny(plan);
  const { hash, source } = plan;
  if (decoder.hash === hash) return decoder;
  await decoder.dispose();
  throw new Error(
    `The model ${source} of this worker (${decoder.hash.slice(0, 12)}) is another than the driver's (${hash.slice(0, 12)}): give the worker the same files`,
  );
}

async function openAny({ source, random, dtype, adaptedBlocks, peft }: DecoderPlan): Promise<Decoder> {
  const adapted = { ...(adaptedBlocks !== undefined && { adaptedBlocks }) };
  const bundled = dataPath("models");
  if (random === undefined)
    return openModel(source, { bundled, dtype, ...adapted, ...(peft !== undefined && { peft }) });
  const { config, ...drawn } = random;
  const tokenizer = await (await readSource(source, { bundled })).openTokenizer();
  return randomModel(config, { ...tokenizer, source }, { ...drawn, ...adapted });
}
