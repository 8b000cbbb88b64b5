/** For whoever passes the sandbox's options on and checks them beforehand; not part of the library's names. */

export { harmSchema, limitsSchema } from "./host/limits.ts";
export { livesInPlay } from "./host/places.ts";
