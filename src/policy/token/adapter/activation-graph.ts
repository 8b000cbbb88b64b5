/** The functions between the layers of a decoder's feed-forward part, with their derivatives, in a graph. */

import type { GraphParts, ModelConfig } from "../../../model/index.ts";
import { differentiated, type Tape } from "./tape.ts";

/** The function of x. */
export function activated(tape: Tape, x: string, activation: ModelConfig["activation"]): string {
  const { value, slope } = written(tape.g, x, activation);
  return differentiated(tape, x, value, slope);
}

/** A function's value, and what writes its derivative. */
function written(
  g: GraphParts,
  x: string,
  activation: ModelConfig["activation"],
): { value: string; slope: () => string } {
  const times = (a: string, b: string | number) => g.op("Mul", [a, typeof b === "number" ? g.float(b) : b]);
  const plus = (a: string, b: string | number) => g.op("Add", [a, typeof b === "number" ? g.float(b) : b]);
  const oneMinus = (a: string) => g.op("Sub", [g.float(1), a]);
  const gated = (by: number) => {
    const gate = g.op("Sigmoid", [by === 1 ? x : times(x, by)]);
    const value = times(x, gate);
    const inner = () => times(value, oneMinus(gate));
    return { value, slope: () => plus(gate, by === 1 ? inner() : times(inner(), by)) };
  };
  switch (activation) {
    case "gelu_new": {
      const root = Math.sqrt(2 / Math.PI);
      const square = times(x, x);
      const t = g.op("Tanh", [times(times(x, plus(times(square, 0.044715), 1)), root)]);
      const half = times(plus(t, 1), 0.5);
      const inner = () => times(plus(times(square, 3 * 0.044715), 1), root / 2);
      return { value: times(x, half), slope: () => plus(half, times(times(x, oneMinus(times(t, t))), inner())) };
    }
    case "gelu": {
      const share = times(plus(g.op("Erf", [times(x, Math.SQRT1_2)]), 1), 0.5);
      const density = () => times(g.op("Exp", [times(times(x, x), -0.5)]), 1 / Math.sqrt(2 * Math.PI));
      return { value: times(x, share), slope: () => plus(share, times(x, density())) };
    }
    case "silu":
      return gated(1);
    case "quick_gelu":
      return gated(1.702);
    case "relu":
      return {
        value: g.op("Relu", [x]),
        slope: () => g.op("Cast", [g.op("Greater", [x, g.float(0)])], { to: { int: 1 } }),
      };
    case "tanh": {
      const value = g.op("Tanh", [x]);
      return { value, slope: () => oneMinus(times(value, value)) };
    }
    default:
      return activation satisfies never;
  }
}
