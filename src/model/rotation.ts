/**
 * A Llama decoder whose width is rotated: the same function, but with no single number of a row much larger than the others,
 * which 8 bits would be lost on. Source: Ashkboos et al. 2024, QuaRot. Every weight that reads or writes the width is rotated
 * when it is read, and so are the heads of the values; only what goes into the last product of a layer is rotated as it runs.
 */

import { createRandom } from "../random/index.ts";
import type { FindWeight } from "./architectures/types.ts";
import type { GraphParts, LoadFloats } from "./onnx.ts";
import type { ModelConfig } from "./types.ts";

/** A rotated model. */
export interface Rotation {
  /** The weights, rotated. Those of norms are in the layers that read them, and ones. */
  weight: FindWeight;
  /** The output weight [vocabulary, width], rotated, with that of the last norm in it. */
  output: LoadFloats;
  /** What goes into `down_proj`, rotated. */
  inner(x: string): string;
  /** The last norm's result [rows, width], rotated back, under the name `into`. */
  hidden(x: string, into: string): void;
}

type Rule = (load: LoadFloats, layer: string, from: number) => Promise<Float32Array>;

/** What the width, the heads of the values and the inner width are rotated by. */
interface Turns {
  wide: Orthogonal;
  head: Orthogonal;
  inner: Orthogonal;
}

/** Turns a Llama model's weights. */
export function rotated(g: GraphParts, config: ModelConfig, weight: FindWeight): Rotation {
  const { width, vocabulary, feedForward, headWidth, tied } = config;
  const inner = orthogonal(largestPower(feedForward, 64));
  const turns: Turns = { wide: orthogonal(width), head: orthogonal(headWidth), inner };
  const rules = rulesOf(turns, (load, norm) => scaled(load, weight(norm, [width])));
  const words = weight(tied ? "model.embed_tokens.weight" : "lm_head.weight", [vocabulary, width]);
  return {
    weight(name, shape) {
      const load = weight(name, shape);
      if (/norm\.weight$/.test(name)) return async () => new Float32Array(width).fill(1);
      const rule = rules[name.split(".").slice(-2).join(".")];
      const layer = /^.*layers\.\d+\./.exec(name)?.[0] ?? "";
      return rule === undefined ? load : () => rule(load, layer, shape.at(-1)!);
    },
    output: async () => rotateAll(await scaled(words, weight("model.norm.weight", [width])), turns.wide),
    inner(x) {
      const { size } = inner;
      const square = g.constant(async () => matrixOf(inner), [size, size]);
      const parts = g.op("Reshape", [x, g.int64(0, -1, size)]);
      return g.op("Reshape", [g.op("MatMul", [parts, square]), g.int64(0, feedForward)]);
    },
    hidden(x, into) {
      const back = (): Promise<Float32Array> => turnBack(turns.wide, weight("model.norm.weight", [width]));
      g.op("MatMul", [x, g.constant(back, [width, width])], {}, into);
    },
  };
}

/** How each weight is rotated, by the last two parts of its name. Linear layers are [to, from]. `timesNorm` multiplies a norm's factors in. */
function rulesOf(
  { wide, head, inner }: Turns,
  timesNorm: (load: LoadFloats, norm: string) => Promise<Float32Array>,
): { [name: string]: Rule } {
  const rules: { [name: string]: Rule } = {};
  const reads = (names: string[], norm: string): void => {
    for (const name of names)
      rules[`${name}.weight`] = async (load, layer, from) => {
        const values = rotateAll(await timesNorm(load, `${layer}${norm}.weight`), wide);
        return name === "v_proj" ? rotateAll(values, head, from) : values;
      };
  };
  const writes = (name: string, before: Orthogonal): void => {
    rules[`${name}.weight`] = async (load, _, from) => rotateAll(rotateAll((await load()).slice(), before), wide, from);
  };
  reads(["q_proj", "k_proj", "v_proj"], "input_layernorm");
  reads(["gate_proj", "up_proj"], "post_attention_layernorm");
  writes("o_proj", head);
  writes("down_proj", inner);
  rules["v_proj.bias"] = async (load) => rotateAll((await load()).slice(), head);
  for (const name of ["o_proj.bias", "down_proj.bias", "embed_tokens.weight"])
    rules[name] = async (load) => rotateAll((await load()).slice(), wide);
  return rules;
}

/** Weights that read the width, with the factors of the norm before them in them. */
async function scaled(load: LoadFloats, norm: LoadFloats): Promise<Float32Array> {
  const [values, factors] = [(await load()).slice(), await norm()];
  for (let i = 0; i < values.length; i++) values[i]! *= factors[i % factors.length]!;
  return values;
}

/** What turns the last norm's result back, which is the transpose, times the norm's factors. */
async function turnBack(wide: Orthogonal, norm: LoadFloats): Promise<Float32Array> {
  const [square, factors] = [matrixOf(wide), await norm()];
  const width = wide.size;
  return Float32Array.from(
    square,
    (_, i) => square[(i % width) * width + Math.floor(i / width)]! * factors[i % width]!,
  );
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
export function rotateAll(values: Float32Array, { size, signs, cosines, rest }: Orthogonal, stride = 1): Float32Array {
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
  return values;
}

function matrixOf(rotation: Orthogonal): Float32Array {
  const { size } = rotation;
  const square = new Float32Array(size * size);
  for (let i = 0; i < size; i++) square[i * size + i] = 1;
  rotateAll(square, rotation);
  return square;
}

function largestPower(size: number, most: number): number {
  let power = 1;
  while (size % (2 * power) === 0 && 2 * power <= most) power *= 2;
  return power;
}
