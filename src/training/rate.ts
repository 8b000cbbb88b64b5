/** How the learning rate falls over a training's updates. */

import type { Settings } from "./options.ts";

/** The learning rate of an update: it would reach 0 at the number `updates`. */
export function rateAt({ learningRate, lrSchedule, updates }: Settings, update: number): number {
  const done = update / updates;
  if (lrSchedule === "linear") return learningRate * (1 - done);
  if (lrSchedule === "cosine") return (learningRate * (1 + Math.cos(Math.PI * done))) / 2;
  return learningRate;
}
