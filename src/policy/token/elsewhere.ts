/** Programs that another writes who has the same weights: how it is asked, and what the model that is here makes of its tokens. */

import { type Decoder, force, type Prefix, type SamplingOptions } from "../../model/index.ts";
import type { LogitsProcessor, Written } from "./processor.ts";

/** How a server is asked for programs. */
export interface AskedElsewhere {
  prompts: number[][];
  maxTokens: number;
  stop: readonly string[];
  temperature: number;
  topK: number;
  topP: number;
}

/** A program that was written elsewhere: every token, the one that ended it included; its text; whether it was cut at its longest. */
export interface WrittenElsewhere {
  ids: readonly number[];
  text: string;
  cut: boolean;
}

/** Such a program as the model here reads it; `modelLogProbs`: before temperature and cuts, as servers tell them. */
export interface ForcedProgram extends Written {
  modelLogProbs: readonly number[];
}

/** Reads programs that were written elsewhere; who hears of drawn tokens hears of theirs. */
export async function forceAll(
  decoder: Decoder,
  { temperature, topK, topP, prefix: usual }: Required<SamplingOptions> & { prefix?: Prefix },
  { prompts, written }: { prompts: readonly (readonly number[])[]; written: readonly WrittenElsewhere[] },
  processor: LogitsProcessor,
): Promise<ForcedProgram[]> {
  const { width } = decoder.config;
  const features = new Array<Float32Array>(prompts.length);
  const { adapter, onEntering, onToken } = processor;
  const prefix = adapter?.prefix ?? usual;
  const forced = await force(decoder, {
    ...{ temperature, topK, topP, onEntering, onToken, adapter: adapter?.held },
    ...(prefix && { prefix }),
    rows: prompts.map((prompt, i) => ({ prompt, ids: written[i]!.ids })),
    onLogits: (step) => {
      features[step.rows[0]!] ??= step.hidden.slice(0, width);
      processor.onLogits?.(step);
    },
  });
  const traces = processor.finish?.();
  return written.map(({ ids, text, cut }, i) => ({
    ...{ ids: [...ids], text, ended: cut ? "length" : "stop", logProbs: forced[i]!.logProbs },
    ...{ trace: traces?.[i], features: features[i]!, modelLogProbs: forced[i]!.modelLogProbs },
  }));
}
