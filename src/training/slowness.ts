/**
 * What a slow backend costs, told before the first update rather than found out: a policy whose gradient is heavy takes that of a
 * few programs first, and where nobody chose the backend the sentence says how to get the fast one.
 */

import type { Action } from "../policy/index.ts";
import { type BackendChoice, useBackend } from "./backend.ts";
import type { Settings } from "./options.ts";

/** Says how long updates will take, where the backend is one of the slow ones and nobody asked for it by name. */
export async function tellSlowness(
  { policy, updates, backend: asked, panel }: Settings,
  actions: readonly Action[],
  choice: BackendChoice,
): Promise<void> {
  const isSlow = choice.backend === "wasm" || choice.backend === "cpu";
  if (!isSlow || asked !== undefined || panel === false || policy.gradientSeconds === undefined) return;
  useBackend(choice);
  console.log(slownessText(await policy.gradientSeconds(actions), updates, choice));
}

/** The sentence. */
export function slownessText(seconds: number, updates: number, { backend, passedOver }: BackendChoice): string {
  const each = `${seconds < 9.5 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  const all = (updates * seconds) / 60;
  const total = all < 1.5 ? `${Math.ceil(updates * seconds)} s` : `${Math.round(all)} minutes`;
  const why = passedOver.find((one) => one.backend === "tensorflow")?.why;
  const cure = why === undefined ? "" : `. TensorFlow is several times faster: ${why}`;
  return `Each of the ${updates} updates will take about ${each} on the backend ${backend} besides playing, ${total} in all${cure}`;
}
