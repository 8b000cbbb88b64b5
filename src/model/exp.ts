/** e to the power of many numbers at once. `Math.exp` takes most of a draw from a large vocabulary; this takes half of that. */

/** 2^-1074 to 2^0. */
const powers = Float64Array.from({ length: 1075 }, (_, i) => 2 ** (i - 1074));
/** 1 / k! for k from 3 to 9: multiplied by, for a division takes longer. */
const [f3, f4, f5, f6, f7, f8, f9] = [1 / 6, 1 / 24, 1 / 120, 1 / 720, 1 / 5040, 1 / 40_320, 1 / 362_880];
/** ln 2 in two parts: whole multiples of the first are exact. */
const [high, low] = [0.6931471803691238, 1.9082149292705877e-10];

/**
 * Writes e^((values[i] - top) / divisor) to `into`, and gives the sum. No value may be above `top`. Off by less than 1e-11 of
 * the result; 0 below e^-700. Not-a-number stays one.
 */
export function fillExp(values: Float32Array, top: number, divisor: number, into: Float64Array): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) {
    const x = (values[i]! - top) / divisor;
    if (x < -700) {
      into[i] = 0;
      continue;
    }
    // x = n ln 2 + r with |r| <= ln 2 / 2; then the series of e^r to its ninth power.
    const n = (x * Math.LOG2E - 0.5) | 0;
    const r = x - n * high - n * low;
    const r2 = r * r;
    const r4 = r2 * r2;
    const upper = f4 + r * f5 + r2 * (f6 + r * f7) + r4 * (f8 + r * f9);
    const value = (1 + r + r2 * (0.5 + r * f3) + r4 * upper) * powers[n + 1074]!;
    into[i] = value;
    total += value;
  }
  return total;
}
