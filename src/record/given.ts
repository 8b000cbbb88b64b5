/** A record as it is given to whoever writes lives into it: an open one, or the path of one. */

import { like, type Schema } from "../data/check.ts";
import type { EpisodeRecord } from "./store.ts";

/** Either of the two. */
export const recordSchema: Schema<EpisodeRecord | string> = like(
  (value) =>
    (typeof value === "string" && value !== "") || typeof (value as EpisodeRecord | null)?.append === "function",
  "an open record, or the path of one",
);
