/** Episodes as facts: recorded as they happen, replayed byte for byte, forked. File format: docs/formats.md. */

export { canonicalJson } from "./canonical.ts";
export { describeRecordError, type RecordError, RecordFailure } from "./error.ts";
export { type ExportOptions, exportFormats, exportRecord, exportRows } from "./export.ts";
export { type HeldRecord, holdRecord } from "./hold.ts";
export type { Lineage, LineageNode } from "./lineage.ts";
export { editBetween, editOf } from "./read.ts";
export { fork, type RecordForkOptions, replay } from "./replay.ts";
export { formatVersion, type OpenOptions } from "./schema.ts";
export { type EpisodeRecord, openRecord } from "./store.ts";
export type * from "./types.ts";
export { checkRecordable, type Marks, recordTo, writeEpisode } from "./writer.ts";
