/** The longest wait of a timer. */

/** Milliseconds of some 25 days: `setTimeout` takes what is longer for one, and rings at once. */
export const longestTimer = 2 ** 31 - 1;
