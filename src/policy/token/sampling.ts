/** How a token policy's programs are drawn besides what it has learned. */

import { checkOptions, only, optional, positiveNumber } from "../../data/check.ts";
import type { Decoder, PromptDesign } from "../../model/index.ts";
import type { Policy, RunsOn } from "../types.ts";
import type { ProgramGeneratorOptions } from "./generator.ts";

/** What a copy may be drawn at. */
export interface CopyOptions {
  /** @default the policy's own */
  temperature?: number;
}

const copySchema = only<CopyOptions>({ temperature: optional(positiveNumber) });

/** The temperature of a copy that a policy makes of itself by `of`. Throws an OptionFailure for options that have no meaning. */
export function temperatureOf(options: CopyOptions, of: string, usual: number): number {
  checkOptions(copySchema, options, `the options of ${of}()`);
  return options.temperature ?? usual;
}

/** How it is drawn, where that is not the plain way. */
export function sampledBy({ temperature = 1, topK = 0, topP = 1 }: ProgramGeneratorOptions): string {
  return [
    temperature === 1 ? "" : ` at temperature ${temperature}`,
    topK === 0 ? "" : `, top ${topK}`,
    topP === 1 ? "" : `, top share ${topP}`,
  ].join("");
}

/** The name of a model that nothing was taught. `options`: how it is drawn. */
export function pretrainedName(
  { config: { family }, hash }: Decoder,
  { name, version }: PromptDesign,
  options: ProgramGeneratorOptions,
): string {
  return `${family} ${hash.slice(0, 8)}, prompt ${name} ${version}, pretrained${sampledBy(options)}`;
}

/** A model that draws on a card leaves the processor to the programs: these run while the next are drawn. */
export function inCohorts({ provider, draw }: Decoder): Pick<Policy, "cohorts"> {
  return provider === "cuda" && draw !== undefined ? { cohorts: 2 } : {};
}

/** What a policy says of where its model runs. */
export function runsOn({ provider, device }: Decoder): RunsOn {
  return { provider, device };
}
