/**
 * A graph of another folder's on ONNX Runtime: numbers in, numbers out, in the thread that asks. For what is short beside a
 * model's pass, as a head's gradient is; models run in a thread of their own (`decoder.ts`).
 */

import { availableParallelism } from "node:os";
import { cudaCure, deviceName, type Provider, whyNoCuda } from "./device.ts";
import { ModelFailure } from "./error.ts";
import type { GraphBuilder } from "./onnx.ts";
import { loadRuntime, openSession } from "./runtime.ts";

/** A tensor that goes in: floats, or whole numbers of 32 bits. */
export interface GraphInput {
  values: Float32Array | Int32Array;
  shape: readonly number[];
}

/** A graph that is ready to run. */
export interface OpenGraph {
  /** The name of what it computes on. */
  readonly device: string;
  /** Runs it; gives the outputs, which are floats, by their names. */
  run(inputs: { readonly [name: string]: GraphInput }): Promise<{ [name: string]: Float32Array }>;
  release(): Promise<void>;
}

/** Opens a graph. Throws a ModelFailure when ONNX Runtime is not there, or refuses the provider. */
export async function openGraph(
  graph: GraphBuilder,
  { provider = "cpu", threads = Math.min(8, availableParallelism()) }: { provider?: Provider; threads?: number } = {},
): Promise<OpenGraph> {
  const why = provider === "cuda" ? whyNoCuda() : null;
  if (why !== null) throw new ModelFailure({ kind: "runtime", reason: `cuda: ${why}`, cure: cudaCure });
  keepWhole(provider);
  const ort = await loadRuntime();
  const session = await openSession(ort, Buffer.concat(await graph.chunks()), provider, threads);
  return {
    device: deviceName(provider),
    async run(inputs) {
      const feeds = Object.entries(inputs).map(([name, { values, shape }]) => [
        name,
        values instanceof Float32Array
          ? new ort.Tensor("float32", values, [...shape])
          : new ort.Tensor("int32", values, [...shape]),
      ]);
      const found = await session.run(Object.fromEntries(feeds));
      return Object.fromEntries(Object.entries(found).map(([name, tensor]) => [name, tensor.data as Float32Array]));
    },
    release: () => session.release(),
  };
}

/**
 * CUDA's products of 32 bits are to have 32 bits, as the processor's have. It is read when CUDA begins, from the process's own
 * list.
 */
export function keepWhole(provider: Provider): void {
  if (provider === "cuda") process.env.NVIDIA_TF32_OVERRIDE ??= "0";
}
