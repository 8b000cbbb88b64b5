/** Episodes as values: what a step and an episode are, as JSON too. */

export { figuresOf, genomeBefore } from "./figures.ts";
export { decode, encode, fromJson, toJson } from "./json.ts";
export * from "./types.ts";
