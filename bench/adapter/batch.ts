/** A batch of real programs with what an adapter's update needs of them, for this library and as a file for PyTorch. */

import { promptPrefix, runPrefix } from "../../src/model/index.ts";
import { type Action, type TokenPolicy, tf } from "../../src/policy/index.ts";
import type { AdapterTrace } from "../../src/policy/token/adapter/trace.ts";
import { createRandom } from "../../src/random/index.ts";
import { writePrograms } from "../policy/adapter-update.ts";

/** Programs, and an advantage of each. */
export interface AdapterBatch {
  actions: readonly Action[];
  advantages: readonly number[];
}

/** Has the policy answer the asks; advantages are normal draws. */
export async function drawBatch(policy: TokenPolicy, asks: readonly string[]): Promise<AdapterBatch> {
  const actions = await policy.act(
    asks.map((task) => ({ task })),
    asks.map((_, i) => createRandom(1, "program", i)),
  );
  const random = createRandom(1, "advantage");
  return { actions, advantages: actions.map(() => random.normal()) };
}

/** Writes the batch, what enters for the prefix, and the adapter as it is now. */
export async function writeBatch(path: string, policy: TokenPolicy, batch: AdapterBatch): Promise<void> {
  const { decoder, prompt, variables } = policy;
  const states: Float32Array[] = [];
  await runPrefix(decoder, decoder.tokenizer.encode(promptPrefix(prompt)), {
    onEntering: ({ entering }) => void states.push(entering.slice()),
  });
  const entering = Float32Array.from(states.flatMap((part) => [...part]));
  const prefix = { length: entering.length / decoder.config.width, entering };
  const traces = batch.actions.map(({ trace }) => trace as AdapterTrace);
  await writePrograms(path, variables, { prefix, traces, advantages: [...batch.advantages] });
}

/** Puts an adapter back as it was. */
export function restore(policy: TokenPolicy, numbers: readonly Float32Array[]): void {
  for (const [i, variable] of policy.variables.entries())
    tf.tidy(() => variable.assign(tf.tensor(numbers[i]!, variable.shape)));
}
