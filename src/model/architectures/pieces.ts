/** Pieces of a decoder's graph that families share. */

import { type Dtype, eightBitMatmuls, floatMatmuls, type Matmuls } from "../matmul.ts";
import type { GraphParts, LoadFloats } from "../onnx.ts";
import type { ModelConfig } from "../types.ts";

/** What multiplies by weights, with so many bits. */
export function matmulsOf(g: GraphParts, dtype: Dtype, rows: string): Matmuls {
  return dtype === "q8" ? eightBitMatmuls(g, rows) : floatMatmuls(g);
}

/** Splits a tensor along an axis. */
export function split(g: GraphParts, x: string, axis: number, ...sizes: number[]): string[] {
  const names = sizes.map(() => g.name());
  return g.node("Split", [x, g.int64(...sizes)], { axis: { int: axis } }, names);
}

/** [batch * length, heads * headWidth] to [batch, heads, length, headWidth]. */
export function byHead(g: GraphParts, x: string, shape: string): string {
  return g.op("Transpose", [g.op("Reshape", [x, shape])], { perm: { ints: [0, 2, 1, 3] } });
}

/** The function between the layers of the feed-forward part. */
export function activate(g: GraphParts, x: string, activation: ModelConfig["activation"]): string {
  switch (activation) {
    case "gelu_new":
      return g.op("Gelu", [x], { approximate: { text: "tanh" } });
    case "gelu":
      return g.op("Gelu", [x]);
    case "silu":
      return g.op("Mul", [x, g.op("Sigmoid", [x])]);
    case "relu":
      return g.op("Relu", [x]);
    case "tanh":
      return g.op("Tanh", [x]);
    case "quick_gelu":
      return g.op("Mul", [x, g.op("Sigmoid", [g.op("Mul", [x, g.float(1.702)])])]);
    default:
      return activation satisfies never;
  }
}

/** Weights with the same columns, one under the other. */
export function joined(loads: readonly LoadFloats[]): LoadFloats {
  if (loads.length === 1) return loads[0]!;
  return async () => {
    const parts: Float32Array[] = [];
    for (const load of loads) parts.push(await load());
    const whole = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  };
}
