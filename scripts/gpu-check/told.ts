/** What gpu-check's paths are asked, and what they tell. */

/** What a path tells of itself: one number a batch, null where it was left out, and groups of numbers to compare. */
export interface Told {
  device: string;
  speeds: (number | null)[];
  numbers: number[][];
}

/** How it is asked. */
export interface Asked {
  batches: readonly number[];
  model: string;
}
