/**
 * A policy as plain data and lists of numbers, from which another process opens the same one. What learning changes stands
 * apart from what it leaves as it is: the first is sent with each update, the second once. A policy says its own plan
 * (`Policy.plan`); those that close over somebody's functions have none.
 */

/** Numbers of a fixed type. */
export type Numbers = Float32Array | Int32Array | Float64Array;

/** A policy as it is now. */
export interface PolicyPlan {
  /** Who opens it: see `openPlan`. */
  kind: string;
  /** Plain data. */
  about: { readonly [name: string]: unknown };
  /** What learning leaves as it is: a calibration, say. */
  tensors: { readonly [name: string]: Numbers };
  /** What learning changes, in the order of `variables`. */
  weights: readonly Float32Array[];
}
