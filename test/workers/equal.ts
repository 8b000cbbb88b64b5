/** What two plays of the same must agree on, as texts: episodes without what a clock decides, and what a record holds of them. */

import { DatabaseSync } from "node:sqlite";
import { type Episode, toJson } from "../../src/episode/index.ts";
import { timeless } from "../episode/timeless.ts";

/** Episodes as text; their ids, which a record gives, count too. */
export const textOf = (episodes: readonly Episode[]): string =>
  episodes.map((episode) => toJson(timeless({ ...episode }))).join("\n");

/** All entries of a record but for what a clock decided and the hashes that hold it. */
export function entriesOf(path: string): unknown[] {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    return database.prepare("SELECT seq, kind, episode, step, body FROM entries ORDER BY seq").all();
  } finally {
    database.close();
  }
}
