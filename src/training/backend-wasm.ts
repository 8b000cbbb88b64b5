/**
 * The one kernel that training needs and TF.js's wasm backend lacks: UnsortedSegmentSum, the gradient of `tf.gather`, so
 * that a loss which looks rows up can be trained there. Computed in JavaScript over the backend's own memory: one pass
 * over the rows. Source: the op of TensorFlow, whose ids below zero drop their row.
 */

import { tf } from "../policy/index.ts";

/** What is used of the wasm backend. */
interface WasmBackend extends tf.KernelBackend {
  makeOutput(shape: number[], dtype: tf.DataType): tf.TensorInfo;
  typedArrayFromHeap(tensor: tf.TensorInfo): Float32Array | Int32Array;
}

/**
 * Registers the kernel unless there is one already (a later TF.js, or the second call). Ids have the shape of the first
 * axes of `x`; the result is [numSegments, ...the other axes].
 */
export function registerSegmentSum(): void {
  if (tf.getKernel("UnsortedSegmentSum", "wasm")) return;
  tf.registerKernel({ kernelName: "UnsortedSegmentSum", backendName: "wasm", kernelFunc: segmentSum });
}

const segmentSum: tf.KernelFunc = ({ inputs, attrs, backend }) => {
  const { x, segmentIds } = inputs as { x: tf.TensorInfo; segmentIds: tf.TensorInfo };
  const { numSegments } = attrs as { numSegments: number };
  const wasm = backend as WasmBackend;
  const rest = x.shape.slice(segmentIds.shape.length);
  // The output first: what grows the memory would leave the views of it behind.
  const out = wasm.makeOutput([numSegments, ...rest], x.dtype);
  const [sums, rows, ids] = [out, x, segmentIds].map((tensor) => wasm.typedArrayFromHeap(tensor));
  const size = rest.reduce((product, length) => product * length, 1);
  sums!.fill(0);
  for (let row = 0; row < ids!.length; row++) {
    const id = ids![row]!;
    if (id < 0 || id >= numSegments) continue;
    for (let i = 0; i < size; i++) sums![id * size + i]! += rows![row * size + i]!;
  }
  return out;
};
