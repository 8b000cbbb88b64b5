/** A record as it is given to whoever writes or reads one: open, or by its path, and then opened here. */

import type { OpenOptions } from "./schema.ts";
import { type EpisodeRecord, openRecord } from "./store.ts";

/** A record for some time: `release` closes it, unless it was given open. */
export function holdRecord(
  given: EpisodeRecord | string,
  options: OpenOptions,
): { record: EpisodeRecord; release(): void } {
  if (typeof given !== "string") return { record: given, release() {} };
  const record = openRecord(given, options);
  return { record, release: () => record.close() };
}
