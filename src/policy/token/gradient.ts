/**
 * A head's gradient on ONNX Runtime (`update-graph.ts`): of the policy gradient's loss, and of no other. Not here: when it is
 * used instead of TF.js (`training/engine.ts`), the optimiser's step.
 */

import { openGraph, type Provider } from "../../model/index.ts";
import type { Action, GradientEngine, GradientOptions } from "../types.ts";
import { concat } from "./evaluation.ts";
import { type Head, slowness } from "./head.ts";
import type { Trace } from "./trace.ts";
import { updateGraph } from "./update-graph.ts";

/** What an engine is made for: the loss's settings, the temperature that the head draws at, and how an action's trace is read. */
interface HeadGradientOptions extends GradientOptions {
  provider: Provider;
  temperature: number;
  read: (action: Action) => Trace;
}

/** Opens an engine. Throws a ModelFailure where ONNX Runtime or its provider cannot be had. */
export async function openHeadGradient(
  head: Head,
  { provider, temperature, read, entropyBonus, klCoef, summed }: HeadGradientOptions,
): Promise<GradientEngine> {
  const [A, B] = head.variables;
  const shape = {
    ...{ width: A!.shape[1]!, subset: B!.shape[0]!, rank: head.rank, temperature, entropyBonus, klCoef },
    lowScale: head.scale / (slowness * temperature),
  };
  const graph = await openGraph(updateGraph(shape), { provider });
  return {
    device: graph.device,
    async gradient({ actions, advantages, counts }) {
      let total = 0;
      for (const one of counts) total += one;
      total = Math.max(1, total);
      const found = await graph.run({
        ...batchOf(actions.map(read), shape),
        push: column(divided(advantages, summed ? 1 : total)),
        share: column(divided(counts, total)),
        ...(await weightsOf(head)),
      });
      const [loss, entropy, kl] = found.numbers as unknown as [number, number, number];
      return { gradients: [found.gradA!, found.gradB!, found.gradBias!], loss, entropy, kl };
    },
    dispose: () => graph.release(),
  };
}

const column = (values: Float32Array) => ({ values, shape: [values.length, 1] });

function divided(values: readonly number[], by: number): Float32Array {
  const result = new Float32Array(values.length);
  for (let i = 0; i < result.length; i++) result[i] = values[i]! / by;
  return result;
}

/** The traces' numbers, as the graph takes them. Plain loops: a batch has tens of thousands of tokens. */
function batchOf(traces: readonly Trace[], { width, subset }: { width: number; subset: number }) {
  const part = (name: "hidden" | "base" | "logRest" | "restEntropy" | "outside"): Float32Array =>
    concat(traces.map((trace) => trace[name]));
  const [base, outside] = [part("base"), part("outside")];
  const n = outside.length;
  const [drawn, inside, chosen] = [new Float32Array(n), new Float32Array(n), new Int32Array(n)];
  let at = 0;
  for (const trace of traces)
    for (const place of trace.chosen) {
      inside[at] = place < 0 ? 0 : 1;
      chosen[at] = Math.max(0, place);
      drawn[at] = place < 0 ? outside[at]! : base[at * subset + place]!;
      at++;
    }
  return {
    hidden: { values: part("hidden"), shape: [n, width] },
    base: { values: base, shape: [n, subset] },
    ...{ logRest: column(part("logRest")), restEntropy: column(part("restEntropy")), drawn: column(drawn) },
    ...{ inside: column(inside), chosen: { values: chosen, shape: [n, 1] } },
  };
}

/** The head's weights, as they stand in TF.js. */
async function weightsOf({ variables }: Head) {
  const read = variables.map(async (variable) => ({
    values: (await variable.data()) as Float32Array,
    shape: variable.shape,
  }));
  const [A, B, bias] = await Promise.all(read);
  return { A: A!, B: B!, bias: bias! };
}
