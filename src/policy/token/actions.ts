/** Programs that a generator wrote, or read, as a policy's actions. */

import type { PromptDesign } from "../../model/index.ts";
import type { Action, Policy } from "../types.ts";
import type { WrittenElsewhere } from "./elsewhere.ts";
import type { ProgramGenerator } from "./generator.ts";
import type { LogitsProcessor, Written } from "./processor.ts";
import { isTrace, referenceLogProb } from "./trace.ts";

/** Writes a program for each observation, as a processor of logits has it, as actions. */
export async function actWith(
  generator: ProgramGenerator,
  processorFor: (count: number) => LogitsProcessor,
  ...[observations, streams]: Parameters<Policy["act"]>
): Promise<Action[]> {
  return (await generator.write(observations, streams, processorFor)).map(actionOf(generator.prompt));
}

/** Reads programs that were written elsewhere, as a processor of logits has it, as actions. */
export async function readWith(
  generator: ProgramGenerator,
  processorFor: (count: number) => LogitsProcessor,
  observations: readonly unknown[],
  written: readonly WrittenElsewhere[],
): Promise<{ action: Action; modelLogProbs: readonly number[] }[]> {
  const read = await generator.force(observations, written, processorFor);
  return read.map((one) => ({ action: actionOf(generator.prompt)(one), modelLogProbs: one.modelLogProbs }));
}

/** A program and what came with it as an action. */
export function actionOf(prompt: PromptDesign): (written: Written) => Action {
  return ({ ids, text, logProbs, ended, trace, features }) => {
    const program = (prompt.primed + text).trimEnd();
    return {
      program,
      label: program.split("\n")[0]!.slice(0, 40),
      choice: ids,
      tokens: ids.length,
      logProb: logProbs.reduce((sum, value) => sum + value, 0),
      cut: ended === "length",
      features,
      ...(trace && { trace }),
      ...(trace && isTrace(trace) && { referenceLogProb: referenceLogProb(trace) }),
    };
  };
}
