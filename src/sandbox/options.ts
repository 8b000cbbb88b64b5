/** For whoever passes the sandbox's options on and checks them beforehand; not part of the library's names. */

import { oneOf, type Schema } from "../data/check.ts";
import { type BodyName, bodyNames } from "./bodies.ts";

export { harmSchema, limitsSchema } from "./host/limits.ts";
export { livesInPlay } from "./host/places.ts";

/** The name of a body. */
export const bodySchema: Schema<BodyName> = oneOf(...bodyNames);
