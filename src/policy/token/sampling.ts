/** How a token policy's programs are drawn besides what it has learned. */

import type { Decoder, PromptDesign } from "../../model/index.ts";
import type { RunsOn } from "../types.ts";
import type { ProgramGeneratorOptions } from "./generator.ts";

/** Throws a RangeError for a temperature that cannot be. */
export function checkTemperature(temperature: number): void {
  if (!(temperature > 0 && Number.isFinite(temperature)))
    throw new RangeError(`Expected \`temperature\` to be a positive number, got ${temperature}`);
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

/** What a policy says of where its model runs. */
export function runsOn({ provider, device }: Decoder): RunsOn {
  return { provider, device };
}
