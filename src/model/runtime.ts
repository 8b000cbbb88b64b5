/** ONNX Runtime: loaded when it is first needed, and a session of it for a graph. */

import type { InferenceSession } from "onnxruntime-node";
import { cudaCure } from "./device.ts";
import { ModelFailure } from "./error.ts";

/** Its module. */
export type Runtime = typeof import("onnxruntime-node");

/** What to do where a provider does not begin. */
const cures: { [provider: string]: string } = {
  cuda: cudaCure,
  webgpu: "On Linux it needs libvulkan.so.1 and a graphics driver; or take another provider",
};

/** Loads it. Throws a ModelFailure when it is not there. */
export async function loadRuntime(): Promise<Runtime> {
  try {
    const loaded = (await import("onnxruntime-node")) as Runtime & { default?: Runtime };
    return loaded.InferenceSession ? loaded : loaded.default!;
  } catch (cause) {
    const reason = (cause instanceof Error ? cause.message : String(cause)).split("\n")[0]!;
    throw new ModelFailure({ kind: "runtime", reason }, { cause });
  }
}

/** Opens a graph, or the file of one. Throws a ModelFailure when it is refused. */
export async function openSession(
  ort: Runtime,
  graph: Uint8Array | string,
  provider: string,
  threads: number,
): Promise<InferenceSession> {
  const options: InferenceSession.SessionOptions = {
    executionProviders: [provider],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: "sequential",
    graphOptimizationLevel: "all",
    logSeverityLevel: 3,
    extra: {
      session: {
        // Processors without exact products of bytes would let sums of two overflow.
        x64quantprecision: "1",
        // How long a thread that has nothing to do stays awake for the next operation. ONNX Runtime's own choice is longer, and
        // takes the cores from everybody else, its own thread too: docs/decisions.md.
        intra_op: { spin_duration_us: "20" },
      },
    },
  };
  try {
    return typeof graph === "string"
      ? await ort.InferenceSession.create(graph, options)
      : await ort.InferenceSession.create(graph, options);
  } catch (cause) {
    const [reason] = (cause instanceof Error ? cause.message : String(cause)).split("\n") as [string];
    const cure = cures[provider];
    throw new ModelFailure(
      { kind: "runtime", reason: `it refused the model on ${provider}: ${reason}`, ...(cure && { cure }) },
      { cause },
    );
  }
}
