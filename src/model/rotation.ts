/**
 * A Llama decoder whose width is turned: the same function, but with no single number of a row much larger than the others,
 * which 8 bits would be lost on. Source: Ashkboos et al. 2024, QuaRot. Every weight that reads or writes the width is turned
 * when it is read, and so are the heads of the values; only what goes into the last product of a layer is turned as it runs.
 */

import { createRandom } from "../random/index.ts";
import type { FindWeight } from "./families.ts";
import type { GraphParts, LoadFloats } from "./onnx.ts";
import type { ModelConfig } from "./types.ts";

/** A turned model. */
export interface Rotation {
  /** The weights, turned. Those of norms are in the layers that read them, and ones. */
  weight: FindWeight;
  /** The output weight [vocabulary, width], turned, with that of the last norm in it. */
  output: LoadFloats;
  /** What goes into `down_proj`, turned. */
  inner(x: string): string;
  /** The last norm's result [rows, width], turned back, under the name `into`. */
  hidden(x: string, into: string): void;
}

/** Turns a Llama model's weights. */
export function rotated(g: GraphParts, config: ModelConfig, weight: FindWeight): Rotation {
  const { width, vocabulary, feedForward, headWidth, tied } = config;
  const wide = orthogonal(width);
  const head = orthogonal(headWidth);
  const inner = orthogonal(largestPower(feedForward, 64));
  const turn = (values: Float32Array, rotation: Orthogonal, stride = 1): void => turnAll(values, rotation, stride);
  const scaled = async (load: LoadFloats, norm: string): Promise<Float32Array> => {
    const [values, factors] = [(await load()).slice(), await weight(norm, [width])()];
    for (let i = 0; i < values.length; i++) values[i]! *= factors[i % width]!;
    return values;
  };
  /** By the last two parts of a name. Linear layers are [to, from]. */
  const rules: { [name: string]: (load: LoadFloats, layer: string, from: number) => Promise<Float32Array> } = {};
  const reads = (names: string[], norm: string): void => {
    for (const name of names)
      rules[`${name}.weight`] = async (load, layer, from) => {
        const values = await scaled(load, `${layer}${norm}.weight`);
        turn(values, wide);
        if (name === "v_proj") turn(values, head, from);
        return values;
      };
  };
  const writes = (name: string, before: Orthogonal): void => {
    rules[`${name}.weight`] = async (load, _, from) => {
      const values = (await load()).slice();
      turn(values, before);
      turn(values, wide, from);
      return values;
    };
  };
  reads(["q_proj", "k_proj", "v_proj"], "input_layernorm");
  reads(["gate_proj", "up_proj"], "post_attention_layernorm");
  writes("o_proj", head);
  writes("down_proj", inner);
  rules["v_proj.bias"] = async (load) => {
    const values = (await load()).slice();
    turn(values, head);
    return values;
  };
  for (const name of ["o_proj.bias", "down_proj.bias"])
    rules[name] = async (load) => {
      const values = (await load()).slice();
      turn(values, wide);
      return values;
    };
  rules["embed_tokens.weight"] = async (load) => {
    const values = (await load()).slice();
    turn(values, wide);
    return values;
  };
  const words = weight(tied ? "model.embed_tokens.weight" : "lm_head.weight", [vocabulary, width]);
  return {
    weight(name, shape) {
      const load = weight(name, shape);
      if (/norm\.weight$/.test(name)) return async () => new Float32Array(width).fill(1);
      const rule = rules[name.split(".").slice(-2).join(".")];
      const layer = /^.*layers\.\d+\./.exec(name)?.[0] ?? "";
      return rule === undefined ? load : () => rule(load, layer, shape.at(-1)!);
    },
    async output() {
      const values = await scaled(words, "model.norm.weight");
      turn(values, wide);
      return values;
    },
    inner(x) {
      const size = inner.size;
      const square = g.constant(async () => matrixOf(inner), [size, size]);
      const parts = g.op("Reshape", [x, g.int64(0, -1, size)]);
      return g.op("Reshape", [g.op("MatMul", [parts, square]), g.int64(0, feedForward)]);
    },
    hidden(x, into) {
      const back = async (): Promise<Float32Array> => {
        const [square, factors] = [matrixOf(wide), await weight("model.norm.weight", [width])()];
        // Turning back is the transpose.
        return Float32Array.from(
          square,
          (_, i) => square[(i % width) * width + Math.floor(i / width)]! * factors[i % width]!,
        );
      };
      g.op("MatMul", [x, g.constant(back, [width, width])], {}, into);
    },
  };
}

/** An orthogonal matrix: signs, then Hadamard's matrix for the factor that is a power of two, a cosine transform for the rest. */
export interface Orthogonal {
  size: number;
  signs: Float32Array;
  /** Shape [rest, rest]. */
  cosines: Float32Array;
  rest: number;
}

/** That matrix for vectors of `size`. */
export function orthogonal(size: number): Orthogonal {
  const rest = size / largestPower(size, size);
  const random = createRandom(0, "rotation", size);
  const cosine = (i: number): number => {
    const [row, column] = [Math.floor(i / rest), i % rest];
    return Math.sqrt((column === 0 ? 1 : 2) / rest) * Math.cos((Math.PI * (2 * row + 1) * column) / (2 * rest));
  };
  return {
    size,
    rest,
    signs: Float32Array.from({ length: size }, () => (random.uniform() < 0.5 ? -1 : 1)),
    cosines: Float32Array.from({ length: rest * rest }, (_, i) => cosine(i)),
  };
}

/** Multiplies by the matrix from the right, in place, every vector of its size that lies with that stride between numbers. */
export function turnAll(values: Float32Array, { size, signs, cosines, rest }: Orthogonal, stride = 1): void {
  const block = size * stride;
  const row = new Float32Array(rest * stride);
  const unit = Math.sqrt(rest / size);
  for (let start = 0; start < values.length; start += block) {
    for (let i = 0; i < size; i++) for (let s = 0; s < stride; s++) values[start + i * stride + s]! *= signs[i]! * unit;
    for (let half = rest * stride; half < block; half *= 2)
      for (let from = start; from < start + block; from += 2 * half)
        for (let i = from; i < from + half; i++) {
          const [a, b] = [values[i]!, values[i + half]!];
          values[i] = a + b;
          values[i + half] = a - b;
        }
    if (rest === 1) continue;
    for (let from = start; from < start + block; from += rest * stride) {
      row.fill(0);
      for (let i = 0; i < rest; i++)
        for (let j = 0; j < rest; j++)
          for (let s = 0; s < stride; s++)
            row[j * stride + s]! += values[from + i * stride + s]! * cosines[i * rest + j]!;
      values.set(row, from);
    }
  }
}

function matrixOf(rotation: Orthogonal): Float32Array {
  const { size } = rotation;
  const square = new Float32Array(size * size);
  for (let i = 0; i < size; i++) square[i * size + i] = 1;
  turnAll(square, rotation);
  return square;
}

function largestPower(size: number, most: number): number {
  let power = 1;
  while (size % (2 * power) === 0 && 2 * power <= most) power *= 2;
  return power;
}
