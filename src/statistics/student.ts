/**
 * Student's t distribution for a whole number of degrees of freedom, by its closed form (Abramowitz and Stegun 1964, 26.7.3
 * and 26.7.4): what an interval over few clusters needs. Not here: what is estimated (`difference.ts`).
 */

/** The chance that a t of so many degrees of freedom lies between minus and plus `sqrt(freedom) * tan(angle)`. */
function within(angle: number, freedom: number): number {
  const [sine, cosine] = [Math.sin(angle), Math.cos(angle)];
  const odd = freedom % 2 === 1;
  let term = odd ? cosine : 1;
  let sum = freedom === 1 ? 0 : term;
  for (let k = odd ? 3 : 2; k < freedom; k += 2) {
    term *= ((k - 1) / k) * cosine ** 2;
    sum += term;
  }
  return odd ? (2 / Math.PI) * (angle + sine * sum) : sine * sum;
}

/**
 * How many standard errors an interval reaches to either side: the t that lies within minus and plus it with the chance
 * `confidence`.
 * @param confidence above 0 and below 1
 * @param freedom a positive integer
 */
export function studentReach(confidence: number, freedom: number): number {
  if (!(confidence > 0 && confidence < 1))
    throw new RangeError(`Expected \`confidence\` to lie between 0 and 1, got ${confidence}`);
  if (!Number.isSafeInteger(freedom) || freedom < 1)
    throw new RangeError(`Expected \`freedom\` to be a positive integer, got ${freedom}`);
  let [low, high] = [0, Math.PI / 2];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (within(middle, freedom) < confidence) low = middle;
    else high = middle;
  }
  return Math.sqrt(freedom) * Math.tan(low);
}
