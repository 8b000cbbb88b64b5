/** A trace of programs that nobody wrote: numbers in the proportions of real ones, to time an update by. */

import type { Trace } from "../../src/policy/token/trace.ts";
import type { Random } from "../../src/random/index.ts";

/** Normal numbers of a stream, times `scale`. */
export function drawNormals(random: Random, count: number, scale: number): Float32Array {
  return Float32Array.from({ length: count }, () => scale * random.normal());
}

/** A trace of n tokens, for a head of that many tokens on a model of that width. */
export function drawTrace(random: Random, n: number, width: number, subset: number): Trace {
  return {
    hidden: drawNormals(random, n * width, width ** -0.5),
    base: drawNormals(random, n * subset, 1).map((value) => value - Math.log(subset) - 0.7),
    logRest: new Float32Array(n).fill(-1.6),
    restEntropy: new Float32Array(n).fill(-0.3),
    chosen: Int32Array.from({ length: n }, () => random.integer(subset)),
    outside: new Float32Array(n),
  };
}
